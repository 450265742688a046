// A node whose lease and leadership are what the test says.
#pragma once
#include <atomic>
#include <mutex>
#include <vector>

#include "ports/nodes.h"
#include "ports/random.h"

namespace darkroom::testing {

class PlayedNodes : public ports::Nodes {
public:
    explicit PlayedNodes(ports::Random& random) : random_(random), id_(random.id<NodeId>()) {}

    NodeId this_node() const override {
        const std::lock_guard lock(mutex_);
        return id_;
    }
    bool holds_lease() const override { return holds_; }
    bool leads() const override { return leads_; }
    ports::StoreResult<std::vector<ports::Node>> list_nodes() override { return std::vector<ports::Node>{}; }

    void let_lease(bool hold) { holds_ = hold; }
    void let_lead(bool lead) { leads_ = lead; }
    /// As after a pause longer than the lease: it is another node now.
    void join_anew() {
        const std::lock_guard lock(mutex_);
        id_ = random_.id<NodeId>();
    }

private:
    ports::Random& random_;
    mutable std::mutex mutex_;
    NodeId id_;
    std::atomic<bool> holds_{true};
    std::atomic<bool> leads_{true};
};

}  // namespace darkroom::testing
