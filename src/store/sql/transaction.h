// What the pieces of work of one transaction share: its connection, and what they collect in memory because
// it costs less when it is written once for all of them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/job_store.h"
#include "ports/meters.h"
#include "store/sql/flow_book.h"

namespace darkroom::store {

/// What a transaction has to tell the listener once it is committed.
struct News {
    std::vector<JobId> changed;
    bool ready = false;       // something can be claimed now
    bool remote_due = false;  // a remote job or the inbox wants attention now
    bool stops = false;       // attempts were told to stop, perhaps another node's

    // For whoever counts.
    std::vector<std::string> created;  // types of jobs
    std::vector<ports::JobMove> moves;
    std::vector<std::pair<core::Status, core::JobEventKind>> moves_lost;
};

/// What work collects in memory stands in the rows when it commits.
struct Transaction {
    Transaction(Database& on, News& telling, const NodeId& self, const FlowRules& rules)
        : db(on), news(telling), node(self), flow(on, tallies, rules) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    Database& db;
    News& news;
    NodeId node;  // this one
    Tallies tallies;
    FlowBook flow;

    /// Before anybody looks at the line.
    void settle() {
        if (flow.settle()) news.ready = true;
    }
    /// A job has ended: it must lie past all marks of retention.
    void note_end(const ports::RetirementMark& end);
    /// Before anybody looks at those marks.
    void take_marks_back();
    /// One more job keeps this upload's picture.
    void use(const UploadId& upload) { ++uses_[upload]; }
    /// Before anybody looks at how many do.
    void write_uses();
    /// A request is remembered, so a few that have expired by now can be forgotten.
    void note_request(TimePoint now);
    /// Before the commit.
    void conclude(const std::string& shard) {
        settle();
        take_marks_back();
        write_uses();
        forget_old_requests();
        tallies.write(db, shard);
    }

private:
    void forget_old_requests();

    std::optional<ports::RetirementMark> earliest_end_;
    std::map<UploadId, std::int64_t> uses_;
    std::int64_t requests_ = 0;
    TimePoint requests_at_{};
};

}  // namespace darkroom::store
