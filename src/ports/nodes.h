// The processes that share a store. Each is a node from its start to its end: what it claims, it holds, under
// a lease that it renews all the time by the store's own clock. When the lease is over, because the process
// died, hangs or lost the store, another node takes over what it held (JobStore::take_over), and nothing that
// the old one still tries to write about it counts. With SQLite there is one node, and what an earlier
// process left is that of a node that is gone.
#pragma once
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "ports/job_store.h"

namespace darkroom::ports {

struct Node {
    NodeId id;         // of this process, not of the machine: a restart is another node
    std::string name;  // as configured
    std::string role;  // all, api, dispatcher
    std::string version;
    TimePoint started_at{};
    TimePoint seen_at{};  // by the store's clock
    bool is_alive = true;
    bool leads = false;
    bool is_this = false;
};

class Nodes {
public:
    virtual ~Nodes() = default;
    /// Changes when the store had to join anew, after its lease was over.
    virtual NodeId this_node() const = 0;
    /// Whether what this node holds is still its own for sure. Asked right before anything is sent that must
    /// not be sent twice. Never blocks.
    virtual bool holds_lease() const = 0;
    /// Whether this node does the work of which there must be one: retention, expiry, scaling. Never blocks.
    virtual bool leads() const = 0;
    /// Alive ones and those that died in the last day, by name.
    virtual StoreResult<std::vector<Node>> list_nodes() = 0;
};

}  // namespace darkroom::ports
