// What a taken-over pixel process would try, done on purpose: tests ask a locked-down process to misbehave
// and see what comes of it.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::imaging {

/// Tries `what` and tells what happened, as "refused: Permission denied"; some attempts never return.
/// "unknown" for an unknown one.
std::string probe_sandbox(std::string_view what);

}  // namespace darkroom::imaging
