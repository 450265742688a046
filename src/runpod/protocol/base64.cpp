#include "runpod/protocol/base64.h"

#include <algorithm>

#include "base/digest.h"

namespace darkroom::runpod {

std::string to_base64(std::string_view bytes) {
    auto text = to_base64url(bytes);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0 || text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
    std::string unpadded(text);
    for (int i = 0; i < 2 && unpadded.ends_with('='); ++i) unpadded.pop_back();
    std::replace(unpadded.begin(), unpadded.end(), '+', '-');
    std::replace(unpadded.begin(), unpadded.end(), '/', '_');
    return from_base64url(unpadded);
}

}  // namespace darkroom::runpod
