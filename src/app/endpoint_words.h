// The small words of settings that list endpoints: parts of a list, names, counts, and how what was pasted by
// mistake is shown in a message. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::app {

/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);
/// Cuts what is before `separator` off `rest`, trimmed.
std::string_view next_part(std::string_view& rest, char separator);
/// 1 to 64 letters, digits and characters of `also`.
bool is_endpoint_word(std::string_view text, std::string_view also);
bool is_printable(std::string_view text);
/// Short, quoted and on one line. Not for secrets.
std::string shown(std::string_view text);
/// A whole number from `low` to `high`.
std::optional<int> parse_count(std::string_view text, int low, int high);

}  // namespace darkroom::app
