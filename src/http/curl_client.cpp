#include "http/curl_client.h"

#include "http/curl_open_answer.h"
#include "http/curl_transfer.h"

namespace darkroom::http {
namespace {

using Take = CurlTransfer::Take;

Take take_body(const ports::OutgoingRequest& request, ports::FetchedAnswer& answer, std::string_view piece) {
    if (request.on_body && answer.status >= 200 && answer.status < 300)
        return request.on_body(piece) ? Take::taken : Take::stopped;
    if (answer.body.size() + piece.size() > request.answer_bytes_max) return Take::too_large;
    answer.body.append(piece);
    return Take::taken;
}

}  // namespace

CurlClient::CurlClient() : lanes_(std::make_shared<CurlLanePool>()) {}
CurlClient::~CurlClient() = default;

Result<ports::FetchedAnswer, ports::FetchFailure> CurlClient::fetch(const ports::OutgoingRequest& request) {
    const auto url = read_outgoing_url(request);
    if (!url) return Fail(url.error());
    const auto lane = CurlLanePool::borrow(lanes_, url->origin);
    if (!lane) return Fail(no_lane());
    CurlTransfer transfer(*lane, request, *url, [&](ports::FetchedAnswer& answer, std::string_view piece) {
        return take_body(request, answer, piece);
    });
    if (auto failure = transfer.begin()) return Fail(std::move(*failure));
    if (auto failure = transfer.run([] { return false; }, request.total_timeout))
        return Fail(std::move(*failure));
    return std::move(transfer.answer());
}

Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> CurlClient::open(
    const ports::OutgoingRequest& request) {
    auto url = read_outgoing_url(request);
    if (!url) return Fail(std::move(url).error());
    auto lane = CurlLanePool::borrow(lanes_, url->origin);
    if (!lane) return Fail(no_lane());
    auto answer = std::make_unique<CurlOpenAnswer>(std::move(lane), request, std::move(*url));
    if (auto failure = answer->wait_for_head()) return Fail(std::move(*failure));
    return std::unique_ptr<ports::OpenAnswer>(std::move(answer));
}

}  // namespace darkroom::http
