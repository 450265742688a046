// ports::HttpClient over libcurl: blocking, pooled connections, http and https only, redirects never
// followed. libcurl is started at the first request, not with the program: a gateway that fetches nothing
// pays nothing.
#pragma once
#include <memory>

#include "ports/http_client.h"

namespace darkroom::http {

/// Safe to use from many threads; must outlive every fetch(). A POST or PATCH is never sent twice: libcurl's
/// own silent repetition on a connection that died is switched off for them, because a job submitted twice is
/// paid for twice. A request that cannot be formed (bad header, unreadable body file) fails with bad_url
/// before anything is sent.
class CurlClient final : public ports::HttpClient {
public:
    CurlClient();
    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;
    ~CurlClient() override;

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override;

private:
    class Pool;
    std::unique_ptr<Pool> pool_;
};

}  // namespace darkroom::http
