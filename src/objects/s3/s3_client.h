// One signed request with everything around it: tries with growing random pauses under a deadline, the
// bucket's region and the server's clock learned on the way, an error inside a 200 found. Blocking; safe to
// use from many threads at once. What the requests mean is left to the store.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "objects/s3/s3_bearings.h"
#include "objects/s3/s3_outcome.h"
#include "objects/s3/s3_settings.h"
#include "objects/s3/s3_signer.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"

namespace darkroom::objects {

struct S3Request {
    ports::HttpMethod method = ports::HttpMethod::get;
    std::string key;            // empty = the bucket
    ports::HttpFields query;    // decoded
    ports::HttpFields headers;  // signed along
    std::string body;
    std::optional<ports::FileSlice> file;  // sent instead of `body`; with its length
    std::string payload_sha256;            // hex; of the file, or of the body if it is known already
    /// Tells a whole answer from a broken one, which is treated like an error of the server.
    std::function<bool(const ports::FetchedAnswer&)> is_whole;
    int tries_max = 0;            // 0 = the settings'
    Milliseconds try_timeout{0};  // 0 = the settings'
    bool answers_late = false;    // the server works in silence before it answers: no idle time-out
};

/// An answer that is still on its way, or one that has no body to wait for.
struct S3Answer {
    ports::FetchedAnswer head;  // with its body, unless `stream` is set
    std::unique_ptr<ports::OpenAnswer> stream;
};

class S3Client {
public:
    /// The settings have no problems(). All references must outlive the client.
    S3Client(S3Settings settings, ports::HttpClient& http, const ports::Clock& clock, ports::Random& random);
    S3Client(const S3Client&) = delete;
    S3Client& operator=(const S3Client&) = delete;

    /// The answer is a 2xx. The body of the request is moved out and back, never copied. A HEAD that fails
    /// without a reason is asked once more as a GET, whose answer gives one.
    Result<S3Answer, S3Fault> send(S3Request& request);
    Result<S3Answer, S3Fault> send(S3Request&& request) { return send(request); }
    /// As send, but the body of the answer is pulled from `stream`.
    Result<S3Answer, S3Fault> open(S3Request& request);

    /// `time` is server_now(), or what is left of it.
    std::string presign(const S3Signable& what, int life_seconds, TimePoint time) const;
    /// By the server's clock, as far as it is known to differ from this machine's.
    TimePoint server_now() const { return clock_.now() + bearings_.applied_offset(); }

    /// Waits before try number `round` + 1 (full jitter, at least `at_least`). False without waiting if that
    /// would pass the deadline.
    bool pause(int round, Instant deadline, Milliseconds at_least = Milliseconds{0}) const;
    /// For an operation that moves so many bytes.
    Instant deadline_for(std::uint64_t bytes) const;

    const S3Settings& settings() const { return settings_; }
    const S3Bearings& bearings() const { return bearings_; }

private:
    using Transport = Result<S3Answer, ports::FetchFailure> (*)(ports::HttpClient&,
                                                                const ports::OutgoingRequest&);
    struct Run;

    Result<S3Answer, S3Fault> run(S3Request& request, Transport transport);
    Result<S3Answer, S3Fault> try_once(const S3Request& request, Run& run, Transport transport);
    ports::OutgoingRequest prepared(S3Request& request) const;
    bool can_be_mended(const S3Request& request, const S3Fault& fault, Run& run);
    bool follow(const S3Request& request, const S3Fault& fault, Run& run);
    bool is_worth_repeating(const S3Request& request, const S3Fault& fault) const;
    std::optional<S3Fault> reason_for(const S3Request& head, S3Fault fault);

    S3Settings settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
    S3Signer signer_;
    S3Bearings bearings_;
};

}  // namespace darkroom::objects
