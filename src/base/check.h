// DR_CHECK: what must hold unless Darkroom itself has a bug. On in every build: the queue is durable,
// so stopping and starting again is always safer than going on with a broken promise.
#pragma once

namespace darkroom {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace darkroom

#define DR_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::darkroom::check_failed(#condition, __FILE__, __LINE__))
