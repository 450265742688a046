#include "store/sql/sql_job_store.h"

#include "base/log.h"
#include "store/sql/audit_rows.h"
#include "store/sql/event_rows.h"
#include "store/sql/gauges.h"
#include "store/sql/job_creation.h"
#include "store/sql/job_listing.h"
#include "store/sql/job_rows.h"
#include "store/sql/key_rows.h"
#include "store/sql/node_rows.h"
#include "store/sql/object_names.h"
#include "store/sql/owner_wishes.h"
#include "store/sql/queue_rows.h"
#include "store/sql/retention.h"
#include "store/sql/share_rows.h"
#include "store/sql/transitions.h"
#include "store/sql/upload_rows.h"

namespace darkroom::store {

using ports::Access;
using ports::StoreResult;

namespace {

// A step whose only answer is that it happened.
StoreResult<void> done(const StoreResult<bool>& outcome) {
    if (!outcome) return Fail(outcome.error());
    return {};
}

}  // namespace

void SqlJobStore::set_listener(ports::StoreListener* listener) {
    writer().set_listener(listener);
    if (&claimer() != &writer()) claimer().set_listener(listener);
}

// A real write: only that tells whether the disk still takes one. It shares its sync with whoever else
// writes.
StoreResult<void> SqlJobStore::ping() {
    auto written = done(writer().run([](Transaction& transaction) {
        transaction.db.post("UPDATE pulse SET beats = beats + 1");
        return true;
    }));
    if (!written) return written;
    return done(readers().read([](Database& db) { return db.integer("SELECT beats FROM pulse") > 0; }));
}

StoreResult<void> SqlJobStore::put_api_key(const ports::ApiKey& key) {
    return done(writer().run([&key](Transaction& transaction) {
        store::put_api_key(transaction.db, key);
        return true;
    }));
}

StoreResult<std::optional<ports::ApiKey>> SqlJobStore::find_api_key(const Sha256Bytes& digest) {
    return readers().read([&](Database& db) { return store::find_api_key(db, digest); });
}

StoreResult<std::vector<ports::ApiKey>> SqlJobStore::list_api_keys() {
    return readers().read([](Database& db) { return store::list_api_keys(db); });
}

StoreResult<bool> SqlJobStore::revoke_api_key(const Sha256Bytes& digest, TimePoint now) {
    return writer().run([&digest, now](Transaction& transaction) {
        return store::revoke_api_key(transaction.db, digest, now);
    });
}

StoreResult<void> SqlJobStore::create_upload(const core::Upload& upload) {
    return done(writer().run([&upload](Transaction& transaction) {
        insert_upload(transaction, upload);
        return true;
    }));
}

StoreResult<std::optional<core::Upload>> SqlJobStore::find_upload(const Access& access, const UploadId& id) {
    return readers().read([&](Database& db) { return store::find_upload(db, access, id); });
}

StoreResult<ports::UploadOutcome> SqlJobStore::complete_upload(const Access& access, const UploadId& id,
                                                               const core::InputImage& image, TimePoint now,
                                                               TimePoint expires_at) {
    return writer().run(
        [&, now, expires_at](Transaction& transaction) {
            return store::complete_upload(transaction, access, id, image, now, expires_at);
        },
        touching(id));
}

StoreResult<std::vector<ports::ExpiredUpload>> SqlJobStore::list_expired_uploads(TimePoint now,
                                                                                 int count_max) {
    return writer().run([this, now, count_max](Transaction& transaction) {
        demand_lead(transaction);
        return expire_uploads(transaction, now, count_max);
    });
}

StoreResult<void> SqlJobStore::forget_uploads(const std::vector<UploadId>& ids) {
    return done(writer().run([this, &ids](Transaction& transaction) {
        demand_lead(transaction);
        store::forget_uploads(transaction, ids);
        return true;
    }));
}

StoreResult<std::optional<ports::EarlierRequest>> SqlJobStore::find_earlier_request(const UserId& user,
                                                                                    const std::string& key,
                                                                                    TimePoint now) {
    return readers().read([&](Database& db) { return store::find_earlier_request(db, user, key, now); });
}

StoreResult<ports::CreateOutcome> SqlJobStore::create_job(const ports::NewJob& job) {
    return writer().run([&job](Transaction& transaction) { return store::create_job(transaction, job); },
                        creating(job));
}

StoreResult<std::optional<core::Job>> SqlJobStore::find_job(const Access& access, const JobId& id) {
    return readers().read([&](Database& db) { return find_whole_job(db, access, id); });
}

StoreResult<ports::JobPage> SqlJobStore::list_jobs(const Access& access, const ports::JobFilter& filter,
                                                   std::int64_t before, int count_max) {
    return readers().read(
        [&](Database& db) { return store::list_jobs(db, access, filter, before, count_max); });
}

StoreResult<ports::CancelOutcome> SqlJobStore::cancel_job(const Access& access, const JobId& id,
                                                          const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) { return store::cancel_job(transaction, access, id, actor, now); },
        touching(id));
}

StoreResult<ports::RequeueOutcome> SqlJobStore::requeue_job(const Access& access, const JobId& id,
                                                            const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::requeue_job(transaction, access, id, actor, now);
        },
        touching(id));
}

StoreResult<ports::RequeueOutcome> SqlJobStore::rerun_job(const Access& access, const JobId& id,
                                                          const ports::WorkPlan& plan,
                                                          const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::rerun_job(transaction, access, id, plan, actor, now);
        },
        touching(id));
}

StoreResult<ports::SelectOutcome> SqlJobStore::select_attempt(const Access& access, const JobId& id,
                                                              const AttemptId& attempt,
                                                              const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::select_attempt(transaction, access, id, attempt, actor, now);
        },
        touching(id));
}

StoreResult<ports::AuditPage> SqlJobStore::list_audit(TimePoint since, std::int64_t after, int count_max) {
    return readers().read([=](Database& db) { return store::list_audit(db, since, after, count_max); });
}

StoreResult<std::optional<std::vector<core::JobEvent>>> SqlJobStore::list_events(const Access& access,
                                                                                 const JobId& id,
                                                                                 std::int64_t after,
                                                                                 int count_max) {
    return readers().read([&](Database& db) -> std::optional<std::vector<core::JobEvent>> {
        const auto job = find_job_head(db, access, id);
        if (!job) return std::nullopt;
        return store::list_events(db, job->seq, after, count_max);
    });
}

StoreResult<std::vector<ports::Claimed>> SqlJobStore::claim(const ports::ClaimRequest& request) {
    const auto began = std::chrono::steady_clock::now();
    auto claimed =
        claimer().run([&](Transaction& transaction) { return claim_jobs(transaction, random_, request); });
    if (claimed) claimer().meters().claimed(std::chrono::steady_clock::now() - began, claimed->size());
    return claimed;
}

StoreResult<ports::Applied> SqlJobStore::start_attempt(const AttemptId& attempt, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) { return store::start_attempt(transaction, attempt, now); },
        touching(attempt));
}

StoreResult<ports::Applied> SqlJobStore::finish_attempt(const AttemptId& attempt,
                                                        const ports::AttemptEnd& end,
                                                        const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::finish_attempt(transaction, attempt, end, actor, now);
        },
        touching(attempt));
}

StoreResult<ports::Applied> SqlJobStore::give_back(const AttemptId& attempt,
                                                   std::optional<TimePoint> retry_at, const std::string& why,
                                                   TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::give_back(transaction, attempt, retry_at, why, now);
        },
        touching(attempt));
}

StoreResult<ports::Applied> SqlJobStore::succeed_late(const AttemptId& attempt,
                                                      const ports::AttemptSucceeded& end,
                                                      const std::string& actor, TimePoint now) {
    return writer().run(
        [&, now](Transaction& transaction) {
            return store::succeed_late(transaction, attempt, end, actor, now);
        },
        touching(attempt));
}

StoreResult<std::vector<ports::InflightAttempt>> SqlJobStore::list_inflight(const std::string& endpoint) {
    const auto self = this_node();
    return readers().read([&](Database& db) { return store::list_inflight(db, endpoint, self); });
}

StoreResult<std::vector<ports::InflightAttempt>> SqlJobStore::take_over(int count_max) {
    auto taken = writer().run(
        [count_max](Transaction& transaction) { return store::take_over(transaction, count_max); });
    if (taken && !taken->empty()) writer().meters().leases_expired(taken->size());
    return taken;
}

StoreResult<void> SqlJobStore::put_share(const ports::UserShare& share) {
    return done(writer().run([&share](Transaction& transaction) {
        store::put_share(transaction.db, share);
        return true;
    }));
}

StoreResult<std::vector<ports::UserShare>> SqlJobStore::list_shares() {
    return readers().read([](Database& db) { return store::list_shares(db); });
}

StoreResult<ports::Promotion> SqlJobStore::promote_due(TimePoint now, int count_max) {
    return writer().run([now, count_max](Transaction& transaction) {
        return store::promote_due(transaction, now, count_max);
    });
}

StoreResult<ports::QueueCounts> SqlJobStore::count_queue() {
    return readers().read([](Database& db) { return store::count_queue(db); });
}

StoreResult<std::vector<ports::UserStanding>> SqlJobStore::list_users(const std::string& after,
                                                                      int count_max) {
    return readers().read([&](Database& db) { return store::list_users(db, after, count_max); });
}

StoreResult<ports::StoreGauges> SqlJobStore::read_gauges(TimePoint now, int users_max) {
    return readers().read([=, this](Database& db) {
        auto gauges = store::read_gauges(db, now, users_max);
        add_gauges(db, gauges);
        return gauges;
    });
}

StoreResult<int> SqlJobStore::recount_flow() {
    auto wrong = writer().run([](Transaction& transaction) { return transaction.flow.recount(); });
    if (wrong && *wrong > 0) {
        log::error("the shares of users in the queue were counted wrong; they are right again",
                   {{"users", *wrong}});
        writer().meters().flow_corrected(static_cast<std::size_t>(*wrong));
    }
    return wrong;
}

StoreResult<ports::RetiredJobs> SqlJobStore::retire_jobs(ports::Retention what, TimePoint ended_before,
                                                         int jobs_max, TimePoint now) {
    return writer().run([=, this](Transaction& transaction) {
        demand_lead(transaction);
        return store::retire_jobs(transaction, what, ended_before, jobs_max, now);
    });
}

// Each slice is a transaction of its own, so that others need not wait for all of it; the mark moves with it.
StoreResult<void> SqlJobStore::settle_retired(ports::Retention what, const ports::RetirementMark& up_to) {
    for (;;) {
        const auto more = writer().run([&, what](Transaction& transaction) {
            demand_lead(transaction);
            return settle_slice(transaction, what, up_to);
        });
        if (!more) return Fail(more.error());
        if (!*more) return {};
    }
}

StoreResult<std::vector<core::ObjectKey>> SqlJobStore::find_unnamed_objects(
    const std::vector<core::ObjectKey>& keys) {
    return readers().read([&](Database& db) { return store::find_unnamed_objects(db, keys); });
}

StoreResult<ports::NamedObjects> SqlJobStore::list_named_objects(std::int64_t after, int jobs_max) {
    return readers().read([=](Database& db) { return store::list_named_objects(db, after, jobs_max); });
}

}  // namespace darkroom::store
