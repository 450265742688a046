// Programs whose clock is wrong, by Debian's faketime. A sanitizer wants to be loaded first, as faketime
// does: with one of them a test that needs the other is skipped.
#pragma once
#include <filesystem>
#include <string>

#include "tests/e2e/server_process.h"

namespace darkroom::e2e {

inline const std::filesystem::path faketime_library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

inline bool can_fake_time() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return std::filesystem::exists(faketime_library);
#endif
}

/// The calendar of a program is off by `offset`, as in +2h; durations stay right.
inline Settings time_moved_by(const std::string& offset) {
    return {{"LD_PRELOAD", faketime_library.string()},
            {"FAKETIME", offset},
            {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
}

}  // namespace darkroom::e2e
