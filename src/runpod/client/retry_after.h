// When a server says to come back. Servers say absurd things there (0, 10⁹, a date long past); what is obeyed
// lies between one second and five minutes.
#pragma once
#include <optional>
#include <string_view>

#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::runpod {

inline constexpr Milliseconds retry_after_min{1'000};
inline constexpr Milliseconds retry_after_max{300'000};

/// Seconds or an HTTP date (RFC 9110 §10.2.3); nullopt for anything else.
std::optional<Milliseconds> parse_retry_after(std::string_view value, TimePoint now);
/// Of an answer's headers; nullopt without one that can be read.
std::optional<Milliseconds> retry_after_of(const ports::HttpFields& headers, TimePoint now);

}  // namespace darkroom::runpod
