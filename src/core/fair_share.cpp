#include "core/fair_share.h"

#include <algorithm>

namespace darkroom::core {
namespace {

enum class From { line, backlog, outside };

struct Candidate {
    Turn turn;
    From from = From::outside;
    std::int64_t vt = 0;  // of who is in line
};

std::vector<Candidate> candidates(const Arrivals& arrivals) {
    std::vector<Candidate> all;
    all.reserve(arrivals.standing.size() + arrivals.arriving.size() + arrivals.backlog.size());
    for (const auto& one : arrivals.standing) all.push_back({one.turn, From::line, one.vt});
    for (const auto& turn : arrivals.arriving) all.push_back({turn, From::outside});
    for (const auto& turn : arrivals.backlog) all.push_back({turn, From::backlog});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.turn < b.turn; });
    return all;
}

std::vector<std::int64_t> places(const Arrivals& arrivals) {
    std::vector<std::int64_t> vts = arrivals.returned;
    for (const auto& one : arrivals.standing) vts.push_back(one.vt);
    std::sort(vts.begin(), vts.end());
    return vts;
}

void let_in(Admission& admission, const Candidate& who, std::int64_t vt) {
    if (who.from == From::line) {
        if (who.vt != vt) admission.move.push_back({{who.turn, who.vt}, vt});
        return;
    }
    if (who.from == From::backlog) admission.called.push_back(who.turn);
    admission.enter.push_back({who.turn, vt});
}

void keep_out(Admission& admission, const Candidate& who) {
    if (who.from == From::outside) admission.wait.push_back(who.turn);
    if (who.from == From::line) admission.pushed_out.push_back({who.turn, who.vt});
}

}  // namespace

std::int64_t admission_limit(const FairShare& share, int window) {
    const auto limit = share.inflight_max ? std::min(*share.inflight_max, window) : window;
    return std::max(1, limit);
}

Admission admit(const Arrivals& arrivals) {
    const auto cost = fair_cost / std::max(1, arrivals.share.weight);
    const auto all = candidates(arrivals);
    const auto vts = places(arrivals);
    const auto free = static_cast<std::size_t>(std::max<std::int64_t>(0, arrivals.room));
    const auto count = std::min(all.size(), arrivals.standing.size() + free);
    Admission admission;
    admission.last_vt = arrivals.last_vt;
    for (std::size_t i = 0; i < count; ++i) {
        if (i < vts.size()) {
            let_in(admission, all[i], vts[i]);
        } else {
            admission.last_vt = std::max(arrivals.lane_vt, admission.last_vt) + cost;
            let_in(admission, all[i], admission.last_vt);
        }
    }
    if (count > 0) admission.last_turn = all[count - 1].turn;
    for (auto i = count; i < all.size(); ++i) keep_out(admission, all[i]);
    // Places that nobody takes are given back: who cancels does not pay.
    if (count < vts.size()) admission.last_vt = vts[count] - cost;
    return admission;
}

}  // namespace darkroom::core
