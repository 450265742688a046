// What the head of an answer to a fetch means, before a byte of its body is taken. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "intake/refusal.h"
#include "ports/http_client.h"

namespace darkroom::intake {

bool is_redirect(int status);

/// The Location of a redirect; nullptr unless there is exactly one.
const std::string* only_location(const ports::FetchedAnswer& head);

/// nullopt: the body may be taken as the picture. Else the answer has another status than 200, is longer than
/// `bytes_max` by its own word, or is encoded: what was never decoded cannot be a bomb.
std::optional<UrlFailed> refuse_head(const ports::FetchedAnswer& head, std::uint64_t bytes_max);

UrlFailed too_large(std::uint64_t bytes_max);
/// What the client is told when no answer, or half of one, came.
UrlFailed describe(const ports::FetchFailure& failure);

}  // namespace darkroom::intake
