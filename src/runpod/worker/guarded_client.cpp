#include "runpod/worker/guarded_client.h"

#include <algorithm>

#include "core/input_url.h"
#include "core/ip_address.h"

namespace darkroom::runpod::worker {
namespace {

using ports::FetchError;
using ports::FetchFailure;

constexpr std::size_t addresses_max = 4;

/// Another address may do better only where nothing was sent to this one.
bool try_next_address(const FetchFailure& failure) {
    return failure.kind == FetchError::unreachable || failure.kind == FetchError::timed_out;
}

}  // namespace

GuardedClient::Addresses GuardedClient::check(const std::string& url) {
    const auto parsed = core::parse_input_url(url);
    if (!parsed) return Fail(FetchFailure{FetchError::bad_url, parsed.error()});
    auto addresses = parsed->address ? Result<std::vector<core::IpAddress>, std::string>(
                                           std::vector<core::IpAddress>{*parsed->address})
                                     : resolver_.resolve(parsed->host);
    if (!addresses) return Fail(FetchFailure{FetchError::unreachable, addresses.error()});
    std::vector<std::string> texts;
    for (const auto& address : *addresses) {
        // One address that is refused refuses the name, whatever its others are.
        if (!core::is_public(address))
            return Fail(FetchFailure{FetchError::bad_url, "its host is not on the public Internet"});
        texts.push_back(address.str());
    }
    texts.resize(std::min(texts.size(), addresses_max));
    return texts;
}

template <class T, class Send>
Result<T, FetchFailure> GuardedClient::send_guarded(const ports::OutgoingRequest& request, const Send& send) {
    if (allow_private_) return send(request);
    const auto addresses = check(request.url);
    if (!addresses) return Fail(addresses.error());
    auto guarded = request;
    FetchFailure failure{FetchError::unreachable, "its host has no address"};
    for (const auto& address : *addresses) {
        guarded.connect_address = address;
        auto answer = send(guarded);
        if (answer || !try_next_address(answer.error())) return answer;
        failure = answer.error();
    }
    return Fail(std::move(failure));
}

Result<ports::FetchedAnswer, FetchFailure> GuardedClient::fetch(const ports::OutgoingRequest& request) {
    return send_guarded<ports::FetchedAnswer>(request, [this](const auto& one) { return http_.fetch(one); });
}

Result<std::unique_ptr<ports::OpenAnswer>, FetchFailure> GuardedClient::open(
    const ports::OutgoingRequest& request) {
    return send_guarded<std::unique_ptr<ports::OpenAnswer>>(
        request, [this](const auto& one) { return http_.open(one); });
}

}  // namespace darkroom::runpod::worker
