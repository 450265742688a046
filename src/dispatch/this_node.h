// This node, for what is done on its behalf: work is taken as one node, and whoever goes on with it later
// asks whether it is still that one. After a lease was over the process is another node, and what it had
// taken is somebody else's.
#pragma once
#include "ports/nodes.h"

namespace darkroom::dispatch {

/// A value; safe to use from many threads.
class ThisNode {
public:
    /// nullptr = no other process can take over what this one holds.
    explicit ThisNode(const ports::Nodes* nodes) : nodes_(nodes) {}

    /// To be read before something is taken, so that it is never younger than what was taken.
    NodeId id() const { return nodes_ != nullptr ? nodes_->this_node() : NodeId{}; }
    /// What was taken as `holder` may be this node's still; what it writes about it is stale if not.
    bool is(const NodeId& holder) const { return id() == holder; }
    /// It is this node's for sure, for seconds to come.
    bool holds_as(const NodeId& holder) const {
        return nodes_ == nullptr || (nodes_->holds_lease() && nodes_->this_node() == holder);
    }
    /// Whether this node does what one of all must do.
    bool leads() const { return nodes_ == nullptr || nodes_->leads(); }

private:
    const ports::Nodes* nodes_;
};

}  // namespace darkroom::dispatch
