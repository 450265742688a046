#include "dispatch/weighted_turns.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace darkroom::dispatch {
namespace {

std::int64_t weight_of(const WeightedTurns::Member& member) { return std::max(1, member.weight); }

}  // namespace

std::vector<std::int64_t> WeightedTurns::credits_of(const std::vector<Member>& members) const {
    std::vector<std::int64_t> credits;
    for (const auto& member : members) {
        const auto found = credits_.find(member.name);
        credits.push_back(found == credits_.end() ? 0 : found->second);
    }
    return credits;
}

std::vector<int> WeightedTurns::share_out(int jobs, const std::vector<Member>& members) const {
    std::vector<int> shares(members.size(), 0);
    auto credits = credits_of(members);
    for (int job = 0; job < jobs; ++job) {
        std::int64_t weights = 0;
        std::size_t next = members.size();
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (shares[i] >= members[i].room) continue;
            weights += weight_of(members[i]);
            credits[i] += weight_of(members[i]);
            if (next == members.size() || credits[i] > credits[next]) next = i;
        }
        if (next == members.size()) break;
        credits[next] -= weights;
        ++shares[next];
    }
    return shares;
}

std::vector<std::size_t> WeightedTurns::order(const std::vector<Member>& members) const {
    auto credits = credits_of(members);
    for (std::size_t i = 0; i < members.size(); ++i) credits[i] += weight_of(members[i]);
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t left, std::size_t right) { return credits[left] > credits[right]; });
    return order;
}

void WeightedTurns::took(const std::vector<Member>& members, const std::vector<int>& taken) {
    DR_CHECK(members.size() == taken.size());
    std::int64_t weights = 0;
    std::int64_t jobs = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
        // One without room neither gains nor pays: its share was the others'.
        if (members[i].room <= 0) continue;
        weights += weight_of(members[i]);
        jobs += taken[i];
    }
    const auto credits = credits_of(members);
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].room <= 0) continue;
        const auto credit = credits[i] + jobs * weight_of(members[i]) - taken[i] * weights;
        // As much as plain turns can ever leave: what an endpoint missed while it was full is not made up
        // for.
        credits_[members[i].name] = std::clamp(credit, -weights, weights);
    }
}

}  // namespace darkroom::dispatch
