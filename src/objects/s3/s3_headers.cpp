#include "objects/s3/s3_headers.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace darkroom::objects {
namespace {

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<std::uint64_t> number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

const std::string* find_header(const ports::HttpFields& headers, std::string_view name) {
    const auto same = [](char a, char b) { return lower(a) == lower(b); };
    for (const auto& [key, value] : headers) {
        if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) return &value;
    }
    return nullptr;
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
    constexpr std::string_view shape = "???, ## ??? #### ##:##:## GMT";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t at = 0; at < shape.size(); ++at) {
        const bool fits = shape[at] == '?'   ? text[at] > ' '
                          : shape[at] == '#' ? text[at] >= '0' && text[at] <= '9'
                                             : text[at] == shape[at];
        if (!fits) return std::nullopt;
    }
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    const auto number_of_month = std::to_string(month - months.begin() + 1);
    std::string rfc3339(text.substr(12, 4));
    rfc3339.append(number_of_month.size() == 1 ? "-0" : "-").append(number_of_month);
    rfc3339.append("-").append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
    return parse_rfc3339(rfc3339);
}

std::optional<TimePoint> date_header(const ports::HttpFields& headers, std::string_view name) {
    const auto* text = find_header(headers, name);
    return text == nullptr ? std::nullopt : parse_http_date(*text);
}

std::optional<std::uint64_t> content_length(const ports::HttpFields& headers) {
    const auto* text = find_header(headers, "content-length");
    return text == nullptr ? std::nullopt : number(*text);
}

std::optional<ContentRange> content_range(const ports::HttpFields& headers) {
    const auto* field = find_header(headers, "content-range");
    if (field == nullptr || !field->starts_with("bytes ")) return std::nullopt;
    const auto text = std::string_view(*field).substr(6);
    const auto dash = text.find('-');
    const auto slash = text.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash)
        return std::nullopt;
    const auto first = number(text.substr(0, dash));
    const auto last = number(text.substr(dash + 1, slash - dash - 1));
    const auto whole = number(text.substr(slash + 1));
    if (!first || !last || !whole || *first > *last || *last >= *whole) return std::nullopt;
    return ContentRange{*first, *last, *whole};
}

}  // namespace darkroom::objects
