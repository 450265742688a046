// MD5, because S3 speaks it: DeleteObjects demands Content-MD5 (RFC 1864), and most ETags are one. Nothing
// rests on MD5 being safe: the signature covers the SHA-256 of the same bytes.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::objects {

std::string content_md5(std::string_view body);
std::string md5_hex(std::string_view bytes);

}  // namespace darkroom::objects
