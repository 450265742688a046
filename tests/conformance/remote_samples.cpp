#include "tests/conformance/remote_samples.h"

#include <sstream>

#include "base/check.h"

namespace darkroom::conformance {

using ports::RemoteState;

ports::RemotePlan remote_plan() {
    return {.target = "there", .look_at = at(30'000), .deadline = at(600'000)};
}

ports::RemoteEnd remote_end(const std::string& ended_as, std::int64_t cost_micro_usd) {
    ports::RemoteEnd end;
    end.ended_as = ended_as;
    end.cost_micro_usd = cost_micro_usd;
    return end;
}

ports::InboxEntry inbox_entry(const AttemptId& attempt, const std::string& body, const std::string& once) {
    ports::InboxEntry entry;
    entry.kind = once.empty() ? ports::InboxKind::hint : ports::InboxKind::report;
    entry.attempt = attempt;
    entry.remote_id = "r-1";
    entry.body = body;
    entry.bytes = body.size();
    entry.digest = sha256(body);
    entry.once = once;
    entry.received_at = at(2'000);
    return entry;
}

namespace {

std::string words(const std::optional<Milliseconds>& ms) { return ms ? std::to_string(ms->count()) : "-"; }
std::string words(TimePoint time) { return std::to_string(to_unix_ms(time) - to_unix_ms(at(0))); }

const char* word(RemoteState state) {
    switch (state) {
        case RemoteState::intended:
            return "intended";
        case RemoteState::unclear:
            return "unclear";
        case RemoteState::submitted:
            return "submitted";
        case RemoteState::ended:
            return "ended";
    }
    return "?";
}

}  // namespace

std::string in_words(const ports::RemoteJob& remote) {
    std::ostringstream out;
    out << "remote job of " << remote.ref.attempt.str() << " #" << remote.ref.submission << " of job "
        << remote.job.str() << " " << remote.endpoint << "/" << remote.target << " '" << remote.remote_id
        << "' " << word(remote.state) << " phase " << remote.phase_seen << " looks " << remote.looks
        << (remote.claimed ? " claimed" : "") << (remote.unwanted ? " unwanted" : "") << " created "
        << words(remote.created_at) << " look " << words(remote.look_at) << " until "
        << words(remote.deadline) << " as '" << remote.ended_as << "' " << words(remote.delay) << " "
        << words(remote.execution) << " " << remote.cost_micro_usd;
    return out.str();
}

std::string in_words(const ports::InboxEntry& entry) {
    std::ostringstream out;
    out << entry.seq << (entry.kind == ports::InboxKind::hint ? " hint " : " report ") << entry.attempt.str()
        << " '" << entry.remote_id << "' " << entry.tells_success << " " << to_hex(sha256(entry.body))
        << " of " << entry.bytes << " " << to_hex(entry.digest) << " '" << entry.once << "' "
        << words(entry.received_at);
    return out.str();
}

std::string everything_in_words(ports::RemoteJobStore& store) {
    std::string out;
    std::int64_t after = 0;
    do {
        const auto page = store.list_remote_jobs(after, 7);
        DR_CHECK(page.ok());
        for (const auto& remote : page->remote_jobs) out += in_words(remote) + "\n";
        after = page->next_after;
    } while (after != 0);
    const auto inbox = *store.list_inbox(1'000);
    const auto costs = *store.list_costs("0000-01-01", "9999-12-31");
    for (const auto& entry : inbox) out += in_words(entry) + "\n";
    for (const auto& row : costs) {
        out += "cost " + row.day + " " + row.user.str() + " " + row.type + " " + row.endpoint + " " +
               std::to_string(row.remote_jobs) + " " + std::to_string(row.execution_ms) + " " +
               std::to_string(row.cost_micro_usd) + "\n";
    }
    return out;
}

// One thread of the store tells; the test reads after its own call has returned, which is later.
void ListenerCounts::jobs_ready() { ++ready; }
void ListenerCounts::job_changed(const JobId&) { ++changed; }
void ListenerCounts::remote_work_due() { ++remote; }

}  // namespace darkroom::conformance
