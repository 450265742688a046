// What Darkroom tells of its own work, for whoever counts it: metrics, or nobody. Each is told where it
// happened and after it is true, in the words of the domain; which series come of it is the listener's
// business. Safe to call from any thread; quick, calls nothing back and never fails.
//
// Nothing told here is an id or a free text: types, kinds, configured names and words of closed lists only.
// The one exception is StoreGauges::users, which is read only where an operator asked for it.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/error_code.h"
#include "core/job_machine.h"

namespace darkroom::ports {

/// A job that made one step through core/job_machine.h's table.
struct JobMove {
    core::JobEventKind event = core::JobEventKind::claim;
    core::Status after = core::Status::queued;  // of the job
    std::optional<core::Status> attempt;        // that its attempt ended with, if it did
    std::string type;
    std::string endpoint;  // of the attempt; empty = none had it
    std::optional<core::ErrorCode> error;
    bool is_step = false;                             // of a chain: the chain is the job its owner asked for
    std::optional<std::chrono::milliseconds> waited;  // in the queue, before the first attempt of this wish
    std::optional<std::chrono::milliseconds> ran;     // from claim to end of the attempt
    std::optional<std::chrono::milliseconds> total;   // from creation to the job's end
};

struct ProviderRequest {
    std::string_view endpoint;
    std::string_view op;    // submit, status, cancel, health, …
    std::string_view code;  // HTTP status, or why no answer came
    std::chrono::nanoseconds took{0};
};

struct StorageOp {
    std::string_view store;    // main, volume
    std::string_view op;       // put, open, head, …
    std::string_view outcome;  // ok, missing, unavailable, …
    std::chrono::nanoseconds took{0};
};

struct AnsweredRequest {
    std::string_view route;  // the pattern; empty = none fitted
    std::string_view method;
    int status = 0;
    /// From the head to the last byte of the answer; unset = it waited on purpose (an event stream, a held
    /// answer).
    std::optional<std::chrono::nanoseconds> took;
};

/// What became of a message that tells an end.
enum class Verdict { applied, duplicate, stale, rejected };
enum class StorageDirection { in, out };

class Meters {
public:
    virtual ~Meters() = default;

    // The store, after the commit.
    virtual void job_created(std::string_view /*type*/) {}
    virtual void job_moved(const JobMove& /*move*/) {}
    /// The table has no such step from there: somebody else was first.
    virtual void move_lost(core::Status /*from*/, core::JobEventKind /*event*/) {}
    virtual void claimed(std::chrono::nanoseconds /*took*/, std::size_t /*jobs*/) {}
    virtual void committed(std::chrono::nanoseconds /*took*/, std::size_t /*operations*/) {}
    /// Rows in flight of nodes whose lease is over, taken over by this one.
    virtual void leases_expired(std::size_t /*rows*/) {}
    /// Users whose share of the queue was counted wrong, and is right again: a bug.
    virtual void flow_corrected(std::size_t /*users*/) {}

    // The dispatcher and who follows remote jobs.
    virtual void dispatch_round(std::chrono::nanoseconds /*took*/) {}
    /// Whether this process brings jobs to backends.
    virtual void dispatches(bool /*does*/) {}
    virtual void completion(std::string_view /*endpoint*/, std::string_view /*via*/, Verdict /*verdict*/) {}
    /// An end that no message told of: poll, storage, late.
    virtual void recovered(std::string_view /*endpoint*/, std::string_view /*cause*/) {}
    virtual void work_paid(std::string_view /*endpoint*/, std::chrono::milliseconds /*execution*/,
                           std::int64_t /*micro_usd*/) {}
    /// What came in from RunPod or a worker, in a word; and what a look then said of it.
    virtual void webhook_heard(std::string_view /*what*/) {}
    virtual void webhook_settled(std::string_view /*kind*/, std::string_view /*outcome*/) {}

    // The edges.
    virtual void provider_request(const ProviderRequest& /*request*/) {}
    virtual void storage_op(const StorageOp& /*op*/) {}
    virtual void storage_bytes(std::string_view /*store*/, StorageDirection /*direction*/,
                               std::uint64_t /*bytes*/) {}
    virtual void request_answered(const AnsweredRequest& /*request*/) {}
    virtual void event_streams(int /*more*/) {}
};

/// Listens to nothing.
inline Meters& no_meters() {
    static Meters none;
    return none;
}

/// What only the store knows, of all nodes together. Read from rows that are kept for it, so that it costs
/// the same with ten jobs and with millions.
struct StoreGauges {
    struct Queue {
        std::string backend;  // kind of endpoint that the jobs wait for
        std::int64_t ready = 0;
        std::int64_t delayed = 0;
        std::int64_t backlog = 0;  // held back for fairness
        std::optional<std::chrono::milliseconds>
            oldest_ready;  // the next one, how long it waits; unset = none
    };
    struct Inflight {
        std::string backend;
        std::string endpoint;
        std::int64_t attempts = 0;
    };
    struct UserStorage {
        std::string user;
        std::int64_t bytes = 0;
    };
    struct Ended {
        core::Status status = core::Status::succeeded;
        std::string code;  // of FAILED; empty: there is none
        std::string type;
        std::int64_t jobs = 0;  // that retention left; chains and steps too
    };
    std::vector<Queue> queues;
    std::vector<Inflight> inflight;
    std::vector<Ended> ended;
    std::int64_t inbox = 0;          // messages not worked off
    std::vector<UserStorage> users;  // the largest ones, as many as were asked for
    std::int64_t other_users_bytes = 0;
    std::int64_t nodes = 1;                                     // alive
    std::optional<double> oldest_snapshot_s;                    // that keeps Postgres from cleaning up
    std::vector<std::pair<std::string, std::int64_t>> garbage;  // dead rows by table, of Postgres
};

}  // namespace darkroom::ports
