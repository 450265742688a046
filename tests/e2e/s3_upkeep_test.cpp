// What becomes of objects in a bucket over time: uploads that nobody used and pictures whose time is over are
// removed (a server that starts looks at once), what nobody names is found, and so is what is gone (F-E10).
#include <gtest/gtest.h>

#include <algorithm>

#include "app/system_random.h"
#include "base/digest.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/e2e/fake_time.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

const std::string other_job = "aaaaaaaa-0000-4000-8000-000000000001";
const std::string other_attempt = "aaaaaaaa-0000-4000-8000-000000000002";

class S3Upkeep : public ::testing::Test {
protected:
    boost::json::value done_job() {
        auto job =
            client().ended_job(client().create("jpeg_to_png", "{}", upload_directly(client(), picture)));
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        return job;
    }
    static std::string result_key(const boost::json::value& job) {
        return "restored/" + text_at(job, "/id") + "/" + text_at(job, "/selected_attempt_id") + ".png";
    }
    Reply orphans(const std::string& members) const {
        return client().post("/api/v1/admin/orphans", "{" + members + "}");
    }
    struct Found {
        std::vector<std::string> keys;
        std::int64_t bytes = 0;
        std::int64_t foreign = 0;
        std::int64_t looked_at = 0;
    };
    /// All pages, one after the other, as an operator asks for them.
    Found all_orphans(const std::string& members) const {
        Found found;
        std::string place;
        do {
            const auto page = orphans(members + R"(,"place":")" + place + '"');
            EXPECT_EQ(page.status, 200) << page.body();
            const auto told = page.json();
            for (const auto& orphan : items_at(told, "/orphans")) {
                found.keys.push_back(text_at(orphan, "/key"));
                found.bytes += number_at(orphan, "/bytes");
            }
            found.foreign += number_at(told, "/foreign");
            found.looked_at += number_at(told, "/looked_at");
            place = text_at(told, "/next");
        } while (!place.empty());
        return found;
    }
    Reply missing() const { return client().post("/api/v1/admin/missing"); }
    ApiClient client() const { return server.client(); }
    void start_again_with(const std::string& name, const std::string& value) {
        EXPECT_EQ(server.terminate().code, 0);
        auto settings = bucket.settings();
        settings[name] = value;
        server.start(settings);
    }

    /// Upkeep looks when a server starts; what was too young then is not when the next one does.
    void start_again_until(const std::string& name, const std::string& value,
                           const std::function<bool()>& holds) {
        EXPECT_TRUE(eventually([&] {
            start_again_with(name, value);
            return eventually(holds, Milliseconds(500));
        }));
    }

    const std::string picture = disc_png(48, 48);
    S3Bucket bucket;
    ServerProcess server{bucket.settings()};
};

TEST_F(S3Upkeep, WhatNobodyNamesIsToldAndRemovedWhenAsked) {
    const auto job = done_job();
    const auto ours = bucket.keys();
    const auto orphan = "restored/" + other_job + "/" + other_attempt + ".png";
    const auto lost = "uploaded/" + other_job + ".jpg";
    bucket.put(orphan, "left over");
    bucket.put(lost, "left over too");
    bucket.put("restored/notes.txt", "somebody else's");
    bucket.put("holiday/beach.jpg", "somebody else's as well");

    const std::vector<std::string> both{lost, orphan};
    // S3 tells times in whole seconds, and may round them up.
    ASSERT_TRUE(eventually([&] { return all_orphans(R"("older_than_s":0,"remove":false)").keys == both; }));
    const auto told = all_orphans(R"("older_than_s":0)");
    EXPECT_EQ(told.foreign, 1);
    EXPECT_EQ(told.looked_at, 6);
    EXPECT_EQ(told.bytes, 9 + 13);
    EXPECT_TRUE(bucket.has(orphan)) << "asked only";
    EXPECT_TRUE(all_orphans(R"("store":"main")").keys.empty()) << "young ones may get their row yet";

    EXPECT_EQ(all_orphans(R"("older_than_s":0,"remove":true)").keys, both);
    auto left = ours;
    left.push_back("holiday/beach.jpg");
    left.push_back("restored/notes.txt");
    std::sort(left.begin(), left.end());
    EXPECT_EQ(bucket.keys(), left);
    EXPECT_EQ(fetch(text_at(client().job(text_at(job, "/id")), "/outputs/0/url")).status, 200);
    EXPECT_TRUE(all_orphans(R"("older_than_s":0)").keys.empty());
}

TEST_F(S3Upkeep, WhatIsGoneFromTheStoreIsTold) {
    const auto job = done_job();
    (void)done_job();
    EXPECT_TRUE(items_at(missing().json(), "/missing").empty());
    bucket.remove(result_key(job));
    const auto told = missing();
    ASSERT_EQ(told.status, 200) << told.body();
    ASSERT_EQ(items_at(told.json(), "/missing").size(), 1u) << told.body();
    EXPECT_EQ(text_at(told.json(), "/missing/0/job_id"), text_at(job, "/id"));
    EXPECT_EQ(text_at(told.json(), "/missing/0/key"), result_key(job));
}

TEST_F(S3Upkeep, OnlyAnOperatorMayAsk) {
    EXPECT_EQ(server.terminate().code, 0);
    const std::string users_key = "dr_a-key-of-a-user-of-this-test";
    {
        app::SystemRandom random;
        const auto store = store::SqliteJobStore::open((server.data_dir() / "darkroom.db").string(), random);
        ASSERT_TRUE(store.ok()) << store.error().detail;
        const ports::ApiKey key{.digest = sha256(users_key),
                                .name = "a user",
                                .user = *UserId::parse("customer-7"),
                                .admin = false,
                                .created_at = from_unix_ms(1'000),
                                .revoked_at = std::nullopt};
        ASSERT_TRUE((*store)->put_api_key(key).ok());
    }
    server.start();
    const auto user = server.client_with(users_key);
    for (const std::string path : {"/api/v1/admin/orphans", "/api/v1/admin/missing"}) {
        expect_problem(user.post(path), 403, "forbidden");
        expect_problem(server.client_with("").post(path), 401, "unauthenticated");
        expect_problem(client().post(path, "[]"), 422, "validation_failed");
        expect_problem(client().post(path, "{"), 400, "malformed_json");
        expect_problem(client().post(path, R"({"remov":true})"), 422, "unknown_field");
    }
    EXPECT_EQ(user.get("/api/v1/jobs").status, 200);
    for (const auto* wrong : {R"("older_than_s":-1)", R"("older_than_s":"0")", R"("remove":"yes")",
                              R"("store":"other")", R"("store":"volume")", R"("place":7)"})
        expect_problem(orphans(wrong), 422, "validation_failed");
    expect_problem(client().post("/api/v1/admin/missing", R"({"after":-1})"), 422, "validation_failed");
}

TEST_F(S3Upkeep, InputsGoWhenTheirTimeIsOverAndTheResultsStay) {
    const auto job = done_job();
    start_again_until("DARKROOM_RETENTION_INPUT", "1s", [&] { return bucket.keys().size() == 2; });
    EXPECT_TRUE(bucket.has(result_key(job)));
    const auto now = client().job(text_at(job, "/id"));
    EXPECT_FALSE(text_at(now, "/inputs_removed_at").empty()) << now;
    EXPECT_EQ(text_at(now, "/outputs_removed_at"), "");
    EXPECT_EQ(fetch(text_at(now, "/outputs/0/url")).status, 200);
    EXPECT_TRUE(items_at(missing().json(), "/missing").empty()) << "what was removed is not missed";
}

TEST_F(S3Upkeep, ResultsGoWhenTheirTimeIsOverAndTheJobTellsSo) {
    const auto id = text_at(done_job(), "/id");
    start_again_until("DARKROOM_RETENTION_OUTPUT", "1s", [&] { return bucket.keys().size() == 1; });
    const auto now = client().job(id);
    EXPECT_EQ(text_at(now, "/status"), "SUCCEEDED");
    EXPECT_FALSE(text_at(now, "/outputs_removed_at").empty()) << now;
    EXPECT_EQ(text_at(now, "/outputs/0/url"), "") << now;
    EXPECT_FALSE(text_at(now, "/outputs/0/sha256").empty()) << "what it was is still told";
    EXPECT_TRUE(items_at(now, "/output_urls").empty());
    EXPECT_EQ(text_at(now, "/thumbnail_url"), "");
}

TEST_F(S3Upkeep, JobsAreForgottenWithAllTheirObjects) {
    const auto id = text_at(done_job(), "/id");
    start_again_until("DARKROOM_RETENTION_JOBS", "1s", [&] { return bucket.keys().empty(); });
    EXPECT_TRUE(eventually([&] { return client().get("/api/v1/jobs/" + id).status == 404; }));
}

TEST_F(S3Upkeep, AnUploadThatNoJobUsedGoesWithItsObject) {
    start_again_with("DARKROOM_UPLOAD_TTL_S", "1");
    const auto upload = upload_directly(client(), picture);
    EXPECT_EQ(client().post("/api/v1/uploads/" + upload + "/complete").status, 200);
    EXPECT_EQ(bucket.keys().size(), 1u);
    start_again_until("DARKROOM_UPLOAD_TTL_S", "1", [&] { return bucket.keys().empty(); });
    EXPECT_TRUE(eventually([&] { return client().get("/api/v1/uploads/" + upload).status == 404; }));
    expect_problem(client().post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload)), 422,
                   "upload_not_found");
}

// Two hours later, by a clock that the store does not share: the time to send a picture is over.
TEST_F(S3Upkeep, AnUploadThatWasNeverConfirmedExpiresWithWhatWasSent) {
    if (!can_fake_time()) GTEST_SKIP() << "faketime is not installed, or cannot be loaded first";
    const auto sent = upload_directly(client(), picture);
    const auto never_sent = text_at(invite(client(), "a.png", picture.size()), "/id");
    const auto job = done_job();
    EXPECT_EQ(server.terminate().code, 0);
    auto settings = bucket.proxied_settings();
    settings.merge(time_moved_by("+2h"));
    // So that it is upkeep which learns the store's time.
    testing::Fault late;
    late.delay = Milliseconds(500);
    bucket.proxy().plan(late, 1, testing::on("HEAD"));
    server.start(settings);
    for (const auto& upload : {sent, never_sent})
        EXPECT_TRUE(eventually([&] { return client().get("/api/v1/uploads/" + upload).status == 404; }));
    EXPECT_FALSE(bucket.has("uploaded/" + sent + ".png"));
    EXPECT_EQ(bucket.keys().size(), 3u) << "those of the job, which used its upload";
    EXPECT_EQ(fetch(text_at(client().job(text_at(job, "/id")), "/outputs/0/url")).status, 200)
        << "links are signed by the store's clock";
}

}  // namespace
}  // namespace darkroom::e2e
