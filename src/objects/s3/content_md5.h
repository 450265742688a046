// The Content-MD5 header (RFC 1864) that S3 demands of DeleteObjects. Nothing rests on MD5 being safe: the
// signature covers the SHA-256 of the same bytes.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::objects {

std::string content_md5(std::string_view body);

}  // namespace darkroom::objects
