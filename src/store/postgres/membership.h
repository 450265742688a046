// This process as one of the nodes that share the database: its row in table nodes, renewed all the time by
// the database's clock from a thread of its own ("store-node"), and the lead. What is trusted here ends
// before what the database grants: a process that was stopped for a while finds out before it does anything.
//
// A node whose lease is over is marked as gone by whoever notices first, and from then on is nobody: if it
// comes back, it joins anew under another id.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/standing_trouble.h"
#include "ports/nodes.h"
#include "ports/random.h"
#include "store/postgres/pg_database.h"
#include "store/sql/node_rows.h"

namespace darkroom::store {

class Membership {
public:
    struct Options {
        NodeCard card = {};
        /// Tells this installation from others of the same name: a new process of it replaces the former one.
        std::string instance = {};
        Milliseconds lease{60'000};
    };

    Membership(PgSettings settings, Options options, ports::Random& random);
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;
    ~Membership();

    /// Refused while another node of this name is alive, unless that is this very installation.
    ports::StoreResult<void> join();
    /// What the others are like now, told on the thread every few seconds.
    struct Others {
        bool any = false;
        bool someone_left = false;  // just now: what it held can be taken over
    };
    /// Renews from now on.
    void start(std::function<void(const Others&)> tell);
    /// Gone at once, so that others need not wait for the end of the lease. Ends the thread.
    void leave() noexcept;

    NodeId this_node() const;
    bool holds_lease() const;
    bool leads() const;

private:
    void run();
    void enter(bool again);
    void renew_row();
    void renew_lead();
    std::int64_t bury_the_dead();
    Others look_at_others();
    std::int64_t trusted_until(std::int64_t asked_at) const;
    bool wait_for(Milliseconds time);

    const Options options_;
    ports::Random& random_;
    PgDatabase db_;  // the thread's own once it runs

    mutable std::mutex mutex_;  // of what follows
    std::condition_variable stop_asked_;
    NodeId node_;
    bool stopping_ = false;

    std::atomic<std::int64_t> held_until_{0};  // in milliseconds of CLOCK_BOOTTIME, which goes on in sleep
    std::atomic<std::int64_t> leads_until_{0};
    std::int64_t term_ = 0;  // that this node leads in; 0 = none
    std::function<void(const Others&)> tell_;
    StandingTrouble trouble_;
    std::thread thread_;
};

/// Alive ones and those that died in the last day, by name.
std::vector<ports::Node> list_nodes(Database& db, const NodeId& self);

}  // namespace darkroom::store
