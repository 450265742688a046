// Reading the few header fields of answers that a bucket needs. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::objects {

/// The first value of that name, compared without case; nullptr if there is none.
const std::string* find_header(const ports::HttpFields& headers, std::string_view name);

/// IMF-fixdate (RFC 9110 §5.6.7), the only form that is sent today: Sun, 06 Nov 1994 08:49:37 GMT.
std::optional<TimePoint> parse_http_date(std::string_view text);
/// Of the field of that name; nothing if it is not there or no such date.
std::optional<TimePoint> date_header(const ports::HttpFields& headers, std::string_view name);

std::optional<std::uint64_t> content_length(const ports::HttpFields& headers);

/// "bytes 0-9/100": nothing unless all three are there and make sense.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t whole = 0;
};
std::optional<ContentRange> content_range(const ports::HttpFields& headers);

}  // namespace darkroom::objects
