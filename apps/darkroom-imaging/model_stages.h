// The network that this process has loaded, tried on a drawn picture before its first use. One at a time: a
// process that is asked for another forgets the one before. Two programs are built from these sources:
// darkroom-imaging-networks has them (model_stages.cpp), darkroom-imaging has none (no_model_stages.cpp) and
// starts without the library that runs them.
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "core/error_code.h"
#include "imaging/ops/model_stage.h"

namespace darkroom::imaging {

class ModelStages {
public:
    /// `plan` is the request's network_param, whose sha256 names `file`'s bytes: the gateway has checked that
    /// they agree. Fails with model_unavailable. The stage lives until the next call.
    Result<ModelStage*, core::JobError> get(const boost::json::object& plan, int file);

private:
    std::string loaded_plan_;
    std::unique_ptr<ModelStage> loaded_;
};

}  // namespace darkroom::imaging
