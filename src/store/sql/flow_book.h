// Who comes and goes in the queue during one transaction, and what follows from it for the line: collected in
// memory, done once before the commit, for each user once (core/fair_share.h decides). So 500 jobs that one
// user creates in a batch cost one read and one write of his row in flow. Who wants to claim settles first.
//
// Rows of users are locked in one order and last of all, so that two nodes that settle cannot wait for each
// other; only a job that leaves the queue unclaimed takes its user's row at once.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/sql/flow_rows.h"
#include "store/sql/tallies.h"

namespace darkroom::store {

struct FlowRules {
    int window = core::default_admission_window;
};

class FlowBook {
public:
    FlowBook(Database& db, Tallies& tallies, const FlowRules& rules)
        : db_(db), tallies_(tallies), rules_(rules) {}

    /// A job that is new is younger than all others, whatever its seq says: nodes draw them in blocks.
    void arrive(const FlowKey& key, const core::Turn& turn, bool is_new);
    /// Out of wherever it stands; false = it stood nowhere.
    bool leave(const FlowKey& key, const core::Turn& turn);
    /// A row in flight went, or one of ready that nobody can claim.
    void freed(const FlowKey& key);
    /// Out of ready, to be worked on.
    void claimed(const std::string& backend, std::int64_t vt);

    /// Returns whether somebody is in line who was not.
    bool settle();
    /// Compares the rows of flow with what they count, sets right what is wrong, and forgets who does not
    /// matter. Returns for how many users it was wrong: there is no such case but by a bug.
    int recount();

private:
    struct Flow {
        bool loaded = false;
        FlowRow row;
        FlowRow as_read;
        std::int64_t freed = 0;
        std::vector<core::Turn> arriving;
        std::optional<core::Turn> first_back;  // the first of them that is not new
        std::vector<std::int64_t> returned;
    };

    struct Lane {
        std::optional<std::int64_t> vt;       // as its row says, once somebody wants to know
        std::optional<std::int64_t> claimed;  // by this transaction, up to there; not written yet
    };

    FlowRow& load(const FlowKey& key, Flow& flow);
    bool settle(const FlowKey& key, Flow& flow);
    core::Arrivals arrivals_of(const FlowKey& key, const Flow& flow);
    static bool pushes(const Flow& flow);
    void write(const FlowKey& key, Flow& flow, const core::Admission& admission);
    std::int64_t lane(const std::string& backend);

    Database& db_;
    Tallies& tallies_;
    const FlowRules rules_;
    std::map<FlowKey, Flow> flows_;
    std::map<std::string, Lane> lanes_;
};

}  // namespace darkroom::store
