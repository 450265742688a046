#include "runpod/client/runpod_client.h"

#include <algorithm>

#include "base/check.h"
#include "runpod/client/retry_after.h"
#include "runpod/client/server_words.h"
#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::uint64_t small_answer_bytes_max = 1u << 20;
constexpr std::size_t status_body_bytes_max = 64u
                                              << 20;  // an echoed input and an output, both at their limit
constexpr Milliseconds retry_pause_base{500};
constexpr Milliseconds retry_pause_max{8'000};

constexpr std::string_view has_a_rest = "not asked: the endpoint failed five times in a row and has a rest";

CallError unreadable(const std::string& why) {
    return {CallErrorKind::unavailable, "the answer cannot be used: " + why, Milliseconds(0), true};
}

RefusedForSure refusal(RefusalKind kind, std::string why, Milliseconds retry_after = {}) {
    return {kind, std::move(why), retry_after};
}

}  // namespace

// What is asked, and how the body of a 200 is taken.
struct RunpodClient::Call {
    Operation operation = Operation::status;
    ports::HttpMethod method = ports::HttpMethod::get;
    std::string path;
    std::function<void()> begin = nullptr;  // before each try
    std::function<bool(std::string_view piece)> on_body = nullptr;
    std::function<Result<void, ProtocolError>(const ports::FetchedAnswer& answer)> read = nullptr;
};

RunpodClient::RunpodClient(ClientSettings settings, ports::HttpClient& http, const ports::Clock& clock,
                           ports::Random& random)
    : settings_(std::move(settings)),
      http_(http),
      clock_(clock),
      random_(random),
      waits_(clock),
      api_key_(settings_.api_key) {
    DR_CHECK(problems(settings_).empty());
    for (std::size_t i = 0; i < operations.size(); ++i)
        gates_[i] = std::make_unique<OperationGate>(operations[i], clock, waits_);
}

std::string RunpodClient::api_key() const {
    const std::lock_guard lock(mutex_);
    return api_key_;
}

void RunpodClient::set_api_key(std::string key) {
    const std::lock_guard lock(mutex_);
    api_key_ = std::move(key);
}

void RunpodClient::stop() {
    stop_.set();
    waits_.stop();
}

bool RunpodClient::is_circuit_open() const {
    const std::lock_guard lock(mutex_);
    return breaker_.is_open();
}

double RunpodClient::per_second(Operation operation) const {
    return gates_[static_cast<std::size_t>(operation)]->per_second();
}

RunpodClient::Admission RunpodClient::enter(Operation operation, Instant deadline) {
    while (true) {
        const auto admission = gate(operation).enter(deadline);
        if (admission.answer != OperationGate::Answer::enter) return admission;
        const Instant now = clock_.monotonic();
        std::optional<Milliseconds> wait;
        {
            const std::lock_guard lock(mutex_);
            wait = breaker_.refuses(now);
        }
        if (!wait) return admission;
        gate(operation).leave_unused();
        if (now + *wait > deadline) return {OperationGate::Answer::not_in_time, *wait};
        if (!waits_.pause_until(now + *wait)) return {OperationGate::Answer::stopped};
    }
}

void RunpodClient::leave(Operation operation, const Answer& answer) {
    gate(operation).leave();
    if (answer && answer->status == 429) {
        const auto asked = retry_after_of(answer->headers, clock_.now());
        gate(operation).refused(asked ? *asked : gate(operation).own_pause(random_.number()));
    } else if (answer && answer->status < 500) {
        gate(operation).accepted();
    }
    const Instant now = clock_.monotonic();
    const auto dice = random_.number();
    const std::lock_guard lock(mutex_);
    if (is_trouble(answer)) {
        breaker_.failed(now, dice);
    } else if (answer) {
        breaker_.answered();
    } else {
        breaker_.dropped();
    }
}

RunpodClient::Answer RunpodClient::send(Operation operation, ports::OutgoingRequest& request) {
    auto answer = http_.fetch(request);
    leave(operation, answer);
    return answer;
}

ports::OutgoingRequest RunpodClient::request_for(const Call& call, std::string_view key) const {
    ports::OutgoingRequest request;
    request.method = call.method;
    std::string base = settings_.base_url;
    while (base.ends_with('/')) base.pop_back();
    request.url = base + "/" + settings_.endpoint_id + "/" + call.path;
    request.headers = {{"Authorization", "Bearer " + std::string(key)},
                       {"Accept", "application/json"},
                       {"User-Agent", "Darkroom/" + settings_.version}};
    if (call.method == ports::HttpMethod::post)
        request.headers.emplace_back("Content-Type", "application/json");
    request.connect_timeout = settings_.connect_timeout;
    request.total_timeout = settings_.call_timeout;
    request.answer_bytes_max = small_answer_bytes_max;
    return request;
}

SubmitOutcome RunpodClient::run(const SubmitRequest& submit, std::function<bool()> may_send) {
    if (is_empty_input(submit.input_json))
        return refusal(RefusalKind::bad_payload, "the input is empty, which RunPod accepts and never runs");
    const auto key = api_key();
    auto request = request_for({Operation::run, ports::HttpMethod::post, "run"}, key);
    request.body = write_submit_request(submit);
    if (request.body.size() > run_body_bytes_max)
        return refusal(RefusalKind::bad_payload, "the body is larger than RunPod takes");
    request.total_timeout = settings_.run_timeout;
    request.may_send = std::move(may_send);
    const auto admission = enter(Operation::run, clock_.monotonic() + settings_.run_patience);
    if (admission.answer == OperationGate::Answer::stopped)
        return refusal(RefusalKind::unreachable, "not sent: this gateway is stopping");
    if (admission.answer == OperationGate::Answer::not_in_time) {
        if (is_circuit_open())
            return refusal(RefusalKind::unreachable, std::string(has_a_rest), admission.wait);
        return refusal(RefusalKind::rate_limited, "not sent: RunPod's limit for submits is reached",
                       admission.wait);
    }
    auto outcome = submit_outcome(send(Operation::run, request), key, clock_.now());
    // A 429 that names no time: the pause that is kept to here is the caller's as well.
    if (auto* refused = std::get_if<RefusedForSure>(&outcome);
        refused != nullptr && refused->kind == RefusalKind::rate_limited)
        refused->retry_after = std::max(refused->retry_after, gate(Operation::run).paused_for());
    return outcome;
}

bool RunpodClient::pause_before_retry(int tries, Milliseconds at_least, Instant deadline) {
    const auto full = std::min(retry_pause_max, retry_pause_base * (std::int64_t{1} << std::min(tries, 10)));
    const auto jitter = Milliseconds(random_.number() % static_cast<std::uint64_t>(full.count() + 1));
    const Instant until = clock_.monotonic() + std::max(jitter, at_least);
    return until < deadline && waits_.pause_until(until);
}

CallError RunpodClient::not_admitted(const Admission& admission) const {
    if (admission.answer == OperationGate::Answer::stopped)
        return {CallErrorKind::stopped, "not asked: this gateway is stopping"};
    if (is_circuit_open()) return {CallErrorKind::unavailable, std::string(has_a_rest), admission.wait};
    return {CallErrorKind::rate_limited, "not asked: RunPod's limit for this operation is reached",
            admission.wait};
}

std::optional<CallError> RunpodClient::try_once(const Call& call, Instant deadline, bool& again) {
    const auto key = api_key();
    auto request = request_for(call, key);
    request.on_body = call.on_body;
    request.stop_fd = stop_.fd();
    const auto left = std::chrono::ceil<Milliseconds>(deadline - clock_.monotonic());
    request.total_timeout = std::clamp(left, Milliseconds(1), settings_.call_timeout);
    if (call.begin) call.begin();
    const auto answer = send(call.operation, request);
    auto error = call_error(answer, key, clock_.now());
    again = is_worth_repeating(answer);
    // A reader that refuses the body half-way stops the transfer; so does stop().
    const bool refused_body = error && error->kind == CallErrorKind::stopped && !stop_.is_set();
    if (error && !refused_body) return error;
    again = true;
    const auto read = call.read(answer ? *answer : ports::FetchedAnswer{});
    if (!read) return unreadable(read.error().detail);
    if (refused_body) return unreadable("its reader gave it up");
    return std::nullopt;
}

Result<void, CallError> RunpodClient::perform(const Call& call) {
    const Instant deadline = clock_.monotonic() + settings_.call_deadline;
    std::optional<CallError> last;
    for (int tries = 0;; ++tries) {
        const auto admission = enter(call.operation, deadline);
        if (admission.answer != OperationGate::Answer::enter) {
            // What the server said last tells more than that there was no time to ask again.
            if (!last || admission.answer == OperationGate::Answer::stopped)
                return Fail(not_admitted(admission));
            last->retry_after = std::max(last->retry_after, admission.wait);
            return Fail(*std::move(last));
        }
        bool again = false;
        last = try_once(call, deadline, again);
        if (!last) return {};
        if (!again || !traits(call.operation).is_idempotent) return Fail(*std::move(last));
        if (!pause_before_retry(tries, last->retry_after, deadline)) return Fail(*std::move(last));
    }
}

Result<JobObject, CallError> RunpodClient::status(const RemoteJobId& job) {
    const JobObjectLimits limits{status_body_bytes_max, settings_.output_bytes_max};
    JobObjectReader reader;
    std::optional<JobObject> found;
    Call call{Operation::status, ports::HttpMethod::get, "status/" + job.str()};
    call.begin = [&] { reader = JobObjectReader(limits); };
    call.on_body = [&](std::string_view piece) { return reader.feed(piece); };
    call.read = [&](const ports::FetchedAnswer&) -> Result<void, ProtocolError> {
        auto read = reader.finish();
        if (!read) return Fail(std::move(read).error());
        if (read->id != job) return Fail(ProtocolError{"it speaks of another job"});
        found = *std::move(read);
        return {};
    };
    if (auto done = perform(call); !done) return Fail(std::move(done).error());
    return *std::move(found);
}

Result<JobObject, CallError> RunpodClient::cancel(const RemoteJobId& job) {
    std::optional<JobObject> found;
    Call call{Operation::cancel, ports::HttpMethod::post, "cancel/" + job.str()};
    call.read = [&](const ports::FetchedAnswer& answer) -> Result<void, ProtocolError> {
        auto read = parse_job_object(answer.body, {small_answer_bytes_max, settings_.output_bytes_max});
        if (!read) return Fail(std::move(read).error());
        if (read->id != job) return Fail(ProtocolError{"it speaks of another job"});
        found = *std::move(read);
        return {};
    };
    if (auto done = perform(call); !done) return Fail(std::move(done).error());
    return *std::move(found);
}

Result<EndpointHealth, CallError> RunpodClient::health() {
    EndpointHealth health;
    Call call{Operation::health, ports::HttpMethod::get, "health"};
    call.read = [&](const ports::FetchedAnswer& answer) -> Result<void, ProtocolError> {
        auto read = parse_health(answer.body);
        if (!read) return Fail(std::move(read).error());
        health = *read;
        return {};
    };
    if (auto done = perform(call); !done) return Fail(std::move(done).error());
    return health;
}

Result<SubmitAnswer, CallError> RunpodClient::retry(const RemoteJobId& job) {
    std::optional<SubmitAnswer> found;
    Call call{Operation::retry, ports::HttpMethod::post, "retry/" + job.str()};
    call.read = [&](const ports::FetchedAnswer& answer) -> Result<void, ProtocolError> {
        auto read = parse_submit_answer(answer.body);
        if (!read) return Fail(std::move(read).error());
        if (read->id != job) return Fail(ProtocolError{"it speaks of another job"});
        found = *std::move(read);
        return {};
    };
    if (auto done = perform(call); !done) return Fail(std::move(done).error());
    return *std::move(found);
}

Result<std::int64_t, CallError> RunpodClient::purge() {
    std::int64_t removed = 0;
    Call call{Operation::purge, ports::HttpMethod::post, "purge-queue"};
    call.read = [&](const ports::FetchedAnswer& answer) -> Result<void, ProtocolError> {
        auto members = pick_json_members(answer.body, {{"removed", 64}}, small_answer_bytes_max);
        if (!members) return Fail(std::move(members).error());
        removed = members->take_count("removed").value_or(0);
        return {};
    };
    if (auto done = perform(call); !done) return Fail(std::move(done).error());
    return removed;
}

}  // namespace darkroom::runpod
