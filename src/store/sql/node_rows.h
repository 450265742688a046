// Table nodes, and what changes hands when a node is gone. A node that is not in the table, or is there as
// gone, holds nothing any more: whoever asks first takes it over.
#pragma once
#include <vector>

#include "ports/nodes.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// What a process says of itself.
struct NodeCard {
    std::string name = "this-machine";
    std::string role = "all";
    std::string version;
};

/// Remote jobs and messages all at once, attempts in flight at most `count_max` of them.
std::vector<ports::InflightAttempt> take_over(Transaction& transaction, int count_max);

}  // namespace darkroom::store
