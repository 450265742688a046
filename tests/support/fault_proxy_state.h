// What the threads of a fault proxy share: the plans, what was seen, and the wish to end. For the proxy's own
// files.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/support/fault_proxy.h"

namespace darkroom::testing {

struct FaultProxy::State {
    struct Plan {
        Fault fault;
        int times_left;
        When when;
    };

    std::uint16_t upstream_port = 0;
    UniqueFd stop;  // readable once the proxy ends; every wait of a thread looks at it
    UniqueFd door_moved;

    mutable std::mutex mutex;
    std::vector<Plan> plans;
    std::vector<SeenRequest> seen;
    Door door_wanted = Door::open;
    std::condition_variable door_is_set;
    Door door = Door::open;
    int connections = 0;
    std::atomic<std::uint64_t> bytes_up{0};
    std::atomic<std::uint64_t> bytes_down{0};

    /// Notes the request and finds its fault.
    Fault fault_for(const SeenRequest& request);
};

/// The life of one connection; returns when it or the proxy ends.
void serve_faulty_connection(FaultProxy::State& state, UniqueFd client, int number);

}  // namespace darkroom::testing
