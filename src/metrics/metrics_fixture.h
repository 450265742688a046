// For tests: what a scrape's text says of one series.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::metrics::testing {

/// The value after `series` and a space at the begin of a line, as in darkroom_jobs{state="queued"}.
inline std::optional<double> value_of(std::string_view text, const std::string& series) {
    const auto line = "\n" + series + " ";
    const auto at = text.find(line);
    if (at == std::string_view::npos) return std::nullopt;
    return std::stod(std::string(text.substr(at + line.size(), 40)));
}

}  // namespace darkroom::metrics::testing
