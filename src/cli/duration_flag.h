// `--timeout 90`, `30s`, `1.5m`, `2h`, `7d`: how long, as people type it. Pure.
#pragma once
#include <optional>
#include <string_view>

#include "base/time.h"

namespace darkroom::cli {

/// A bare number is seconds. Nothing for zero, negative, absurd (over a year) or unreadable values.
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace darkroom::cli
