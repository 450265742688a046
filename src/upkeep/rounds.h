// What is done again and again while a gateway runs, in the right order and not too often. Everything that is
// removed without being asked for is Darkroom's own beyond doubt: orphans are left to an operator, because a
// bucket may serve two installations.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/nodes.h"
#include "ports/object_store.h"
#include "upkeep/retention.h"

namespace darkroom::upkeep {

struct RoundSettings {
    RetentionPolicy retention;
    Milliseconds period{60'000};
    Milliseconds sweep_period{6 * 3'600'000};       // of what costs listings
    Milliseconds unfinished_after{24 * 3'600'000};  // a put of that age has been given up
    // What there must be one to do is done by the node that leads, and a new one begins so soon. None: there
    // are no others.
    const ports::Nodes* nodes = nullptr;
    Milliseconds leadership_look{10'000};
    // An output in a bucket, which another installation may share: no remote job lives longer.
    Milliseconds outputs_abandoned_after{8LL * 24 * 3'600'000};
};

class Rounds {
public:
    /// `volume` is the workers' network volume, nullptr if there is none beside `objects`.
    Rounds(ports::JobStore& store, ports::ObjectStore& objects, ports::ObjectStore* volume,
           const ports::Clock& clock, RoundSettings settings);

    /// One more network volume, which only some endpoints have. Before run().
    void look_after(ports::ObjectStore& volume) { more_volumes_.push_back(&volume); }
    /// Rounds until stop(); the thread that calls it is upkeep's.
    void run();
    void stop();
    /// Whoever leads does everything, others nothing.
    void run_round();

private:
    bool leads() const { return settings_.nodes == nullptr || settings_.nodes->leads(); }
    void sweep();
    void sweep_volume(ports::ObjectStore& volume);
    void sweep_unfinished(ports::ObjectStore& objects);
    void sweep_of_workers(ports::ObjectStore& objects, std::span<const std::string_view> prefixes,
                          Milliseconds age);

    ports::JobStore& store_;
    ports::ObjectStore& objects_;
    ports::ObjectStore* volume_;
    std::vector<ports::ObjectStore*> more_volumes_;
    const ports::Clock& clock_;
    const RoundSettings settings_;
    const std::unique_ptr<ports::WakeUp> wake_up_;
    std::atomic<bool> stopping_{false};
    Instant next_sweep_;
};

}  // namespace darkroom::upkeep
