#include "runpod/client/retry_after.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace darkroom::runpod {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> digits(std::string_view text) {
    int number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    return number;
}

// IMF-fixdate, the form every server must send: Sun, 06 Nov 1994 08:49:37 GMT
std::optional<TimePoint> parse_http_date(std::string_view text) {
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
    if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
        return std::nullopt;
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    const auto day = digits(text.substr(5, 2));
    const auto year = digits(text.substr(12, 4));
    const auto hour = digits(text.substr(17, 2));
    const auto minute = digits(text.substr(20, 2));
    const auto second = digits(text.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const auto date = std::chrono::year_month_day(
        std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
        std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<Milliseconds> parse_seconds(std::string_view text) {
    const bool negative = text.starts_with('-');
    const auto number = negative ? text.substr(1) : text;
    if (number.empty() ||
        !std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    if (negative) return Milliseconds(0);
    if (number.size() > 6) return retry_after_max;
    return std::chrono::seconds(*digits(number));
}

bool is_retry_after(std::string_view name) {
    constexpr std::string_view wanted = "retry-after";
    return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(),
                      [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

}  // namespace

std::optional<Milliseconds> parse_retry_after(std::string_view value, TimePoint now) {
    auto wait = parse_seconds(value);
    if (!wait) {
        const auto date = parse_http_date(value);
        if (!date) return std::nullopt;
        wait = *date - now;
    }
    return std::clamp(*wait, retry_after_min, retry_after_max);
}

std::optional<Milliseconds> retry_after_of(const ports::HttpFields& headers, TimePoint now) {
    for (const auto& [name, value] : headers) {
        if (is_retry_after(name)) return parse_retry_after(value, now);
    }
    return std::nullopt;
}

}  // namespace darkroom::runpod
