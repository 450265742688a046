// Range and If-Range of RFC 9110 §14 for one file of known size. One range only: a list of ranges is answered
// with the whole file, which the RFC allows, because multipart/byteranges has no user here and a long record
// of abuse.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::http {

struct ByteRange {
    enum class Kind { whole, part, unsatisfiable };
    Kind kind = Kind::whole;
    std::uint64_t first = 0;
    std::uint64_t bytes = 0;
};

/// What to send of `file_bytes` bytes; a malformed Range counts as none.
ByteRange choose_range(const ports::HttpRequest& request, std::uint64_t file_bytes, std::string_view etag);

/// True if If-None-Match names `etag` (or `*`): the client has these bytes already.
bool client_has(const ports::HttpRequest& request, std::string_view etag);

}  // namespace darkroom::http
