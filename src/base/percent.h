// Percent-encoding of what goes into a URL (RFC 3986 §2.1). Pure.
#pragma once
#include <string>
#include <string_view>

namespace darkroom {

/// Everything but unreserved characters becomes %XX, in capitals; the slash is kept on demand.
std::string percent_encode(std::string_view text, bool keeps_slash = false);

}  // namespace darkroom
