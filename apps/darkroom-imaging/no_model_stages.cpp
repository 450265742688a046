// The pixel process without networks: whoever asks it for one is told so.
#include "model_stages.h"

namespace darkroom::imaging {

Result<ModelStage*, core::JobError> ModelStages::get(const boost::json::object&, int) {
    return Fail(core::JobError{core::ErrorCode::model_unavailable, "This program runs no networks."});
}

}  // namespace darkroom::imaging
