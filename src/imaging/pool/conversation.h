// Talking with one pixel process about one picture, under a deadline and a cancel flag.
#pragma once
#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/error_code.h"
#include "imaging/pool/cancel_flag.h"
#include "imaging/pool/child_process.h"

namespace darkroom::imaging {

/// Why no packet came.
enum class Silence { cancelled, late, ended, nonsense };

/// Waits for the next packet of the process.
Result<std::string, Silence> hear(const ChildProcess& child, const CancelFlag& cancel,
                                  std::chrono::steady_clock::time_point deadline);

/// Makes sure that the process has ended, and tells what that means for the picture it worked on.
core::JobError explain_silence(Silence silence, ChildProcess& child, const CancelFlag& cancel);

}  // namespace darkroom::imaging
