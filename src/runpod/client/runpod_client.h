// One RunPod Serverless endpoint as seen by Darkroom: submit, status, cancel, health, retry, purge. Keeps to
// RunPod's limits, gives a failing endpoint a rest, and repeats what may be repeated; a submit never is. What
// an outcome means for a job is decided elsewhere. Blocking, each call with a deadline; safe to use from many
// threads.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "base/stop_event.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/client/call_outcome.h"
#include "runpod/client/circuit_breaker.h"
#include "runpod/client/client_settings.h"
#include "runpod/client/operation_gate.h"
#include "runpod/client/submit_outcome.h"
#include "runpod/protocol/health.h"
#include "runpod/protocol/job_object.h"

namespace darkroom::runpod {

class RunpodClient {
public:
    /// The settings have no problems(). All references must outlive the client.
    RunpodClient(ClientSettings settings, ports::HttpClient& http, const ports::Clock& clock,
                 ports::Random& random);
    RunpodClient(const RunpodClient&) = delete;
    RunpodClient& operator=(const RunpodClient&) = delete;

    /// Tried once. Waits up to run_patience for its turn; an empty input or a body that RunPod would refuse
    /// is refused here.
    /// `may_send` as in ports::OutgoingRequest.
    SubmitOutcome run(const SubmitRequest& request, std::function<bool()> may_send = {});

    Result<JobObject, CallError> status(const RemoteJobId& job);
    /// The job as RunPod then has it, which may be COMPLETED: it was faster.
    Result<JobObject, CallError> cancel(const RemoteJobId& job);
    Result<EndpointHealth, CallError> health();
    /// The same job once more, by RunPod, after FAILED or TIMED_OUT. Tried once.
    Result<SubmitAnswer, CallError> retry(const RemoteJobId& job);
    /// How many waiting jobs were removed. Tried once.
    Result<std::int64_t, CallError> purge();

    /// For calls that begin from now on: a key is replaced without a restart.
    void set_api_key(std::string key);
    /// Ends waits and calls other than run, for good. Any thread, any number of times.
    void stop();

    bool is_circuit_open() const;
    /// The rate that is kept to now.
    double per_second(Operation operation) const;
    const ClientSettings& settings() const { return settings_; }  // api_key: the first one

private:
    using Answer = Result<ports::FetchedAnswer, ports::FetchFailure>;
    using Admission = OperationGate::Admission;
    struct Call;

    OperationGate& gate(Operation operation) { return *gates_[static_cast<std::size_t>(operation)]; }
    Admission enter(Operation operation, Instant deadline);
    void leave(Operation operation, const Answer& answer);
    Answer send(Operation operation, ports::OutgoingRequest& request);
    ports::OutgoingRequest request_for(const Call& call, std::string_view key) const;
    std::string api_key() const;

    CallError not_admitted(const Admission& admission) const;
    /// nullopt = done.
    std::optional<CallError> try_once(const Call& call, Instant deadline, bool& again);
    /// Tries until `read` has taken an answer, nothing can help, or the deadline comes.
    Result<void, CallError> perform(const Call& call);
    bool pause_before_retry(int tries, Milliseconds at_least, Instant deadline);

    const ClientSettings settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
    Waits waits_;
    StopEvent stop_;
    std::array<std::unique_ptr<OperationGate>, operations.size()> gates_;
    mutable std::mutex mutex_;  // of what follows
    CircuitBreaker breaker_;
    std::string api_key_;
};

}  // namespace darkroom::runpod
