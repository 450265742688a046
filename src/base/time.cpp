#include "base/time.h"

#include <array>
#include <cstdio>

namespace darkroom {
namespace {

// Reads `digits` decimal digits at `at` and moves past them; -1 if they are not all there.
int take_number(std::string_view text, std::size_t& at, int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i, ++at) {
        if (at >= text.size() || text[at] < '0' || text[at] > '9') return -1;
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool take(std::string_view text, std::size_t& at, char expected) {
    if (at >= text.size() || text[at] != expected) return false;
    ++at;
    return true;
}

// Fraction of a second in milliseconds; digits after the third are read and dropped.
std::optional<int> take_fraction(std::string_view text, std::size_t& at) {
    if (!take(text, at, '.')) return 0;
    int ms = 0;
    int digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
        if (digits < 3) ms = ms * 10 + (text[at] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) ms *= 10;
    return ms;
}

std::optional<std::chrono::minutes> take_offset(std::string_view text, std::size_t& at) {
    if (take(text, at, 'Z')) return std::chrono::minutes(0);
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
    const int sign = text[at++] == '-' ? -1 : 1;
    const int hours = take_number(text, at, 2);
    if (!take(text, at, ':')) return std::nullopt;
    const int minutes = take_number(text, at, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    return std::chrono::minutes(sign * (hours * 60 + minutes));
}

}  // namespace

std::string format_rfc3339(TimePoint time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                  unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                  int(clock.minutes().count()), int(clock.seconds().count()),
                  int(clock.subseconds().count()));
    return text.data();
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
    std::size_t at = 0;
    const int year = take_number(text, at, 4);
    if (!take(text, at, '-')) return std::nullopt;
    const int month = take_number(text, at, 2);
    if (!take(text, at, '-')) return std::nullopt;
    const int day = take_number(text, at, 2);
    if (!take(text, at, 'T')) return std::nullopt;
    const int hour = take_number(text, at, 2);
    if (!take(text, at, ':')) return std::nullopt;
    const int minute = take_number(text, at, 2);
    if (!take(text, at, ':')) return std::nullopt;
    const int second = take_number(text, at, 2);
    const auto fraction = take_fraction(text, at);
    const auto offset = take_offset(text, at);
    if (!fraction || !offset || at != text.size()) return std::nullopt;
    if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return std::nullopt;
    if (second < 0 || second > 60) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                           std::chrono::day(unsigned(day))};
    if (!date.ok()) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + Milliseconds(*fraction) - *offset;
}

}  // namespace darkroom
