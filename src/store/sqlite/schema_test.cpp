// Databases of older Darkrooms: their schema is what it was, and everything in them is still there
// afterwards.
#include "store/sqlite/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "base/digest.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

using core::ObjectKey;
using core::Status;
using ports::Access;
using ports::Retention;

const UserId ann = *UserId::parse("ann");
const TimePoint later = from_unix_ms(1'800'000'000'000);

UploadId upload_id(std::uint8_t n) { return UploadId::from_random({n}); }
JobId job_id(std::uint8_t n) { return JobId::from_random({n}); }
AttemptId attempt_id(std::uint8_t n) { return AttemptId::from_random({n}); }

// As schema 1 wrote a picture: without a version.
std::string image_json(const UploadId& upload) {
    return R"({"name":"a.jpg","key":")" + ObjectKey::uploaded(upload, "jpg").str() +
           R"(","content_type":"image/jpeg","bytes":1,"width":2,"height":3,"sha256":"ab"})";
}

void insert_old_upload(SqliteDatabase& db, std::uint8_t n, bool used) {
    const auto image = image_json(upload_id(n));
    db.run(
        "INSERT INTO uploads (id, user_id, name, bytes_max, created_at, expires_at, image, used)"
        " VALUES (?, 'ann', 'a.jpg', 9, 1, 100, ?, ?)",
        upload_id(n), image, used);
}

void insert_old_job(SqliteDatabase& db, std::uint8_t n, Status status, std::optional<int> ended,
                    const std::vector<std::uint8_t>& uploads) {
    std::string inputs = "[";
    for (const auto upload : uploads)
        inputs.append(inputs.size() > 1 ? "," : "").append(image_json(upload_id(upload)));
    inputs += "]";
    std::optional<std::int64_t> finished_at;
    if (ended) finished_at = *ended;
    db.run(
        "INSERT INTO jobs (id, user_id, type, status, backend, priority, created_at, updated_at, finished_at,"
        " recipe, params, params_effective, inputs, metadata, attempt_count)"
        " VALUES (?, 'ann', 'bg_remove', ?, 'local', 0, 1, 1, ?, 'r@1', '{}', '{}', ?, '{}', ?)",
        job_id(n), status, finished_at, inputs, status == Status::succeeded);
    const auto seq = db.last_row_id();
    for (const auto upload : uploads)
        db.run("INSERT OR IGNORE INTO job_uploads (job_seq, upload_id) VALUES (?, ?)", seq,
               upload_id(upload));
    db.run(
        "INSERT INTO job_events (job_seq, seq, kind, status, actor, data, at) VALUES (?, 1, 'created', ?, "
        "'x', '{}', 1)",
        seq, status);
    if (status == Status::queued)
        db.run("INSERT INTO ready (backend, rank, job_seq) VALUES ('local', 0, ?)", seq);
    if (status != Status::succeeded) return;
    const auto outputs = R"([{"role":"main","key":")" +
                         ObjectKey::restored(job_id(n), attempt_id(n), "main", "png").str() +
                         R"(","content_type":"image/png","bytes":1,"width":2,"height":3,"sha256":""}])";
    db.run(
        "INSERT INTO attempts (job_seq, number, id, backend, endpoint, status, params, recipe, created_at,"
        " finished_at, outputs) VALUES (?, 1, ?, 'local', 'x', ?, '{}', 'r@1', 1, 2, ?)",
        seq, attempt_id(n), status, outputs);
}

/// A file as a Darkroom of schema 1 left it: 1 and 2 share upload 1; upload 2 is unused.
void make_old_file(const TestFolder& folder) {
    std::ofstream(folder.path(), std::ios::trunc).flush();
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    migrate(db, 1);
    for (const std::uint8_t n : {1, 2, 3}) insert_old_upload(db, n, n != 2);
    insert_old_job(db, 1, Status::succeeded, 500, {1, 3});
    insert_old_job(db, 2, Status::queued, std::nullopt, {1});
    insert_old_job(db, 3, Status::cancelled, 400, {});
    db.run("INSERT INTO idempotency VALUES ('ann', 'k', zeroblob(32), ?, ?)", job_id(2), later);
    db.execute("PRAGMA journal_mode = WAL");
}

std::string digest_of_schema(int version) {
    TestFolder folder;
    std::ofstream(folder.path()).flush();
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    migrate(db, version);
    std::string schema;
    auto rows = db.query("SELECT coalesce(sql, '') FROM sqlite_schema ORDER BY name");
    while (rows.next()) schema += rows.text(0) + "\n";
    return to_hex(sha256(schema));
}

// What is in use out there cannot be changed any more, only followed by another step.
TEST(SqliteSchema, EveryStepIsFrozen) {
    EXPECT_EQ(digest_of_schema(1), "24bba3d6ec1cdbb2370e571773a1e62e3e0aa712174dec5a60ded587b6c6056c");
    EXPECT_EQ(digest_of_schema(2), "ea51f5eade2494ec8fcb50c1b3f28c3058b9fb8fc2085987f2c9e0fede429974");
    EXPECT_EQ(digest_of_schema(3), "2e95e9f1eb844b8e88dd021390856e427a127c53f70e6fe1451ae167166c7370");
    EXPECT_EQ(digest_of_schema(4), "ff80cf1077ae549b8d7543d6c21f56d90393e13df2f65f3d744dc540ab9b4891");
    EXPECT_EQ(digest_of_schema(5), "4c847f9379b9654f6ba704fb0893ca0fdf3ef701e495e7d4db571d11b31fd502");
    EXPECT_EQ(newest_schema(), 6);
}

TEST(SqliteSchema, EverythingInAnOlderFileIsStillThere) {
    TestFolder folder;
    make_old_file(folder);
    const auto opened = folder.open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& store = *opened;
    const auto first = **store->find_job(Access::of(ann), job_id(1));
    EXPECT_EQ(first.status, Status::succeeded);
    ASSERT_EQ(first.inputs.size(), 2u);
    EXPECT_EQ(first.inputs[0].key, ObjectKey::uploaded(upload_id(1), "jpg"));
    EXPECT_TRUE(first.inputs[0].version.empty());
    EXPECT_EQ(first.attempts.at(0).outputs.at(0).role, "main");
    EXPECT_FALSE(first.inputs_removed_at || first.outputs_removed_at);
    EXPECT_EQ((*store->list_events(Access::of(ann), job_id(2), 0, 10))->size(), 1u);
    EXPECT_EQ(store->list_jobs(Access::everyone(), {}, 0, 10)->jobs.size(), 3u);
    EXPECT_EQ((*store->find_earlier_request(ann, "k", from_unix_ms(1)))->job, job_id(2));
    const auto upload = **store->find_upload(Access::of(ann), upload_id(2));
    EXPECT_TRUE(upload.ready && upload.direct_key.empty());
    EXPECT_EQ(store
                  ->claim({.backend = "local",
                           .endpoint = "x",
                           .inflight_max = 9,
                           .jobs_max = 9,
                           .now = {},
                           .remote = {}})
                  ->size(),
              1u);
}

TEST(SqliteSchema, JobsAndUploadsOfAnOlderFileExpireAndRetireLikeNewOnes) {
    TestFolder folder;
    make_old_file(folder);
    const auto opened = folder.open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& store = *opened;
    const auto expired = *store->list_expired_uploads(later, 10);
    ASSERT_EQ(expired.size(), 1u);
    EXPECT_EQ(expired[0].id, upload_id(2));
    const auto retired = *store->retire_jobs(Retention::jobs, later, 10, later);
    EXPECT_EQ(retired.jobs, 2);
    EXPECT_EQ(retired.objects, (std::vector{ObjectKey::restored(job_id(1), attempt_id(1), "main", "png"),
                                            ObjectKey::uploaded(upload_id(3), "jpg")}))
        << "upload 1 stays for the job in the queue";
    EXPECT_TRUE(store->find_upload(Access::of(ann), upload_id(1))->has_value());
    ASSERT_TRUE(store->cancel_job(Access::of(ann), job_id(2), "x", from_unix_ms(600)).ok());
    EXPECT_THAT(store->retire_jobs(Retention::jobs, later, 10, later)->objects,
                ::testing::Contains(ObjectKey::uploaded(upload_id(1), "jpg")));
}

// A file of schema 2 whose second job is at work, as a Darkroom left it that was killed.
void make_file_at_work(const TestFolder& folder) {
    make_old_file(folder);
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    migrate(db, 2);
    db.run("DELETE FROM ready");
    db.run("UPDATE jobs SET status = 'RUNNING', attempt_count = 1 WHERE id = ?", job_id(2));
    db.run(
        "INSERT INTO attempts (job_seq, number, id, backend, endpoint, status, params, recipe, created_at,"
        " started_at) SELECT seq, 1, ?, 'local', 'x', 'RUNNING', '{}', 'r@1', 1, 2 FROM jobs WHERE id = ?",
        attempt_id(2), job_id(2));
    db.run(
        "INSERT INTO inflight (attempt_id, endpoint, job_seq, number) SELECT ?, 'x', seq, 1 FROM jobs WHERE "
        "id = ?",
        attempt_id(2), job_id(2));
}

TEST(SqliteSchema, AttemptsOfAFileWithoutRemoteWorkCostNothingAndEndAsBefore) {
    TestFolder folder;
    make_file_at_work(folder);
    const auto opened = folder.open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& store = *opened;
    const auto done = (*store->find_job(Access::of(ann), job_id(1)))->attempts.at(0);
    EXPECT_EQ(done.cost_micro_usd, 0);
    EXPECT_TRUE(done.gpu.empty() && done.waiting_for.empty());
    EXPECT_EQ(done.outputs.size(), 1u);
    EXPECT_FALSE(store->next_remote_look()->has_value());
    EXPECT_TRUE(store->list_inbox(10)->empty());
    EXPECT_EQ(store->take_over(10)->size(), 1u);
    const ports::AttemptFailed interrupted{
        .error = {core::ErrorCode::interrupted, "restart"}, .retry_at = later, .completed_via = "local"};
    EXPECT_EQ(*store->finish_attempt(attempt_id(2), interrupted, "x", later), ports::Applied::applied);
    const ports::RemotePlan plan{.target = "there", .look_at = later, .deadline = later};
    const auto claimed = *store->claim({.backend = "local",
                                        .endpoint = "x",
                                        .inflight_max = 9,
                                        .jobs_max = 9,
                                        .now = later,
                                        .remote = plan});
    ASSERT_EQ(claimed.size(), 1u);
    const auto& second = claimed[0].job.attempts.at(1);
    EXPECT_EQ(*store->adopt(second.id, "r-1", later), ports::Adoption::adopted);
    EXPECT_EQ(store->list_due_remote_jobs(later, 10)->size(), 1u);
}

// A file of schema 4 whose first job made a thumbnail.
void make_file_with_thumbnail(const TestFolder& folder) {
    make_old_file(folder);
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    migrate(db, 4);
    db.run("UPDATE jobs SET thumbnail = ?, selected_attempt = ? WHERE id = ?",
           ObjectKey::thumbnail(job_id(1)), attempt_id(1), job_id(1));
}

TEST(SqliteSchema, AJobOfAFileWithOneResultEachCanBeRerunAndKeepsItsFirstResult) {
    TestFolder folder;
    make_file_with_thumbnail(folder);
    const auto opened = folder.open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& store = *opened;
    const auto before = **store->find_job(Access::of(ann), job_id(1));
    EXPECT_EQ(before.attempts.at(0).thumbnail, ObjectKey::thumbnail(job_id(1)));
    EXPECT_EQ(before.outputs, before.attempts.at(0).outputs);
    EXPECT_TRUE(before.recipe_digest.empty() && before.attempts.at(0).recipe_digest.empty());
    EXPECT_EQ(before.models_json, "[]");
    EXPECT_EQ(before.attempts.at(0).models_json, "[]");
    EXPECT_TRUE(!before.place && before.steps.empty() && before.chain_outputs.empty());
    const ports::WorkPlan plan{.backend = "pod",
                               .params_json = "{}",
                               .params_effective_json = R"({"v":1})",
                               .recipe = "again@1",
                               .recipe_digest = "d",
                               .models_json = "[{}]"};
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        *store->rerun_job(Access::of(ann), job_id(1), plan, "key:app", later)));
    const auto claimed = *store->claim(
        {.backend = "pod", .endpoint = "p", .inflight_max = 9, .jobs_max = 9, .now = later, .remote = {}});
    ASSERT_EQ(claimed.size(), 1u);
    const ports::AttemptFailed failed{
        .error = {core::ErrorCode::no_subject, "none"}, .retry_at = {}, .completed_via = "poll"};
    ASSERT_EQ(*store->finish_attempt(claimed[0].job.attempts.at(1).id, failed, "x", later),
              ports::Applied::applied);
    const auto after = **store->find_job(Access::of(ann), job_id(1));
    EXPECT_EQ(after.status, Status::succeeded);
    EXPECT_EQ(after.outputs, before.outputs);
    EXPECT_EQ(after.thumbnail, before.thumbnail);
    EXPECT_EQ(store->list_audit({}, 0, 10)->rows.size(), 2u);
}

TEST(SqliteSchema, AMigrationThatFailsHalfWayHasNotHappenedAndRunsAgainLater) {
    TestFolder folder;
    make_old_file(folder);
    {
        SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
        db.execute("CREATE TABLE retention (in_the_way)");  // made last in the second step
        EXPECT_THROW(migrate(db), SqlFailure);
        EXPECT_EQ(db.integer("PRAGMA user_version"), 1);
        EXPECT_EQ(db.integer("SELECT max(used) FROM uploads"), 1);
        EXPECT_THROW(db.execute("SELECT direct_key FROM uploads"), SqlFailure);
        db.execute("DROP TABLE retention");
    }
    const auto opened = folder.open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    const auto& store = *opened;
    EXPECT_EQ(store->list_jobs(Access::everyone(), {}, 0, 10)->jobs.size(), 3u);
    EXPECT_EQ(store->retire_jobs(Retention::inputs, later, 10, later)->jobs, 2);
}

}  // namespace
}  // namespace darkroom::store
