// How much each user keeps in the storage, for an operator who asks: added up over all jobs, page by page and
// with pauses, because nothing of the queue may be slower for it. The sums are those of the last time that
// all was added; a picture that several jobs use counts for each. Thumbnails do not count.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/meters.h"

namespace darkroom::upkeep {

struct StorageSumSettings {
    int users_max = 0;  // that are named
    Milliseconds period{600'000};
    Milliseconds pause{20};                 // after each page
    std::size_t users_known_max = 100'000;  // in memory while it adds; what is beyond is told as one
    /// Several nodes need not all count. Asked before each round.
    std::function<bool()> is_wanted = [] { return true; };
};

class StorageSums {
public:
    struct Sums {
        std::vector<ports::StoreGauges::UserStorage> largest;  // the largest first
        std::int64_t others = 0;
    };

    StorageSums(ports::JobStore& store, const ports::Clock& clock, StorageSumSettings settings);

    /// Rounds until stop(); the thread that calls it is this object's.
    void run();
    void stop();
    /// Adds up once; false if the store did not answer or it was stopped: then the last sums stay.
    bool run_round();
    /// Unset before the first round, and while the count is another node's. Any thread.
    std::optional<Sums> sums() const;

private:
    using ByUser = std::map<std::string, std::int64_t>;

    bool add_up(const ports::JobFilter& filter, ByUser& users, std::int64_t& beyond);
    void add(const core::Job& job, ByUser& users, std::int64_t& beyond) const;
    Sums largest_of(const ByUser& users, std::int64_t beyond) const;

    ports::JobStore& store_;
    const ports::Clock& clock_;
    const StorageSumSettings settings_;
    const std::unique_ptr<ports::WakeUp> wake_up_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;  // of what follows
    std::optional<Sums> sums_;
};

}  // namespace darkroom::upkeep
