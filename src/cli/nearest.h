// "Did you mean ...?": the known word that a mistyped one resembles most. Pure.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace darkroom::cli {

/// Changes needed to turn one word into the other: insert, remove, replace, or swap two neighbours.
int edit_distance(std::string_view a, std::string_view b);

/// Nothing when even the best differs in more than a third of its letters (at least one change is always
/// allowed, and a beginning of a known word counts as near).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

}  // namespace darkroom::cli
