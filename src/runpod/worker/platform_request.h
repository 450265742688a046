// The head of every request to the platform.
#pragma once
#include <string>

#include "ports/http_client.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

inline ports::OutgoingRequest platform_request(const WorkerSettings& settings, ports::HttpMethod method,
                                               std::string url) {
    ports::OutgoingRequest request;
    request.method = method;
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Darkroom/" + settings.version}};
    if (!settings.authorization.empty())
        request.headers.emplace_back("Authorization", settings.authorization);
    request.answer_bytes_max = std::uint64_t{64} << 10;
    return request;
}

/// Whether the same request may do better later: the other side was not reached, is busy, or is in trouble.
inline bool is_worth_another_try(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer) {
    if (!answer)
        return answer.error().kind != ports::FetchError::bad_url &&
               answer.error().kind != ports::FetchError::stopped;
    return answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500;
}

inline bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace darkroom::runpod::worker
