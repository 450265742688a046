// A picture fetched from a URL that a client gave: guarded at every step, straight onto disk, within limits
// of time, bytes and number. What it is a picture of, and whether it is one, is left to the caller.
#pragma once
#include <atomic>
#include <filesystem>
#include <string>

#include "core/input_url_rules.h"
#include "intake/refusal.h"
#include "intake/spool_file.h"
#include "intake/url_guard.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/resolver.h"

namespace darkroom::intake {

struct UrlFetchLimits {
    core::InputUrlRules rules;
    std::uint64_t bytes_max = 50'000'000;
    Milliseconds time_max{30'000};  // for one picture, redirects included
    Milliseconds connect_time_max{5'000};
    Milliseconds idle_time_max{10'000};
    int redirects_max = 3;
    int addresses_max = 4;  // of one name that are tried
    int fetches_max = 16;   // at the same time
    std::filesystem::path spool_dir;
};

/// Safe to use from many threads at once.
class UrlFetch {
public:
    UrlFetch(ports::HttpClient& client, ports::Resolver& resolver, const ports::Clock& clock,
             ports::Random& random, UrlFetchLimits limits)
        : client_(client), resolver_(resolver), clock_(clock), random_(random), limits_(std::move(limits)) {}

    /// Blocks for limits.time_max at most, plus one look-up of a name and one idle time. No credentials are
    /// sent, nor anything that tells one user's fetches from another's.
    Result<SpoolFile, Refusal> fetch(const std::string& url);

private:
    class Slot;

    Result<SpoolFile, Refusal> follow(core::InputUrl url);
    Result<std::unique_ptr<ports::OpenAnswer>, Refusal> ask(const CheckedUrl& checked, Instant deadline);
    Result<SpoolFile, Refusal> receive(ports::OpenAnswer& answer, Instant deadline);
    Milliseconds time_left(Instant deadline) const;

    ports::HttpClient& client_;
    ports::Resolver& resolver_;
    const ports::Clock& clock_;
    ports::Random& random_;
    const UrlFetchLimits limits_;
    std::atomic<int> under_way_{0};
};

}  // namespace darkroom::intake
