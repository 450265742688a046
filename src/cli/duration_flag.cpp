#include "cli/duration_flag.h"

#include <charconv>

namespace darkroom::cli {

std::optional<Milliseconds> parse_duration(std::string_view text) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    double ms = 0;
    if (unit.empty() || unit == "s") {
        ms = number * 1'000;
    } else if (unit == "ms") {
        ms = number;
    } else if (unit == "m") {
        ms = number * 60'000;
    } else if (unit == "h") {
        ms = number * 3'600'000;
    } else if (unit == "d") {
        ms = number * 86'400'000;
    } else {
        return std::nullopt;
    }
    constexpr double year_ms = 366.0 * 86'400'000;
    if (!(ms >= 1 && ms <= year_ms)) return std::nullopt;
    return Milliseconds(static_cast<std::int64_t>(ms));
}

}  // namespace darkroom::cli
