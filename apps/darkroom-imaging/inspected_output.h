// Writing the main output of an operation that promises something about its file: it is read again, shown to
// the operation, and written better until it will do.
#pragma once
#include "imaging/codec/encode.h"
#include "imaging/ops/operations.h"
#include "request_files.h"

namespace darkroom::imaging {

/// Tries the qualities 92, 95 and 98 from `options`' own upwards, then a lossless format. Fails with the
/// operation's own code where the file may not be delivered, and leaves nothing written then. Measures and
/// warnings of the inspection go into `output`.
Result<void, core::JobError> write_inspected(OperationOutput& output, EncodeOptions options, Inspect inspect,
                                             const PictureRequest& request, const RequestFiles& files,
                                             PictureDone& done);

}  // namespace darkroom::imaging
