#include "http/byte_range.h"

#include <algorithm>
#include <charconv>

namespace darkroom::http {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
    // More digits than fit mean "to the end" or "beyond it"; either is said by the largest number.
    if (error == std::errc::result_out_of_range) return ~std::uint64_t{0};
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

ByteRange last_bytes(std::uint64_t count, std::uint64_t file_bytes) {
    if (count == 0 || file_bytes == 0) return {ByteRange::Kind::unsatisfiable, 0, 0};
    const auto bytes = std::min(count, file_bytes);
    return {ByteRange::Kind::part, file_bytes - bytes, bytes};
}

}  // namespace

ByteRange choose_range(const ports::HttpRequest& request, std::uint64_t file_bytes, std::string_view etag) {
    const ByteRange whole{ByteRange::Kind::whole, 0, file_bytes};
    const auto* const range = request.header("Range");
    if (range == nullptr || request.method != ports::HttpMethod::get) return whole;
    // A date in If-Range never matches: files here have etags, and dates of one second are too coarse to be
    // strong.
    const auto* const condition = request.header("If-Range");
    if (condition != nullptr && (etag.empty() || *condition != etag)) return whole;

    std::string_view spec = *range;
    constexpr std::string_view unit = "bytes=";
    if (spec.substr(0, unit.size()) != unit || spec.find(',') != std::string_view::npos) return whole;
    spec = trimmed(spec.substr(unit.size()));
    const auto dash = spec.find('-');
    if (dash == std::string_view::npos) return whole;
    const auto first = number(spec.substr(0, dash));
    const auto last = number(spec.substr(dash + 1));
    if (dash == 0) return last ? last_bytes(*last, file_bytes) : whole;
    if (!first || (!last && dash + 1 != spec.size()) || (last && *last < *first)) return whole;
    if (*first >= file_bytes) return {ByteRange::Kind::unsatisfiable, 0, 0};
    const auto end = last ? std::min(*last, file_bytes - 1) : file_bytes - 1;
    return {ByteRange::Kind::part, *first, end - *first + 1};
}

bool client_has(const ports::HttpRequest& request, std::string_view etag) {
    const auto* const known = request.header("If-None-Match");
    if (known == nullptr || etag.empty()) return false;
    std::string_view list = *known;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        auto entry = trimmed(list.substr(0, comma));
        if (entry.substr(0, 2) == "W/") entry.remove_prefix(2);  // If-None-Match compares weakly
        if (entry == etag || entry == "*") return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace darkroom::http
