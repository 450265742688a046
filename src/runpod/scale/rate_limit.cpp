#include "runpod/scale/rate_limit.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace darkroom::runpod::scale {
namespace {

constexpr std::size_t value_bytes_max = 1'000;
constexpr std::int64_t pause_seconds_max = 300;

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// A number as `name=123`; beyond six digits it is as good as a million.
std::optional<std::int64_t> parameter(std::string_view item, std::string_view name) {
    while (!item.empty()) {
        const auto end = item.find(';');
        const auto one = trimmed(item.substr(0, end));
        item.remove_prefix(end == std::string_view::npos ? item.size() : end + 1);
        if (!one.starts_with(name) || one.size() < name.size() + 2 || one[name.size()] != '=') continue;
        const auto digits = one.substr(name.size() + 1);
        if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
            return std::nullopt;
        if (digits.size() > 6) return 1'000'000;
        std::int64_t number = 0;
        for (const char c : digits) number = number * 10 + (c - '0');
        return number;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Milliseconds> pause_asked_for(const ports::HttpFields& headers) {
    std::optional<Milliseconds> longest;
    for (const auto& [name, value] : headers) {
        if (!same_name(name, "RateLimit") || value.size() > value_bytes_max) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = rest.find(',');
            const auto item = rest.substr(0, end);
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
            if (parameter(item, "r") != 0) continue;
            const auto wait =
                std::clamp<std::int64_t>(parameter(item, "t").value_or(0), 1, pause_seconds_max);
            longest = std::max(longest.value_or(Milliseconds(0)), Milliseconds(wait * 1'000));
        }
    }
    return longest;
}

}  // namespace darkroom::runpod::scale
