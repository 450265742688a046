// ports::HttpClient over libcurl: blocking, pooled connections, HTTP/1.1 by http and https only, redirects
// never followed. libcurl is started at the first request, not with the program: a gateway that fetches
// nothing pays nothing.
#pragma once
#include <memory>

#include "ports/http_client.h"

namespace darkroom::http {

class CurlLanePool;

/// Safe to use from many threads; must outlive every fetch(), but not the answers it opened. A POST or PATCH
/// is never sent twice: libcurl's own silent repetition on a connection that died is switched off for them,
/// because a job submitted twice is paid for twice. A request that cannot be formed (bad header, body file
/// unreadable or shorter than its slice) fails with bad_url before anything is sent. An opened answer without
/// an idle_timeout may take total_timeout for each read, because nothing here waits for ever.
class CurlClient final : public ports::HttpClient {
public:
    CurlClient();
    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;
    ~CurlClient() override;

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override;
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override;

private:
    std::shared_ptr<CurlLanePool> lanes_;  // shared with the answers that are open
};

}  // namespace darkroom::http
