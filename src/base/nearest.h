// "Did you mean …?": the candidate that a mistyped word most likely stood for.
#pragma once
#include <optional>
#include <span>
#include <string_view>

namespace darkroom {

/// The candidate with the fewest letters added, dropped, changed or swapped, if they are few for its length.
/// Case does not count. The first of equals wins.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates);

}  // namespace darkroom
