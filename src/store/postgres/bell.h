// What nodes tell each other after commits, by LISTEN and NOTIFY on a connection and a thread of its own
// ("store-bell"): which jobs changed, and that there is something to claim, to look after or to stop. It is a
// wake-up, no memory: what is lost with a connection is made good by looking at everything again after each
// new one, and every few seconds anyway. Telling is a transaction of its own after that of the data.
#pragma once
#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ports/job_store.h"
#include "store/postgres/pg_database.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// What one message says.
struct Ring {
    std::vector<JobId> changed;
    bool ready = false;
    bool remote_due = false;
    bool stops = false;
    bool look = false;  // more changed than can be told: look at everything
};
/// As texts short enough for NOTIFY: flags, then ids.
std::vector<std::string> to_messages(const Ring& ring);
/// What makes no sense, somebody else said: nothing.
Ring parse_ring(std::string_view message);

class Bell {
public:
    /// `look_every`: how long something may stay unheard at most.
    Bell(PgSettings settings, Milliseconds look_every);
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    ~Bell();

    void start();
    void stop() noexcept;
    void set_listener(ports::StoreListener* listener);
    /// Of a commit of this process. Any thread; never waits.
    void ring(const News& news);
    /// Has the listener look at everything.
    void look_again();
    /// Whether there is anybody to tell. Until it is said, and whenever another node is heard, there is.
    void set_others(bool any);

private:
    void run();
    void listen();
    void look_if_it_is_time();
    bool stops();
    void hear_and_tell();
    void tell();
    void keep(const Ring& ring);
    void hear(const std::vector<PgConnection::Notice>& notices);
    void tell_listener(const Ring& ring);
    void wake() const;
    Milliseconds until_next_look() const;

    PgDatabase db_;
    const std::string channel_;
    const Milliseconds look_every_;
    bool has_listened_ = false;

    std::mutex mutex_;  // of what follows
    Ring waiting_;
    std::set<JobId> waiting_ids_;
    bool looks_again_ = false;
    std::atomic<bool> others_{true};
    std::atomic<Instant> heard_at_{Instant{}};  // another node
    bool stopping_ = false;

    std::mutex listener_mutex_;  // held while the listener is told, so that it can be taken away safely
    ports::StoreListener* listener_ = nullptr;

    int wake_fd_ = -1;
    Instant next_look_{};
    std::minstd_rand random_;
    std::thread thread_;
};

}  // namespace darkroom::store
