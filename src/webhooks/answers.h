// What senders of webhooks are told. None of it depends on how a request was wrong beyond its status, so that
// nobody learns from an answer how near a guess was.
#pragma once
#include <string>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::webhooks {

ports::HttpResponse accepted();           // 200 {"ok":true}
ports::HttpResponse unknown_token();      // 404
ports::HttpResponse invalid_signature();  // 401 Invalid signature
/// 409 and 410 to a worker's claim: {"claim":"taken"}.
ports::HttpResponse claim_denied(int status, std::string_view word);
/// 400; `detail` holds no piece of the body.
ports::HttpResponse malformed(std::string_view detail, const std::string& request_id);
/// 503: nothing was kept, so the sender is to come again.
ports::HttpResponse store_unavailable(const std::string& request_id);

}  // namespace darkroom::webhooks
