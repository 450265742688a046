// The RemoteJobStore half of SqlJobStore: hands each call to the writer or to a reader.
#include "store/sql/cost_rows.h"
#include "store/sql/inbox_rows.h"
#include "store/sql/remote_ends.h"
#include "store/sql/remote_rows.h"
#include "store/sql/remote_submits.h"
#include "store/sql/sql_job_store.h"

namespace darkroom::store {

using ports::StoreResult;

namespace {

// A step whose only answer is that it happened.
template <class Work>
StoreResult<void> write(GroupWriter& writer, const Touched& touched, const Work& work) {
    const auto written = writer.run(
        [&work](Transaction& transaction) {
            work(transaction);
            return true;
        },
        touched);
    if (!written) return Fail(written.error());
    return {};
}

}  // namespace

StoreResult<std::optional<ports::RemoteJobRef>> SqlJobStore::open_remote_job(const AttemptId& attempt,
                                                                             const ports::RemotePlan& plan,
                                                                             TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::open_remote_job(transaction, attempt, plan, now);
        },
        touching(attempt));
}

StoreResult<ports::Adoption> SqlJobStore::note_submitted(const ports::RemoteJobRef& ref,
                                                         const std::string& remote_id, TimePoint look_at) {
    return writer().run(
        [&, look_at](Transaction& transaction) {
            return store::note_submitted(transaction, ref, remote_id, look_at);
        },
        touching(ref.attempt));
}

StoreResult<void> SqlJobStore::note_unclear(const ports::RemoteJobRef& ref, TimePoint look_at) {
    return write(writer(), touching(ref.attempt),
                 [&](Transaction& transaction) { store::note_unclear(transaction.db, ref, look_at); });
}

StoreResult<ports::Adoption> SqlJobStore::adopt(const AttemptId& attempt, const std::string& remote_id,
                                                TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) { return store::adopt(transaction, attempt, remote_id, now); },
        touching(attempt));
}

StoreResult<ports::ClaimAnswer> SqlJobStore::claim_work(const AttemptId& attempt,
                                                        const std::string& remote_id,
                                                        const std::string& worker, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::claim_work(transaction, attempt, remote_id, worker, now);
        },
        touching(attempt));
}

StoreResult<std::optional<AttemptId>> SqlJobStore::find_attempt_of(const std::string& remote_id) {
    return readers().read([&](Database& db) { return store::find_attempt_of(db, remote_id); });
}

StoreResult<std::vector<ports::RemoteJob>> SqlJobStore::list_due_remote_jobs(TimePoint now, int count_max) {
    const auto self = this_node();
    return readers().read(
        [=](Database& db) { return store::list_due_remote_jobs(db, self, now, count_max); });
}

StoreResult<std::optional<TimePoint>> SqlJobStore::next_remote_look() {
    const auto self = this_node();
    return readers().read([&](Database& db) { return store::next_remote_look(db, self); });
}

StoreResult<std::vector<ports::RemoteJob>> SqlJobStore::find_remote_jobs(const AttemptId& attempt) {
    return readers().read([&](Database& db) {
        std::vector<ports::RemoteJob> found;
        for (auto& row : remote_jobs_of(db, attempt)) found.push_back(std::move(row.remote));
        return found;
    });
}

StoreResult<void> SqlJobStore::note_look(const ports::RemoteJobRef& ref, const ports::RemoteNote& note) {
    return write(writer(), touching(ref.attempt),
                 [&](Transaction& transaction) { store::note_look(transaction, ref, note); });
}

StoreResult<bool> SqlJobStore::hurry(const AttemptId& attempt, const std::string& remote_id,
                                     bool tells_success, TimePoint now) {
    return writer().run(
        [&, tells_success, now](Transaction& transaction) {
            return store::hurry(transaction, attempt, remote_id, tells_success, now);
        },
        touching(attempt));
}

StoreResult<void> SqlJobStore::end_remote_job(const ports::RemoteJobRef& ref, const ports::RemoteEnd& end,
                                              TimePoint now) {
    return write(writer(), touching(ref.attempt),
                 [&](Transaction& transaction) { store::end_remote_job(transaction, ref, end, now); });
}

StoreResult<std::vector<ports::RemoteTarget>> SqlJobStore::list_remote_targets() {
    return readers().read([](Database& db) { return store::list_remote_targets(db); });
}

StoreResult<ports::RemoteJobPage> SqlJobStore::list_remote_jobs(std::int64_t after, int count_max) {
    return readers().read([=](Database& db) { return store::list_remote_jobs(db, after, count_max); });
}

StoreResult<ports::Received> SqlJobStore::receive(const ports::InboxEntry& entry) {
    return writer().run([&entry](Transaction& transaction) { return store::receive(transaction, entry); });
}

StoreResult<std::vector<ports::InboxEntry>> SqlJobStore::list_inbox(int count_max) {
    const InboxReader reader{this_node(), leads()};
    return readers().read([&](Database& db) { return store::list_inbox(db, reader, count_max); });
}

StoreResult<void> SqlJobStore::settle_inbox(std::int64_t seq, const std::string& outcome) {
    return write(writer(), {},
                 [&](Transaction& transaction) { store::settle_inbox(transaction.db, seq, outcome); });
}

StoreResult<void> SqlJobStore::forget_inbox(TimePoint received_before) {
    for (;;) {
        const auto more = writer().run([received_before](Transaction& transaction) {
            return forget_inbox_slice(transaction.db, received_before);
        });
        if (!more) return Fail(more.error());
        if (!*more) return {};
    }
}

StoreResult<std::int64_t> SqlJobStore::spent_today(TimePoint now) {
    return readers().read([now](Database& db) { return spent_on(db, day_of(now)); });
}

StoreResult<std::vector<ports::CostRow>> SqlJobStore::list_costs(const std::string& first_day,
                                                                 const std::string& last_day) {
    return readers().read([&](Database& db) { return store::list_costs(db, first_day, last_day); });
}

}  // namespace darkroom::store
