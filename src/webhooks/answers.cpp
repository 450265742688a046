#include "webhooks/answers.h"

#include "base/json_writer.h"

namespace darkroom::webhooks {
namespace {

ports::HttpResponse answer(int status, std::string_view content_type, std::string body) {
    ports::HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", std::string(content_type)}, {"Cache-Control", "no-store"}};
    response.body = std::move(body);
    return response;
}

ports::HttpResponse problem(int status, std::string_view code, std::string_view title,
                            std::string_view detail, const std::string& request_id) {
    JsonWriter json;
    json.begin_object()
        .member("type", "about:blank")
        .member("title", title)
        .member("status", status)
        .member("detail", detail)
        .member("code", code)
        .member("request_id", request_id)
        .member("retryable", status == 503)
        .end_object();
    return answer(status, "application/problem+json", json.take());
}

}  // namespace

ports::HttpResponse accepted() { return answer(200, "application/json", R"({"ok":true})"); }

ports::HttpResponse unknown_token() {
    return answer(404, "application/problem+json",
                  R"({"type":"about:blank","title":"Not found","status":404,"code":"not_found",)"
                  R"("detail":"There is nothing at this address.","retryable":false})");
}

ports::HttpResponse invalid_signature() {
    return answer(401, "text/plain; charset=utf-8", "Invalid signature");
}

ports::HttpResponse claim_denied(int status, std::string_view word) {
    JsonWriter json;
    json.begin_object().member("claim", word).end_object();
    return answer(status, "application/json", json.take());
}

ports::HttpResponse malformed(std::string_view detail, const std::string& request_id) {
    return problem(400, "malformed_json", "The body cannot be read", detail, request_id);
}

ports::HttpResponse store_unavailable(const std::string& request_id) {
    auto response = problem(503, "store_unavailable", "The store cannot be reached",
                            "The message was not kept; send it again.", request_id);
    response.headers.emplace_back("Retry-After", "5");
    return response;
}

}  // namespace darkroom::webhooks
