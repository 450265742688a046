#include "dispatch/inbox_reader.h"

#include <algorithm>
#include <map>

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

using ports::Adoption;
using ports::RemotePhase;
using ports::RemoteState;

const ports::RemoteJob* find(const std::vector<ports::RemoteJob>& rows, const std::string& remote_id) {
    for (const auto& row : rows) {
        if (row.remote_id == remote_id) return &row;
    }
    return nullptr;
}

std::string outcome_of_look(std::optional<RemotePhase> phase, bool told_success) {
    if (!phase) return "unheard";
    const bool same = told_success ? *phase == RemotePhase::succeeded : ports::is_end(*phase);
    return same ? "confirmed" : "mismatch";
}

}  // namespace

bool InboxReader::take(const AttemptId& attempt, const std::vector<ports::InboxEntry>& entries) {
    // Reports first: they need no request, and leave nothing to ask for the hints.
    bool all_taken = true;
    std::map<std::string, std::vector<const ports::InboxEntry*>> hints;
    for (const auto& entry : entries) {
        if (entry.kind == ports::InboxKind::report)
            all_taken &= take_report(entry);
        else
            hints[entry.remote_id].push_back(&entry);
    }
    for (const auto& [remote_id, same] : hints)
        all_taken &= remote_id.empty() ? take_nameless_hints(attempt, same) : take_hints(attempt, same);
    return all_taken;
}

bool InboxReader::settle(const ports::InboxEntry& entry, const std::string& outcome) {
    if (outcome == "mismatch")
        log::warning("what came in about a remote job is not so",
                     {{"attempt", entry.attempt.str()}, {"remote_id", entry.remote_id}});
    if (!remote_jobs_.settle_inbox(entry.seq, outcome)) return false;
    meters_.webhook_settled(entry.kind == ports::InboxKind::report ? "report" : "hint", outcome);
    return true;
}

// However often the same was told: one look answers all of it.
bool InboxReader::take_hints(const AttemptId& attempt, const std::vector<const ports::InboxEntry*>& hints) {
    const bool tells_success =
        std::any_of(hints.begin(), hints.end(), [](const auto* hint) { return hint->tells_success; });
    const auto heard = follow_hint(attempt, hints.front()->remote_id, tells_success);
    if (!heard) return false;
    bool settled = true;
    for (const auto* hint : hints)
        settled &= settle(*hint, heard->outcome.empty() ? outcome_of_look(heard->phase, hint->tells_success)
                                                        : heard->outcome);
    return settled;
}

std::optional<InboxReader::Heard> InboxReader::follow_hint(const AttemptId& attempt,
                                                           const std::string& remote_id, bool tells_success) {
    const auto adoption = remote_jobs_.adopt(attempt, remote_id, clock_.now());
    if (!adoption) return std::nullopt;
    if (*adoption == Adoption::forgotten) return Heard{"forgotten", {}};
    if (*adoption == Adoption::foreign) return Heard{"mismatch", {}};
    const auto due = remote_jobs_.hurry(attempt, remote_id, tells_success, clock_.now());
    if (!due) return std::nullopt;
    if (!*due) return Heard{"late", {}};
    const auto rows = remote_jobs_.find_remote_jobs(attempt);
    if (!rows) return std::nullopt;
    const auto* row = find(*rows, remote_id);
    if (row == nullptr) return Heard{"forgotten", {}};
    const auto followed = watch_.follow(*row, "webhook");
    if (followed.step == Step::store_failed) return std::nullopt;
    return Heard{*adoption == Adoption::surplus ? "duplicate" : "", followed.phase};
}

// A body that could not be read, from a sender who knew the attempt's token: whatever it is about is looked
// at.
bool InboxReader::take_nameless_hints(const AttemptId& attempt,
                                      const std::vector<const ports::InboxEntry*>& hints) {
    const auto rows = remote_jobs_.find_remote_jobs(attempt);
    if (!rows) return false;
    std::string outcome = rows->empty() ? "forgotten" : "late";
    for (const auto& row : *rows) {
        if (row.remote_id.empty() || row.state == RemoteState::ended) continue;
        const auto followed = watch_.follow(row, "webhook");
        if (followed.step == Step::store_failed) return false;
        outcome = followed.phase ? "confirmed" : "unheard";
    }
    return std::all_of(hints.begin(), hints.end(), [&](const auto* hint) { return settle(*hint, outcome); });
}

bool InboxReader::take_report(const ports::InboxEntry& report) {
    const auto adoption = remote_jobs_.adopt(report.attempt, report.remote_id, clock_.now());
    if (!adoption) return false;
    if (*adoption == Adoption::forgotten) return settle(report, "forgotten");
    if (*adoption == Adoption::foreign) return settle(report, "mismatch");
    auto rows = remote_jobs_.find_remote_jobs(report.attempt);
    if (!rows) return false;
    const auto* row = find(*rows, report.remote_id);
    if (row == nullptr) return settle(report, "forgotten");
    if (row->state == RemoteState::ended) {
        // A success opens it once more: until its result is kept somebody must look after it.
        const auto opened =
            remote_jobs_.hurry(report.attempt, report.remote_id, report.tells_success, clock_.now());
        if (!opened) return false;
        if (!*opened) return settle(report, "late");
        rows = remote_jobs_.find_remote_jobs(report.attempt);
        if (!rows) return false;
        row = find(*rows, report.remote_id);
        if (row == nullptr) return settle(report, "forgotten");
    }
    const auto taken = watch_.take_report(*row, report.body);
    if (taken) return *taken != Step::store_failed && settle(report, "confirmed");
    if (taken.error().kind != ports::RemoteTroubleKind::refused) return settle(report, "unheard");
    const auto hurried =
        remote_jobs_.hurry(report.attempt, report.remote_id, report.tells_success, clock_.now());
    return hurried.ok() && settle(report, "mismatch");
}

}  // namespace darkroom::dispatch
