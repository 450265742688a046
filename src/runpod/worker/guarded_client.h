// The way to every address that a payload names: inputs, outputs, claims, callbacks. Whoever may submit jobs
// chooses these addresses, so they are looked up once, only public ones are connected to, and no name is
// resolved again behind the guard's back. An operator may switch the guard off, as the official worker's can.
#pragma once
#include <vector>

#include "ports/http_client.h"
#include "ports/resolver.h"

namespace darkroom::runpod::worker {

class GuardedClient final : public ports::HttpClient {
public:
    GuardedClient(ports::HttpClient& http, ports::Resolver& resolver, bool allow_private)
        : http_(http), resolver_(resolver), allow_private_(allow_private) {}

    /// A refused address fails with bad_url before anything is connected to.
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override;
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override;

private:
    using Addresses = Result<std::vector<std::string>, ports::FetchFailure>;
    Addresses check(const std::string& url);
    template <class T, class Send>
    Result<T, ports::FetchFailure> send_guarded(const ports::OutgoingRequest& request, const Send& send);

    ports::HttpClient& http_;
    ports::Resolver& resolver_;
    const bool allow_private_;
};

}  // namespace darkroom::runpod::worker
