#include "dispatch/remote_lane.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

// How soon to ask whether the first pass is over.
constexpr Milliseconds pass_again_after{200};
// Jobs shared out at a time, at first and at most: the queue may hold fewer of a kind than are counted, and
// the first to claim must then not get them all.
constexpr int shared_at_first = 4;
constexpr int shared_at_most = 64;
// What is spent elsewhere is not Darkroom's to count, or costs the same whether it works or not.
constexpr std::string_view paid_kind = "serverless";

}  // namespace

ports::StoreResult<void> RemoteLane::recover(const ports::InflightAttempt& inflight) {
    const auto rows = parts_.remote_jobs.find_remote_jobs(inflight.attempt);
    if (!rows) return Fail(rows.error());
    const auto* const site = find_site(inflight.endpoint);
    if (site != nullptr && site->is_polled()) {
        if (auto hurried = look_now_at_intended(*rows); !hurried) return hurried;
    }
    const bool is_followed = std::any_of(
        rows->begin(), rows->end(), [](const auto& row) { return row.state != ports::RemoteState::ended; });
    if (is_followed) return {};
    const auto job = parts_.jobs.find_job(ports::Access::everyone(), inflight.job);
    if (!job) return Fail(job.error());
    if (!job->has_value()) return {};  // retention on another node was faster, and took the slot along
    const auto code = inflight.stopping ? core::ErrorCode::cancelled : core::ErrorCode::interrupted;
    parts_.collector.fail(**job, inflight.attempt, {code, std::string(core::traits(code).message)},
                          inflight.endpoint);
    return {};
}

const ports::RemoteBackend* RemoteLane::find_site(const std::string& endpoint) const {
    for (const auto* site : parts_.sites.all()) {
        if (site->endpoint().name == endpoint) return site;
    }
    return nullptr;
}

// Where the last process died before it had noted the answer. A site that is polled is asked what it has
// before it is sent anything again, so there is nothing to wait for.
ports::StoreResult<void> RemoteLane::look_now_at_intended(const std::vector<ports::RemoteJob>& rows) {
    for (const auto& row : rows) {
        if (row.state != ports::RemoteState::intended) continue;
        const ports::RemoteNote now{
            .phase_seen = row.phase_seen, .look_at = parts_.clock.now(), .waiting_for = ""};
        if (auto noted = parts_.remote_jobs.note_look(row.ref, now); !noted) return noted;
    }
    return {};
}

std::map<std::string, std::vector<RemoteLane::Room>> RemoteLane::find_rooms() {
    std::map<std::string, std::vector<Room>> rooms;
    const auto now = parts_.clock.monotonic();
    for (auto* site : parts_.sites.active()) {
        const auto& endpoint = site->endpoint();
        const auto allowance = parts_.submitter.pace().allowance(site->target(), site->trouble().has_value(),
                                                                 endpoint.inflight_max, now);
        if (allowance > 0) rooms[endpoint.backend].push_back({site, allowance});
    }
    return rooms;
}

ports::StoreResult<int> RemoteLane::fill() {
    if (parts_.sites.active().empty() || !parts_.first_pass_done()) return 0;
    const auto kinds = find_rooms();
    if (kinds.empty()) return 0;
    const bool is_capped = parts_.spend_cap != nullptr && parts_.spend_cap->reached();
    int dispatched = 0;
    for (const auto& [kind, rooms] : kinds) {
        if (is_capped && kind == paid_kind) continue;
        const auto filled = rooms.size() == 1 ? fill_one(rooms[0], rooms[0].allowance) : fill_kind(rooms);
        if (!filled) return Fail(filled.error());
        dispatched += *filled;
    }
    return dispatched;
}

ports::StoreResult<int> RemoteLane::fill_one(const Room& room, int jobs_max) {
    const auto& endpoint = room.site->endpoint();
    const auto holder = parts_.submitter.holder();
    auto claimed = parts_.jobs.claim({.backend = endpoint.backend,
                                      .endpoint = endpoint.name,
                                      .inflight_max = endpoint.inflight_max,
                                      .jobs_max = jobs_max,
                                      .now = parts_.clock.now(),
                                      .remote = parts_.submitter.plan_for(*room.site)});
    if (!claimed) {
        if (claim_trouble_.met(parts_.clock.monotonic()))
            log::error("jobs could not be claimed",
                       {{"endpoint", endpoint.name}, {"detail", claimed.error().detail}});
        return Fail(claimed.error());
    }
    if (claim_trouble_.is_over()) log::info("jobs can be claimed again", {{"endpoint", endpoint.name}});
    const auto count = static_cast<int>(claimed->size());
    parts_.submitter.pace().took(room.site->target(), count);
    for (auto& [job] : *claimed) parts_.submitter.add(std::move(job), *room.site, holder);
    return count;
}

ports::StoreResult<int> RemoteLane::fill_kind(const std::vector<Room>& rooms) {
    const auto queue = parts_.jobs.count_queue();
    if (!queue) return Fail(queue.error());
    auto members = members_of(rooms);
    if (!members) return Fail(members.error());
    std::int64_t room = 0;
    for (const auto& member : *members) room += member.room;
    auto left = std::min(queue->ready, room);
    int dispatched = 0;
    for (int at_once = shared_at_first; left > 0; at_once = std::min(at_once * 2, shared_at_most)) {
        const int jobs = static_cast<int>(std::min<std::int64_t>(left, at_once));
        const auto taken = fill_pass(rooms, *members, jobs);
        if (!taken) return Fail(taken.error());
        dispatched += *taken;
        left -= *taken;
        if (*taken < jobs) break;  // no more of this kind
    }
    return dispatched;
}

ports::StoreResult<std::vector<WeightedTurns::Member>> RemoteLane::members_of(
    const std::vector<Room>& rooms) {
    std::vector<WeightedTurns::Member> members;
    for (const auto& room : rooms) {
        const auto& endpoint = room.site->endpoint();
        const auto inflight = parts_.jobs.list_inflight(endpoint.name);
        if (!inflight) return Fail(inflight.error());
        const auto free = endpoint.inflight_max - static_cast<int>(inflight->size());
        members.push_back({.name = room.site->target(),
                           .weight = endpoint.weight,
                           .room = std::clamp(free, 0, room.allowance)});
    }
    return members;
}

ports::StoreResult<int> RemoteLane::fill_pass(const std::vector<Room>& rooms,
                                              std::vector<WeightedTurns::Member>& members, int jobs) {
    std::vector<int> shares;
    std::vector<std::size_t> order;
    {
        const std::lock_guard lock(mutex_);
        shares = turns_.share_out(jobs, members);
        order = turns_.order(members);
    }
    std::vector<int> taken(rooms.size(), 0);
    int sum = 0;
    for (const auto i : order) {
        if (shares[i] == 0) continue;
        const auto filled = fill_one(rooms[i], shares[i]);
        if (!filled) return Fail(filled.error());
        taken[i] = *filled;
        sum += *filled;
    }
    {
        const std::lock_guard lock(mutex_);
        turns_.took(members, taken);
    }
    for (std::size_t i = 0; i < rooms.size(); ++i) members[i].room -= taken[i];
    return sum;
}

std::optional<Instant> RemoteLane::next_round() const {
    const auto now = parts_.clock.monotonic();
    auto next = parts_.submitter.pace().next_change(now);
    if (!parts_.first_pass_done()) {
        const auto again = now + pass_again_after;
        next = next ? std::min(*next, again) : again;
    }
    return next;
}

int RemoteLane::inflight_max() const {
    int sum = 0;
    for (const auto* site : parts_.sites.active()) sum += site->endpoint().inflight_max;
    return sum;
}

std::vector<std::string> RemoteLane::troubles() const {
    std::vector<std::string> troubles;
    if (parts_.spend_cap != nullptr) {
        if (auto trouble = parts_.spend_cap->trouble()) troubles.push_back(*std::move(trouble));
    }
    for (const auto* site : parts_.sites.active()) {
        if (const auto trouble = site->trouble())
            troubles.push_back("Endpoint " + site->endpoint().name + " gets nothing: " + *trouble);
    }
    return troubles;
}

}  // namespace darkroom::dispatch
