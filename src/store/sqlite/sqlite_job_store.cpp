#include "store/sqlite/sqlite_job_store.h"

#include <sqlite3.h>

#include <mutex>

#include "base/check.h"
#include "store/sqlite/audit_rows.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/event_rows.h"
#include "store/sqlite/job_creation.h"
#include "store/sqlite/job_listing.h"
#include "store/sqlite/job_rows.h"
#include "store/sqlite/key_rows.h"
#include "store/sqlite/object_names.h"
#include "store/sqlite/owner_wishes.h"
#include "store/sqlite/queue_rows.h"
#include "store/sqlite/retention.h"
#include "store/sqlite/transitions.h"
#include "store/sqlite/upload_rows.h"

namespace darkroom::store {

using ports::Access;
using ports::StoreResult;

namespace {

// SQLite's count of its own memory is one lock that all connections share.
void drop_shared_lock() {
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

// A step whose only answer is that it happened.
StoreResult<void> done(const StoreResult<bool>& outcome) {
    if (!outcome) return Fail(outcome.error());
    return {};
}

}  // namespace

StoreResult<std::unique_ptr<SqliteJobStore>> SqliteJobStore::open(const std::string& path,
                                                                  ports::Random& random,
                                                                  const Options& options) {
    DR_CHECK(options.readers > 0);
    drop_shared_lock();
    auto lock = LockFile::take(path + ".lock");
    if (!lock) return Fail(std::move(lock).error());
    auto writer = open_for_writing(path, {options.writer_cache_kib, options.vfs});
    if (!writer) return Fail(std::move(writer).error());
    std::vector<std::unique_ptr<Database>> readers;
    for (int i = 0; i < options.readers; ++i) {
        auto reader = open_for_reading(path, {options.reader_cache_kib, options.vfs});
        if (!reader) return Fail(std::move(reader).error());
        readers.push_back(*std::move(reader));
    }
    return std::unique_ptr<SqliteJobStore>(
        new SqliteJobStore(*std::move(lock), *std::move(writer), std::move(readers), random, options));
}

StoreResult<std::unique_ptr<SqliteJobStore>> SqliteJobStore::open(const std::string& path,
                                                                  ports::Random& random) {
    return open(path, random, Options());
}

SqliteJobStore::SqliteJobStore(LockFile lock, std::unique_ptr<Database> writer,
                               std::vector<std::unique_ptr<Database>> readers, ports::Random& random,
                               const Options& options)
    : lock_(std::move(lock)),
      writer_(std::move(writer), options.writer),
      readers_(std::move(readers), options.reader_wait),
      random_(random) {}

StoreResult<void> SqliteJobStore::limit_file(std::int64_t pages_max) {
    return done(writer_.run([pages_max](Transaction& transaction) {
        transaction.db.execute("PRAGMA max_page_count = " + std::to_string(pages_max));
        return true;
    }));
}

void SqliteJobStore::set_listener(ports::StoreListener* listener) { writer_.set_listener(listener); }

// A real write: only that tells whether the disk still takes one. It shares its sync with whoever else
// writes.
StoreResult<void> SqliteJobStore::ping() {
    auto written = done(writer_.run([](Transaction& transaction) {
        transaction.db.run("UPDATE pulse SET beats = beats + 1");
        return true;
    }));
    if (!written) return written;
    return done(readers_.read([](Database& db) { return db.integer("SELECT beats FROM pulse") > 0; }));
}

StoreResult<void> SqliteJobStore::put_api_key(const ports::ApiKey& key) {
    return done(writer_.run([&key](Transaction& transaction) {
        store::put_api_key(transaction.db, key);
        return true;
    }));
}

StoreResult<std::optional<ports::ApiKey>> SqliteJobStore::find_api_key(const Sha256Bytes& digest) {
    return readers_.read([&](Database& db) { return store::find_api_key(db, digest); });
}

StoreResult<std::vector<ports::ApiKey>> SqliteJobStore::list_api_keys() {
    return readers_.read([](Database& db) { return store::list_api_keys(db); });
}

StoreResult<bool> SqliteJobStore::revoke_api_key(const Sha256Bytes& digest, TimePoint now) {
    return writer_.run([&digest, now](Transaction& transaction) {
        return store::revoke_api_key(transaction.db, digest, now);
    });
}

StoreResult<void> SqliteJobStore::create_upload(const core::Upload& upload) {
    return done(writer_.run([&upload](Transaction& transaction) {
        insert_upload(transaction.db, upload);
        return true;
    }));
}

StoreResult<std::optional<core::Upload>> SqliteJobStore::find_upload(const Access& access,
                                                                     const UploadId& id) {
    return readers_.read([&](Database& db) { return store::find_upload(db, access, id); });
}

StoreResult<ports::UploadOutcome> SqliteJobStore::complete_upload(const Access& access, const UploadId& id,
                                                                  const core::InputImage& image,
                                                                  TimePoint now, TimePoint expires_at) {
    return writer_.run([&, now, expires_at](Transaction& transaction) {
        return store::complete_upload(transaction.db, access, id, image, now, expires_at);
    });
}

StoreResult<std::vector<ports::ExpiredUpload>> SqliteJobStore::list_expired_uploads(TimePoint now,
                                                                                    int count_max) {
    return writer_.run([now, count_max](Transaction& transaction) {
        return expire_uploads(transaction.db, now, count_max);
    });
}

StoreResult<void> SqliteJobStore::forget_uploads(const std::vector<UploadId>& ids) {
    return done(writer_.run([&ids](Transaction& transaction) {
        store::forget_uploads(transaction.db, ids);
        return true;
    }));
}

StoreResult<std::optional<ports::EarlierRequest>> SqliteJobStore::find_earlier_request(const UserId& user,
                                                                                       const std::string& key,
                                                                                       TimePoint now) {
    return readers_.read([&](Database& db) { return store::find_earlier_request(db, user, key, now); });
}

StoreResult<ports::CreateOutcome> SqliteJobStore::create_job(const ports::NewJob& job) {
    return writer_.run([&job](Transaction& transaction) { return store::create_job(transaction, job); });
}

StoreResult<std::optional<core::Job>> SqliteJobStore::find_job(const Access& access, const JobId& id) {
    return readers_.read([&](Database& db) { return find_whole_job(db, access, id); });
}

StoreResult<ports::JobPage> SqliteJobStore::list_jobs(const Access& access, const ports::JobFilter& filter,
                                                      std::int64_t before, int count_max) {
    return readers_.read(
        [&](Database& db) { return store::list_jobs(db, access, filter, before, count_max); });
}

StoreResult<ports::CancelOutcome> SqliteJobStore::cancel_job(const Access& access, const JobId& id,
                                                             const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::cancel_job(transaction, access, id, actor, now);
    });
}

StoreResult<ports::RequeueOutcome> SqliteJobStore::requeue_job(const Access& access, const JobId& id,
                                                               const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::requeue_job(transaction, access, id, actor, now);
    });
}

StoreResult<ports::RequeueOutcome> SqliteJobStore::rerun_job(const Access& access, const JobId& id,
                                                             const ports::WorkPlan& plan,
                                                             const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::rerun_job(transaction, access, id, plan, actor, now);
    });
}

StoreResult<ports::SelectOutcome> SqliteJobStore::select_attempt(const Access& access, const JobId& id,
                                                                 const AttemptId& attempt,
                                                                 const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::select_attempt(transaction, access, id, attempt, actor, now);
    });
}

StoreResult<ports::AuditPage> SqliteJobStore::list_audit(TimePoint since, std::int64_t after, int count_max) {
    return readers_.read([=](Database& db) { return store::list_audit(db, since, after, count_max); });
}

StoreResult<std::optional<std::vector<core::JobEvent>>> SqliteJobStore::list_events(const Access& access,
                                                                                    const JobId& id,
                                                                                    std::int64_t after,
                                                                                    int count_max) {
    return readers_.read([&](Database& db) -> std::optional<std::vector<core::JobEvent>> {
        const auto job = find_job_head(db, access, id);
        if (!job) return std::nullopt;
        return store::list_events(db, job->seq, after, count_max);
    });
}

StoreResult<std::vector<ports::Claimed>> SqliteJobStore::claim(const ports::ClaimRequest& request) {
    return writer_.run([&](Transaction& transaction) { return claim_jobs(transaction, random_, request); });
}

StoreResult<ports::Applied> SqliteJobStore::start_attempt(const AttemptId& attempt, TimePoint now) {
    return writer_.run(
        [&, now](Transaction& transaction) { return store::start_attempt(transaction, attempt, "", now); });
}

StoreResult<ports::Applied> SqliteJobStore::finish_attempt(const AttemptId& attempt,
                                                           const ports::AttemptEnd& end,
                                                           const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::finish_attempt(transaction, attempt, end, actor, now);
    });
}

StoreResult<ports::Applied> SqliteJobStore::give_back(const AttemptId& attempt,
                                                      std::optional<TimePoint> retry_at,
                                                      const std::string& why, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::give_back(transaction, attempt, retry_at, why, now);
    });
}

StoreResult<ports::Applied> SqliteJobStore::succeed_late(const AttemptId& attempt,
                                                         const ports::AttemptSucceeded& end,
                                                         const std::string& actor, TimePoint now) {
    return writer_.run([&, now](Transaction& transaction) {
        return store::succeed_late(transaction, attempt, end, actor, now);
    });
}

StoreResult<std::vector<ports::InflightAttempt>> SqliteJobStore::list_inflight(const std::string& endpoint) {
    return readers_.read([&](Database& db) { return store::list_inflight(db, endpoint); });
}

StoreResult<ports::Promotion> SqliteJobStore::promote_due(TimePoint now, int count_max) {
    return writer_.run([now, count_max](Transaction& transaction) {
        auto promotion = store::promote_due(transaction.db, now, count_max);
        if (promotion.promoted > 0) transaction.news.ready = true;
        return promotion;
    });
}

StoreResult<ports::QueueCounts> SqliteJobStore::count_queue() {
    return readers_.read([](Database& db) { return store::count_queue(db); });
}

StoreResult<ports::RetiredJobs> SqliteJobStore::retire_jobs(ports::Retention what, TimePoint ended_before,
                                                            int jobs_max, TimePoint now) {
    return writer_.run([=](Transaction& transaction) {
        return store::retire_jobs(transaction.db, what, ended_before, jobs_max, now);
    });
}

// Each slice is a transaction of its own, so that others need not wait for all of it; the mark moves with it.
StoreResult<void> SqliteJobStore::settle_retired(ports::Retention what, const ports::RetirementMark& up_to) {
    for (;;) {
        const auto more = writer_.run(
            [&, what](Transaction& transaction) { return settle_slice(transaction, what, up_to); });
        if (!more) return Fail(more.error());
        if (!*more) return {};
    }
}

StoreResult<std::vector<core::ObjectKey>> SqliteJobStore::find_unnamed_objects(
    const std::vector<core::ObjectKey>& keys) {
    return readers_.read([&](Database& db) { return store::find_unnamed_objects(db, keys); });
}

StoreResult<ports::NamedObjects> SqliteJobStore::list_named_objects(std::int64_t after, int jobs_max) {
    return readers_.read([=](Database& db) { return store::list_named_objects(db, after, jobs_max); });
}

}  // namespace darkroom::store
