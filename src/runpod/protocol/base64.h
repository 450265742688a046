// Base64 with the alphabet and the padding of RFC 4648 §4, strict both ways: one value has exactly one text.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::runpod {

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace darkroom::runpod
