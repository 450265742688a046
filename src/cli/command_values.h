// Are the values on a command line what they have to be? Pure; every complaint is a sentence.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"

namespace darkroom::cli {

/// Reads the texts of --timeout and --limit into `line` (empty = not given), brings ids and statuses into
/// their one form, and tells the first thing that is wrong.
std::optional<std::string> check_values(CommandLine& line, const std::string& timeout,
                                        const std::string& limit);

/// "; did you mean "list"?", or nothing where no known word is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace darkroom::cli
