// The body of a request, wherever the server put it, piece by piece: what is large is on disk and never in
// memory as a whole.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::webhooks {

inline constexpr std::size_t body_piece_bytes = 64u << 10;

/// False if the file could not be read to its end; some pieces may have been taken by then.
bool read_body(const ports::HttpRequest& request, const std::function<void(std::string_view)>& take);
/// The whole of a body that the route keeps small; nullopt if it could not be read.
std::optional<std::string> whole_body(const ports::HttpRequest& request);

}  // namespace darkroom::webhooks
