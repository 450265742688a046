#include "cli/gateway_client.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "cli/server_url.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

using ports::FetchedAnswer;
using ports::FetchError;
using ports::FetchFailure;

constexpr std::uint64_t answer_bytes_max = 32u << 20;
constexpr std::int64_t transfer_bytes_per_ms_min = 32;  // slower is taken for dead
constexpr Milliseconds transfer_extra{60'000};

bool is_success(int status) { return status >= 200 && status < 300; }

Milliseconds transfer_timeout(std::uint64_t bytes) {
    return transfer_extra + Milliseconds(static_cast<std::int64_t>(bytes) / transfer_bytes_per_ms_min);
}

std::string fetch_sentence(const FetchFailure& failure) {
    switch (failure.kind) {
        case FetchError::bad_url:
            return "not a usable address";
        case FetchError::unreachable:
            return "no connection";
        case FetchError::interrupted:
            return "the connection broke";
        case FetchError::timed_out:
            return "no answer in time";
        case FetchError::tls:
            return "no secure connection";
        case FetchError::answer_too_large:
            return "the answer is too large";
        case FetchError::stopped:
            return "stopped";
        case FetchError::withheld:
            return "not sent";
    }
    return {};
}

CallFailure as_call_failure(const std::string& url, const FetchFailure& failure) {
    CallFailure result;
    result.kind = failure.kind == FetchError::stopped            ? CallFailure::Kind::stopped
                  : failure.kind == FetchError::answer_too_large ? CallFailure::Kind::not_understood
                                                                 : CallFailure::Kind::unreachable;
    result.detail = fetch_sentence(failure) + ": " + url;
    if (!failure.detail.empty()) result.detail += " (" + failure.detail + ")";
    return result;
}

CallFailure refusal(const FetchedAnswer& answer) {
    return {CallFailure::Kind::refused, read_problem(answer.status, answer.body), {}};
}

/// Scheme, host and port of a link: the rest is long, and signed.
std::string origin_of(const std::string& url) {
    const auto host = url.find("://");
    return host == std::string::npos ? url : url.substr(0, url.find_first_of("/?#", host + 3));
}

/// What an S3 server calls the reason, as in <Code>SignatureDoesNotMatch</Code>.
std::string storage_code(const std::string& body) {
    constexpr std::size_t code_bytes_max = 64;
    const auto begin = body.find("<Code>");
    if (begin == std::string::npos) return {};
    const auto text = body.substr(begin + 6, code_bytes_max);
    return text.substr(0, text.find('<'));
}

/// A link may lead past the gateway, straight to its storage. That one knows neither problem documents nor
/// the API key, so its 403 must not read as if the key were to blame.
CallFailure refusal_of_link(const std::string& server, const std::string& url, const FetchedAnswer& answer) {
    auto failure = refusal(answer);
    if (!failure.problem.code.empty() || url.starts_with(server + "/")) return failure;
    failure.by_storage = true;
    const auto code = storage_code(answer.body);
    failure.problem.detail = "the storage at " + origin_of(url) + " answered HTTP " +
                             std::to_string(answer.status) + (code.empty() ? "" : " (" + code + ")");
    return failure;
}

/// Whole seconds (RFC 9110 §10.2.3); the form with a date is not used by Darkroom.
std::optional<Milliseconds> retry_after(const FetchedAnswer& answer) {
    ports::HttpRequest finder;
    finder.headers = answer.headers;
    const auto* text = finder.header("Retry-After");
    if (text == nullptr) return std::nullopt;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc{} || end != text->data() + text->size() || seconds < 0 || seconds > 86'400)
        return std::nullopt;
    return Milliseconds(seconds * 1'000);
}

bool asks_for_repeat(const FetchedAnswer& answer, bool repeat_is_safe) {
    switch (answer.status) {
        case 503:
            return !read_problem(503, answer.body).final;
        case 429:
            return retry_after(answer).has_value();
        case 502:
        case 504:
            return repeat_is_safe;  // a proxy's word: the gateway may have done it
        case 409:
            return read_problem(409, answer.body).code == "idempotency_in_progress";
        default:
            return false;
    }
}

bool allows_repeat(const FetchFailure& failure, bool repeat_is_safe) {
    switch (failure.kind) {
        case FetchError::unreachable:
        case FetchError::timed_out:
            return true;
        case FetchError::interrupted:
            return repeat_is_safe;
        default:
            return false;
    }
}

}  // namespace

std::string CallFailure::sentence() const {
    return printable(kind == Kind::refused ? in_one_line(problem) : detail);
}

ExitCode CallFailure::exit_code() const {
    switch (kind) {
        case Kind::refused:
            return by_storage ? ExitCode::failed : exit_code_for_status(problem.status);
        case Kind::unreachable:
            return ExitCode::unreachable;
        case Kind::not_understood:
            return ExitCode::failed;
        case Kind::stopped:
            return ExitCode::interrupted;
    }
    return ExitCode::failed;
}

GatewayClient::GatewayClient(ports::HttpClient& http, ports::Clock& clock, ports::Random& random, Stop& stop,
                             Server server, RetryPolicy policy,
                             std::function<void(const std::string&)> tell_trouble)
    : http_(http),
      clock_(clock),
      random_(random),
      stop_(stop),
      server_(std::move(server)),
      policy_(policy),
      tell_trouble_(std::move(tell_trouble)) {}

ports::OutgoingRequest GatewayClient::request_for(const Call& call) const {
    ports::OutgoingRequest request;
    request.method = call.method;
    request.url = server_.url + call.path;
    request.headers = call.headers;
    request.headers.emplace_back("Accept", "application/json");
    if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (server_.api_key) request.headers.emplace_back("Authorization", "Bearer " + *server_.api_key);
    request.body = call.body;
    request.total_timeout = call.timeout;
    request.answer_bytes_max = answer_bytes_max;
    return request;
}

std::optional<Milliseconds> GatewayClient::pause_before_repeat(int tries, Milliseconds since_first,
                                                               std::optional<Milliseconds> asked) {
    if (!has_answered_ && tries >= policy_.first_contact_tries) return std::nullopt;
    if (asked && *asked > policy_.retry_after_max) return std::nullopt;
    const auto ceiling = std::min(policy_.pause_cap, policy_.pause_base * (1 << std::min(tries - 1, 10)));
    auto pause = Milliseconds(
        static_cast<std::int64_t>(random_.number() % static_cast<std::uint64_t>(ceiling.count() + 1)));
    if (asked) pause = std::max(pause, *asked);
    if (since_first + pause > policy_.outage_max) return std::nullopt;
    return pause;
}

Result<FetchedAnswer, CallFailure> GatewayClient::fetch_repeatedly(const Call& call,
                                                                   const ports::OutgoingRequest& request) {
    const auto begin = clock_.monotonic();
    for (int tries = 1;; ++tries) {
        if (stop_.asked()) return Fail(CallFailure{CallFailure::Kind::stopped, {}, "stopped"});
        auto fetched = http_.fetch(request);
        if (fetched) has_answered_ = true;
        const bool repeat = fetched ? asks_for_repeat(*fetched, call.repeat_is_safe)
                                    : allows_repeat(fetched.error(), call.repeat_is_safe);
        if (fetched && !repeat) return std::move(*fetched);
        auto failure = fetched ? refusal(*fetched) : as_call_failure(server_.url, fetched.error());
        if (!repeat) return Fail(std::move(failure));
        if (stop_.asked())
            continue;  // whoever asked may have ended the gateway, too: that is no trouble to tell
        const auto asked = fetched ? retry_after(*fetched) : std::nullopt;
        const auto spent = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - begin);
        const auto pause = pause_before_repeat(tries, spent, asked);
        if (!pause) return Fail(std::move(failure));
        if (!told_trouble_.exchange(true)) {
            auto sentence = failure.sentence();
            if (sentence.ends_with('.')) sentence.pop_back();
            tell_trouble_(sentence + "; trying again");
        }
        stop_.pause(*pause);
    }
}

Result<boost::json::value, CallFailure> GatewayClient::call(const Call& call) {
    auto answer = fetch_repeatedly(call, request_for(call));
    if (!answer) return Fail(std::move(answer).error());
    if (!is_success(answer->status)) return Fail(refusal(*answer));
    auto document = parse_json(answer->body, answer_bytes_max);
    if (!document) {
        return Fail(CallFailure{
            CallFailure::Kind::not_understood,
            {},
            "the answer of " + server_.url + call.path + " is not JSON: is this a Darkroom server?"});
    }
    return std::move(*document);
}

Result<void, CallFailure> GatewayClient::put_file(const Put& put) {
    const auto url = resolve_link(server_.url, put.url);
    if (!url)
        return Fail(CallFailure{CallFailure::Kind::not_understood, {}, "the upload has no usable address"});
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::put;
    request.url = *url;
    request.headers = put.headers;
    request.body_file = ports::FileSlice{.path = put.file, .offset = 0, .bytes = std::nullopt};
    request.total_timeout = transfer_timeout(put.bytes);
    if (put.on_progress)
        request.on_upload_progress = [&](std::uint64_t sent, std::uint64_t) { put.on_progress(sent); };
    const auto answer = http_.fetch(request);
    if (!answer) return Fail(as_call_failure(origin_of(*url), answer.error()));
    if (!is_success(answer->status)) return Fail(refusal_of_link(server_.url, *url, *answer));
    return {};
}

Result<void, CallFailure> GatewayClient::download(const std::string& link, std::uint64_t bytes,
                                                  const std::function<bool(std::string_view)>& on_piece) {
    const auto url = resolve_link(server_.url, link);
    if (!url)
        return Fail(CallFailure{CallFailure::Kind::not_understood, {}, "the result has no usable address"});
    ports::OutgoingRequest request;
    request.url = *url;
    request.total_timeout = transfer_timeout(bytes);
    request.on_body = on_piece;
    const auto answer = http_.fetch(request);
    if (!answer) return Fail(as_call_failure(origin_of(*url), answer.error()));
    if (!is_success(answer->status)) return Fail(refusal_of_link(server_.url, *url, *answer));
    return {};
}

}  // namespace darkroom::cli
