// The endpoint itself: one RunPod Serverless endpoint as its clients, its workers and its operator see it,
// without any HTTP around it. It moves jobs between the queue, the fleet and their end, schedules webhooks,
// applies the faults that concern jobs, and writes down what happened. Any thread may call it; waiting is
// done by others through waiting_room(). Time passes by tick(), which its own thread calls (run()).
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/random.h"
#include "runpod/endpoint/cost_log.h"
#include "runpod/endpoint/fault_script.h"
#include "runpod/endpoint/fleet.h"
#include "runpod/endpoint/job_table.h"
#include "runpod/endpoint/journal.h"
#include "runpod/endpoint/rate_limits.h"
#include "runpod/endpoint/settings.h"
#include "runpod/endpoint/waiting_room.h"
#include "runpod/endpoint/webhook_schedule.h"
#include "runpod/protocol/health.h"
#include "runpod/protocol/worker_messages.h"

namespace darkroom::runpod::endpoint {

struct StreamPart {
    JobState state = JobState::in_queue;
    std::vector<std::string> chunks;  // JSON, in order; they are gone from the endpoint
};

enum class RetryOutcome { queued, unknown_job, not_failed };

/// What the worker is told about its report.
struct DoneOutcome {
    enum class Kind { taken, unknown_job, too_large, failed, cut };  // failed: `status`; cut: no answer
    Kind kind = Kind::taken;
    int status = 200;
};

/// The fleet as the management API shows it.
struct FleetView {
    Scaling scaling;
    WorkerCounts counts;
    std::vector<Fleet::Worker> workers;
    Instant now;
};

/// Rules to set, in the words of FaultScript::set.
struct FaultChange {
    std::optional<std::uint64_t> reset_to_seed;  // before; all rules go
    std::vector<std::pair<std::string, std::string>> rules;
};

class Endpoint {
public:
    Endpoint(EndpointSettings settings, ports::Clock& clock, ports::Random& random);

    const EndpointSettings& settings() const { return settings_; }
    WaitingRoom& waiting_room() { return waiting_room_; }
    /// The error is a sentence.
    Result<void, std::string> keep_journal_in(const std::filesystem::path& file);

    /// Lets time pass until stop(); one thread.
    void run();
    void stop();
    /// What time has done by now; run() calls it.
    void tick();

    // Clients.
    /// nullopt: the queue is full.
    std::optional<std::string> submit(SubmitRequest request, bool sync);
    std::optional<JobObject> status(const std::string& job);
    std::optional<StreamPart> stream(const std::string& job);
    std::optional<JobObject> cancel(const std::string& job);
    RetryOutcome retry(const std::string& job);
    std::size_t purge();
    EndpointHealth health();
    std::vector<JobObject> requests(std::size_t at_most);
    void forget(const std::string& job);
    std::optional<Milliseconds> refuse(Operation operation);
    bool hold(Operation operation);
    void let_go(Operation operation);

    // Workers.
    std::vector<TakenJob> take(const std::string& worker, const std::string& gpu, std::size_t at_most);
    /// A long poll of a worker is open from the one to the other.
    void poll_begins(const std::string& worker, const std::string& gpu);
    void poll_ends(const std::string& worker);
    DoneOutcome done(const std::string& worker, const std::string& job, DoneReport report,
                     std::uint64_t bytes);
    /// A result that was refused unread.
    DoneOutcome done_too_large(const std::string& worker, const std::string& job);
    std::uint64_t result_bytes_max(const std::string& job);
    bool add_chunk(const std::string& worker, const std::string& job, const StreamChunk& chunk);
    std::vector<RemoteJobId> take_stops(const std::string& worker, const std::string& gpu);
    void ping(const std::string& worker, const std::string& gpu, std::span<const RemoteJobId> jobs);
    void unhealthy(const std::string& worker, const std::string& reason);

    // Webhooks: taken by senders, given back with the status of the answer, 0 = none.
    std::optional<Webhook> take_webhook();
    void webhook_ended(Webhook webhook, int status);
    std::optional<Instant> next_webhook();

    // The operator.
    FleetView fleet();
    /// In unscaled time.
    void set_scaling(const Scaling& scaling);
    /// All of them or none.
    Result<void, FaultError> change_faults(const FaultChange& change);
    void set_cold_start(Milliseconds cold_start);
    void set_throttled(int workers);
    std::string faults_json();
    std::string journal_json(std::uint64_t after, std::size_t limit);
    std::string journal_counts_json();
    std::string costs_json();
    std::vector<WorkerPeriod> billed_periods();

    /// Does this fault fire now? Noted in the journal.
    std::optional<std::int64_t> fault(std::string_view name, std::string_view job = {});

private:
    Instant now() const { return clock_.monotonic(); }
    TimePoint calendar(Instant then) const;
    std::optional<std::int64_t> fires(std::string_view name, std::string_view job);
    Scaling scaled(Scaling scaling) const;
    std::string new_id(bool sync);
    Demand demand(Instant now) const;
    void scale(Instant now);
    void hand_out(Job& job, const std::string& worker, std::vector<TakenJob>& taken);
    void end(Job& job, JobState state, Instant now);
    void after_end(const std::string& id, Instant now);
    void handle(const Expiry& expiry, Instant now);
    void tell_to_stop(const std::string& worker, const std::string& job);
    DoneOutcome progress(Job& job, DoneReport report);
    std::optional<DoneOutcome> lose_report(Job& job, const std::string& worker, Instant now);
    void take_result(Job& job, DoneReport report, Instant now);
    void end_without_room(Job& job, Instant now);
    void schedule_webhooks(Job& job, Instant now);
    void schedule(const Job& job, std::string body, std::string_view note, Instant due);
    JobObject distorted(Job& job, JobObject view);

    EndpointSettings settings_;
    ports::Clock& clock_;
    ports::Random& random_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    WaitingRoom waiting_room_;
    std::mutex mutex_;  // everything below; never held while waiting
    bool stopping_ = false;
    JobTable jobs_;
    Fleet fleet_;
    Scaling nominal_scaling_;
    FaultScript faults_;
    RateLimits rates_;
    Journal journal_;
    CostLog costs_;
    WebhookSchedule webhooks_;
    std::map<std::string, std::set<std::string>> stops_;  // by worker
    std::string older_id_;                                // of the job before, for a fault
};

inline std::string topic_of_webhooks() { return "webhooks"; }

}  // namespace darkroom::runpod::endpoint
