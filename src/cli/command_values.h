// Are the values on a command line what they have to be? Pure; every complaint is a sentence.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"

namespace darkroom::cli {

/// Values as they were typed; empty = not given.
struct ValueTexts {
    std::string timeout;
    std::string limit;
    std::string older_than;
    std::string weight;
    std::string inflight_max;
};

/// Reads the texts into `line`, brings ids and statuses into their one form, and tells the first thing that
/// is wrong.
std::optional<std::string> check_values(CommandLine& line, const ValueTexts& texts);

/// "; did you mean "list"?", or nothing where no known word is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace darkroom::cli
