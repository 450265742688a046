// The submits that wait for a thread, in the order in which they came, and the attempts that are in hand. An
// endpoint that answers slowly never gets all threads while there is another one.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "core/job.h"
#include "ports/clock.h"
#include "ports/remote_backend.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

/// One submit to be made. Its row is written.
struct Errand {
    core::Job job;
    ports::RemoteBackend* site = nullptr;
    ports::RemoteJobRef ref;
    std::optional<ports::RemoteJobRef> unclear;  // the submit that this one repeats
    NodeId holder;                               // as which this node took it
};

/// Safe to use from many threads at once.
class ErrandQueue {
public:
    ErrandQueue(const ports::Clock& clock, bool has_several_sites)
        : clock_(clock), has_several_sites_(has_several_sites) {}

    /// Marks an attempt as in hand; false if it is already. add() and done() do so themselves.
    bool reserve(const AttemptId& attempt);
    void release(const AttemptId& attempt);

    /// False once the queue is closed: then nothing was added.
    bool add(Errand& errand);
    /// For a thread that sends: waits for the next errand; nullopt once the queue is closed and empty.
    std::optional<Errand> wait_for_next();
    /// The next one at once, whatever its endpoint.
    std::optional<Errand> take_any();
    /// Of an errand that was taken, however it went.
    void done(const Errand& errand);

    /// While a thread may send: between these two it counts as one.
    void join();
    void part();
    void close();
    bool is_closed() const;

private:
    std::optional<Errand> take(bool any_site);  // with mutex_ held

    const ports::Clock& clock_;
    const bool has_several_sites_;
    mutable std::mutex mutex_;  // of what follows
    bool closed_ = false;
    int threads_ = 0;
    std::deque<Errand> waiting_;
    std::set<AttemptId> in_hand_;
    std::map<const ports::RemoteBackend*, int> sending_;
    std::vector<std::shared_ptr<ports::WakeUp>> idle_;
};

}  // namespace darkroom::dispatch
