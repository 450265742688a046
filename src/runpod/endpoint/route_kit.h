// What all routes of the endpoint share: JSON answers, keys, and answers that go wrong on purpose.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ports/clock.h"
#include "ports/http_message.h"

namespace darkroom::runpod::endpoint {

ports::HttpResponse json_answer(int status, std::string json);
/// {"error":"…"}: official clients read JSON whatever the status says.
ports::HttpResponse error_answer(int status, std::string_view error);
ports::HttpResponse no_content();
/// 429; the platform documents no Retry-After, so `retry_after_s` = 0 sends none.
ports::HttpResponse too_many_requests(std::int64_t retry_after_s);

/// What a proxy in front says when it lost its upstream.
ports::HttpResponse html_error(int status);
/// The connection is closed without a byte.
ports::HttpResponse cut_answer();
/// Nothing comes until the client or the server gives up.
ports::HttpResponse hung_answer();
/// A byte at a time. The waits are on a handler's thread: for tests of patience, not for loads.
ports::HttpResponse slow_answer(ports::Clock& clock, Milliseconds per_byte, std::string json);

/// `Authorization` is the key, alone or behind "Bearer ". Takes the same time however wrong it is.
bool has_key(const ports::HttpRequest& request, std::string_view key);

/// A whole number in the query; nullopt where there is none or it is none.
std::optional<std::int64_t> query_number(const ports::HttpRequest& request, std::string_view name);

}  // namespace darkroom::runpod::endpoint
