// The proof, in a webhook's address or a worker's claim, that its sender was told of an attempt by Darkroom:
// the attempt's id and a MAC over it. A forged one is refused without a look into any store, and none is kept
// there. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace darkroom::core {

/// 54 characters of base64url; the MAC has 192 bits.
std::string attempt_token(const AttemptId& attempt, std::string_view secret);
/// nullopt unless attempt_token() made it with this secret. Takes the same time however much of it is right.
std::optional<AttemptId> read_attempt_token(std::string_view token, std::string_view secret);

}  // namespace darkroom::core
