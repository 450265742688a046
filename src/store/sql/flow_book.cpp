#include "store/sql/flow_book.h"

#include <algorithm>
#include <utility>

namespace darkroom::store {

void FlowBook::arrive(const FlowKey& key, const core::Turn& turn, bool is_new) {
    auto& flow = flows_[key];
    flow.arriving.push_back(turn);
    if (!is_new) flow.first_back = flow.first_back ? std::min(*flow.first_back, turn) : turn;
}

bool FlowBook::leave(const FlowKey& key, const core::Turn& turn) {
    auto& flow = flows_[key];
    const auto arrived = std::find(flow.arriving.begin(), flow.arriving.end(), turn);
    if (arrived != flow.arriving.end()) {
        flow.arriving.erase(arrived);
        return true;
    }
    auto& row = load(key, flow);  // first, so that nobody moves it meanwhile
    if (row.waiting > 0 && remove_backlog(db_, key, turn)) {
        --row.waiting;
        tallies_.add(tally::backlog, key.backend, -1);
        return true;
    }
    const auto vt = take_out_of_ready(db_, key, turn);
    if (!vt) return false;
    --row.admitted;
    tallies_.add(tally::ready, key.backend, -1);
    flow.returned.push_back(*vt);
    return true;
}

void FlowBook::freed(const FlowKey& key) { ++flows_[key].freed; }

void FlowBook::claimed(const std::string& backend, std::int64_t vt) {
    tallies_.add(tally::ready, backend, -1);
    auto& lane = lanes_[backend];
    if (!lane.claimed || *lane.claimed < vt) lane.claimed = vt;
}

bool FlowBook::settle() {
    std::vector<const FlowKey*> unknown;
    for (const auto& [key, flow] : flows_) {
        if (!flow.loaded) unknown.push_back(&key);
    }
    foresee_flows(db_, unknown);
    bool anybody = false;
    for (auto& [key, flow] : flows_) anybody = settle(key, flow) || anybody;
    for (auto& [backend, lane] : lanes_) {
        if (!lane.claimed) continue;
        put_lane_vt(db_, backend, *lane.claimed);
        if (lane.vt) lane.vt = std::max(*lane.vt, *lane.claimed);
        lane.claimed.reset();
    }
    return anybody;
}

// Afterwards nothing is kept in memory, because rows that nobody needs are gone.
int FlowBook::recount() {
    (void)settle();
    flows_.clear();
    const auto wrong = wrong_flows(db_);
    for (const auto& key : wrong) {
        auto& flow = flows_[key];
        flow.row = count_flow(db_, key, load(key, flow));
    }
    (void)settle();
    flows_.clear();
    forget_idle_flows(db_);
    forget_empty_tallies(db_);
    return static_cast<int>(wrong.size());
}

FlowRow& FlowBook::load(const FlowKey& key, Flow& flow) {
    if (!flow.loaded) {
        flow.row = flow.as_read = find_flow(db_, key);
        flow.loaded = true;
    }
    return flow.row;
}

core::Arrivals FlowBook::arrivals_of(const FlowKey& key, const Flow& flow) {
    const auto& row = flow.row;
    core::Arrivals arrivals;
    arrivals.share = row.share;
    arrivals.last_vt = row.last_vt;
    arrivals.room = core::admission_limit(row.share, rules_.window) - row.admitted;
    arrivals.arriving = flow.arriving;
    arrivals.returned = flow.returned;
    if (arrivals.room > 0 && row.waiting > 0) arrivals.backlog = first_of_backlog(db_, key, arrivals.room);
    if (arrivals.room > 0) arrivals.lane_vt = lane(key.backend);
    return arrivals;
}

// Whether places in line must be given to others than have them now.
bool FlowBook::pushes(const Flow& flow) {
    const auto& last = flow.row.last_turn;
    if (!flow.returned.empty() || (flow.first_back && *flow.first_back < last)) return true;
    return std::any_of(flow.arriving.begin(), flow.arriving.end(),
                       [&](const auto& turn) { return turn.rank < last.rank; });
}

bool FlowBook::settle(const FlowKey& key, Flow& flow) {
    auto& row = load(key, flow);
    row.admitted -= std::exchange(flow.freed, 0);
    auto arrivals = arrivals_of(key, flow);
    core::Admission admission;
    admission.last_vt = row.last_vt;
    if (!arrivals.arriving.empty() || !arrivals.backlog.empty() || !arrivals.returned.empty()) {
        const bool looks = pushes(flow);
        if (looks && row.admitted > 0) arrivals.standing = standing_of(db_, key);
        admission = core::admit(arrivals);
        row.last_turn = looks ? admission.last_turn : std::max(row.last_turn, admission.last_turn);
    }
    flow.arriving.clear();
    flow.first_back.reset();
    flow.returned.clear();
    write(key, flow, admission);
    return !admission.enter.empty();
}

void FlowBook::write(const FlowKey& key, Flow& flow, const core::Admission& admission) {
    for (const auto& turn : admission.called) call_from_backlog(db_, key, turn);
    for (const auto& one : admission.pushed_out) {
        remove_ready(db_, key.backend, one.vt, one.turn.job_seq);
        insert_backlog(db_, key, one.turn);
    }
    for (const auto& move : admission.move) move_ready(db_, key, move.from, move.to_vt);
    for (const auto& turn : admission.wait) insert_backlog(db_, key, turn);
    for (const auto& one : admission.enter) insert_ready(db_, key, one);
    auto& row = flow.row;
    const auto in_line = std::ssize(admission.enter) - std::ssize(admission.pushed_out);
    const auto in_backlog =
        std::ssize(admission.wait) + std::ssize(admission.pushed_out) - std::ssize(admission.called);
    tallies_.add(tally::ready, key.backend, in_line);
    tallies_.add(tally::backlog, key.backend, in_backlog);
    row.admitted += in_line;
    row.waiting += in_backlog;
    row.last_vt = admission.last_vt;
    if (row == flow.as_read) return;
    put_flow(db_, key, row);
    row.exists = true;
    flow.as_read = row;
}

std::int64_t FlowBook::lane(const std::string& backend) {
    auto& lane = lanes_[backend];
    if (!lane.vt) lane.vt = lane_vt(db_, backend);
    return lane.claimed ? std::max(*lane.vt, *lane.claimed) : *lane.vt;
}

}  // namespace darkroom::store
