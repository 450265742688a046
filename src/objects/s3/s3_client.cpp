#include "objects/s3/s3_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "objects/s3/s3_headers.h"
#include "objects/s3/s3_xml.h"

namespace darkroom::objects {
namespace {

using ports::FetchedAnswer;
using ports::HttpMethod;

constexpr std::size_t error_bytes_max = std::size_t{64} * 1024;
// 1,000 keys of up to 1,024 bytes, each byte of which may be written as three, with as much again around
// them.
constexpr std::uint64_t answer_bytes_max = std::uint64_t{8} << 20;

bool is_success(int status) { return status >= 200 && status < 300; }

/// A server may find out that it fails after it has said 200.
bool holds_an_error(const FetchedAnswer& answer) {
    constexpr std::size_t root_is_within = 512;
    if (std::string_view(answer.body).substr(0, root_is_within).find("<Error") == std::string_view::npos) {
        return false;
    }
    return read_error(answer.body).has_value();
}

Result<S3Answer, ports::FetchFailure> fetch_whole(ports::HttpClient& http,
                                                  const ports::OutgoingRequest& request) {
    auto answer = http.fetch(request);
    if (!answer) return Fail(std::move(answer).error());
    return S3Answer{std::move(answer).value(), nullptr};
}

// The body of an error is read, as far as it goes: half of it is better than none.
Result<S3Answer, ports::FetchFailure> open_stream(ports::HttpClient& http,
                                                  const ports::OutgoingRequest& request) {
    auto opened = http.open(request);
    if (!opened) return Fail(std::move(opened).error());
    S3Answer answer{(*opened)->head(), std::move(opened).value()};
    if (is_success(answer.head.status)) return answer;
    std::array<char, 4096> buffer{};
    while (answer.head.body.size() < error_bytes_max) {
        const auto got = answer.stream->read(buffer);
        if (!got || *got == 0) break;
        answer.head.body.append(buffer.data(), *got);
    }
    answer.stream.reset();
    return answer;
}

S3Route first_route(const S3Settings& settings) {
    auto address = S3Address::of(settings, settings.region);
    DR_CHECK(address.ok());  // problems() is asked before
    return {std::move(address).value(), settings.region};
}

}  // namespace

/// What the tries of one request have in common.
struct S3Client::Run {
    ports::OutgoingRequest outgoing;
    std::uint64_t bytes = 0;
    std::string payload_sha256;
    Instant deadline;
    S3Route route;
    S3Times times;
    bool moved = false;
    bool clock_set = false;
};

S3Client::S3Client(S3Settings settings, ports::HttpClient& http, const ports::Clock& clock,
                   ports::Random& random)
    : settings_(std::move(settings)),
      http_(http),
      clock_(clock),
      random_(random),
      signer_(settings_),
      bearings_(settings_, first_route(settings_)) {}

Result<S3Answer, S3Fault> S3Client::send(S3Request& request) {
    auto answer = run(request, &fetch_whole);
    if (answer || request.method != HttpMethod::head) return answer;
    auto reason = reason_for(request, std::move(answer).error());
    // As a GET it went well: on the way it was learned where the bucket is, or the trouble has passed.
    if (!reason) return run(request, &fetch_whole);
    return Fail(std::move(*reason));
}

Result<S3Answer, S3Fault> S3Client::open(S3Request& request) { return run(request, &open_stream); }

std::string S3Client::presign(const S3Signable& what, int life_seconds, TimePoint time) const {
    return signer_.presign(what, bearings_.route(), life_seconds, time);
}

Instant S3Client::deadline_for(std::uint64_t bytes) const {
    return clock_.monotonic() + settings_.deadline +
           std::chrono::seconds(bytes / settings_.slowest_bytes_per_second);
}

bool S3Client::pause(int round, Instant deadline, Milliseconds at_least) const {
    auto longest = settings_.pause_base;
    for (int doubled = 1; doubled < round && longest < settings_.pause_cap; ++doubled) longest *= 2;
    longest = std::min(longest, settings_.pause_cap);
    const auto dice = random_.number() % static_cast<std::uint64_t>(longest.count() + 1);
    const auto wait = std::max(Milliseconds(static_cast<std::int64_t>(dice)), at_least);
    const auto until = clock_.monotonic() + wait;
    if (until >= deadline) return false;
    (void)clock_.make_wake_up()->wait_until(until);
    return true;
}

Result<S3Answer, S3Fault> S3Client::run(S3Request& request, Transport transport) {
    Run run{.outgoing = prepared(request),
            .bytes = 0,
            .payload_sha256 = request.payload_sha256,
            .deadline = {},
            .route = bearings_.route(),
            .times = {}};
    run.bytes = request.file ? request.file->bytes.value_or(0) : run.outgoing.body.size();
    if (run.payload_sha256.empty()) run.payload_sha256 = to_hex(sha256(run.outgoing.body));
    run.deadline = deadline_for(run.bytes);
    const int tries_max = request.tries_max > 0 ? request.tries_max : settings_.tries_max;

    auto answer = try_once(request, run, transport);
    for (int tries = 1; !answer; ++tries) {
        const auto& fault = answer.error();
        if (!can_be_mended(request, fault, run)) {
            if (tries >= tries_max || !is_worth_repeating(request, fault)) break;
            if (!pause(tries, run.deadline, fault.retry_after)) break;
        }
        log::debug("storage request is tried again", {{"method", name_of(request.method)},
                                                      {"key", request.key},
                                                      {"status", fault.status},
                                                      {"code", fault.code}});
        answer = try_once(request, run, transport);
    }
    request.body = std::move(run.outgoing.body);
    return answer;
}

ports::OutgoingRequest S3Client::prepared(S3Request& request) const {
    ports::OutgoingRequest outgoing;
    outgoing.method = request.method;
    outgoing.body = std::move(request.body);
    outgoing.body_file = request.file;
    outgoing.connect_timeout = settings_.connect_timeout;
    outgoing.idle_timeout = request.answers_late ? Milliseconds{0} : settings_.idle_timeout;
    outgoing.answer_bytes_max = answer_bytes_max;
    return outgoing;
}

Result<S3Answer, S3Fault> S3Client::try_once(const S3Request& request, Run& run, Transport transport) {
    run.times = {};
    run.times.sent = clock_.now();
    run.times.signed_with = bearings_.applied_offset();
    run.outgoing.url = run.route.address.url_of(request.key, canonical_query(request.query));
    run.outgoing.headers =
        signer_.sign({name_of(request.method), request.key, request.query, request.headers}, run.route,
                     run.payload_sha256, run.times.sent + run.times.signed_with);
    const auto left = std::chrono::floor<Milliseconds>(run.deadline - clock_.monotonic());
    const auto timeout =
        (request.try_timeout > Milliseconds{0} ? request.try_timeout : settings_.try_timeout) +
        std::chrono::seconds(run.bytes / settings_.slowest_bytes_per_second);
    run.outgoing.total_timeout = std::max(Milliseconds{1}, std::min(timeout, left));

    auto answer = transport(http_, run.outgoing);
    if (!answer) return Fail(fault_of(answer.error()));
    run.times.received = clock_.now();
    run.times.date = date_header(answer->head.headers, "date");
    const bool good = is_success(answer->head.status) && !holds_an_error(answer->head) &&
                      (!request.is_whole || request.is_whole(answer->head));
    if (!good) return Fail(fault_of(answer->head));
    bearings_.see(run.times);
    return std::move(answer).value();
}

// Once each: what was learned is either right or does not help.
bool S3Client::can_be_mended(const S3Request& request, const S3Fault& fault, Run& run) {
    // HEAD answers no reason: a 403 from a server whose clock is far from ours is worth one more try.
    const auto offset = run.times.offset().value_or(Milliseconds{0}) - run.times.signed_with;
    const bool unexplained = fault.status == 403 && fault.code.empty() &&
                             (offset > std::chrono::minutes(1) || offset < -std::chrono::minutes(1));
    if ((fault.action == S3Action::skewed || unexplained) && !run.clock_set) {
        run.clock_set = true;
        return bearings_.take_over(run.times);
    }
    if (fault.action == S3Action::other_region && !run.moved) {
        run.moved = true;
        return follow(request, fault, run);
    }
    return false;
}

bool S3Client::follow(const S3Request& request, const S3Fault& fault, Run& run) {
    const auto region = fault.region.empty() ? run.route.region : fault.region;
    auto address = run.route.address;
    bool elsewhere = region != run.route.region;
    if (settings_.endpoint.empty() && elsewhere) {
        auto of_region = S3Address::of(settings_, region);
        if (!of_region) return false;
        address = std::move(of_region).value();
    } else if (auto redirected = address.redirected(fault.redirect, request.key)) {
        address = std::move(*redirected);
        elsewhere = true;
    }
    if (!elsewhere) return false;
    run.route = {std::move(address), region};
    // A temporary redirect is for this request alone.
    const bool temporary = fault.status == 302 || fault.status == 307;
    if (!temporary) bearings_.move_to(run.route);
    return true;
}

bool S3Client::is_worth_repeating(const S3Request& request, const S3Fault& fault) const {
    // Without its body this may be a RequestTimeout, which passes, as well as a request that is wrong.
    const bool unexplained = request.method == HttpMethod::head && fault.status == 400 && fault.code.empty();
    const bool denied_by_whim = settings_.repeats_denied && fault.action == S3Action::denied &&
                                (fault.code.empty() || fault.code == "AccessDenied");
    return fault.action == S3Action::again || unexplained || denied_by_whim;
}

std::optional<S3Fault> S3Client::reason_for(const S3Request& head, S3Fault fault) {
    const bool answered = fault.status >= 300 && fault.status < 500;
    if (!answered || !fault.code.empty() || fault.status == 412) return fault;
    S3Request get;
    get.key = head.key;
    get.headers = head.headers;
    get.headers.emplace_back("range", "bytes=0-0");
    get.tries_max = 1;
    auto answer = run(get, &open_stream);
    if (answer) return std::nullopt;
    return answer.error().code.empty() ? std::move(fault) : std::move(answer).error();
}

}  // namespace darkroom::objects
