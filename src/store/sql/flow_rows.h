// Tables flow and lanes, and the users' side of ready and backlog: what the rule of core/fair_share.h reads
// and writes. Decides nothing.
#pragma once
#include <string>
#include <vector>

#include "core/fair_share.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// How a user stands with one kind of backend. No row is a user who never had a job there, or none lately.
struct FlowRow {
    std::int64_t admitted = 0;                // rows in ready and in flight
    std::int64_t waiting = 0;                 // rows in backlog
    std::int64_t last_vt = 0;                 // of the last place in line
    core::Turn last_turn = core::first_turn;  // nobody in line comes after this one
    core::FairShare share;                    // not a column: what table shares says
    bool exists = false;
    bool operator==(const FlowRow&) const = default;
};

struct FlowKey {
    std::string backend;
    UserId user;
    auto operator<=>(const FlowKey&) const = default;  // NOLINT(modernize-use-nullptr): its mistake
};

/// These will be found soon.
void foresee_flows(Database& db, const std::vector<const FlowKey*>& keys);
/// Locked until the transaction ends, where others may write.
FlowRow find_flow(Database& db, const FlowKey& key);
void put_flow(Database& db, const FlowKey& key, const FlowRow& row);

/// The largest virtual time that was claimed of this kind of backend.
std::int64_t lane_vt(Database& db, const std::string& backend);
void put_lane_vt(Database& db, const std::string& backend, std::int64_t vt);

std::vector<core::Turn> first_of_backlog(Database& db, const FlowKey& key, std::int64_t count_max);
void insert_backlog(Database& db, const FlowKey& key, const core::Turn& turn);
/// Whether it was there.
bool remove_backlog(Database& db, const FlowKey& key, const core::Turn& turn);

/// It was read in this transaction.
void call_from_backlog(Database& db, const FlowKey& key, const core::Turn& turn);

std::vector<core::Standing> standing_of(Database& db, const FlowKey& key);
void insert_ready(Database& db, const FlowKey& key, const core::Standing& standing);
void move_ready(Database& db, const FlowKey& key, const core::Standing& from, std::int64_t to_vt);
void remove_ready(Database& db, const std::string& backend, std::int64_t vt, std::int64_t job_seq);
/// The place that it had.
std::optional<std::int64_t> take_out_of_ready(Database& db, const FlowKey& key, const core::Turn& turn);

/// Those whose row in flow says something else than the tables it counts.
std::vector<FlowKey> wrong_flows(Database& db);
FlowRow count_flow(Database& db, const FlowKey& key, FlowRow row);
/// Users without a job whose last place is behind the line: without a row they stand the same.
void forget_idle_flows(Database& db);

}  // namespace darkroom::store
