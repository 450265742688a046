// Why a gateway could not start.
#pragma once
#include <string>

namespace darkroom::app {

/// Sentences for the operator, and the exit code that says whose fault it is.
struct StartFailure {
    std::string message;
    int exit_code = 1;
};

constexpr int exit_config = 78;

}  // namespace darkroom::app
