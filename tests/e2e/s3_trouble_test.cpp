// A store that cannot be used: the server starts and says so, jobs wait without being tried in vain, and go
// on by themselves when the store can be used again (F-E07).
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/s3_bucket.h"

namespace darkroom::e2e {
namespace {

using testing::Fault;
using testing::FaultProxy;

int count_of(const std::string& text, const std::string& part) {
    int count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

class S3Trouble : public ::testing::Test {
protected:
    /// Everything is refused from now on, as after a change of the bucket's policy.
    void refuse_all() {
        bucket.proxy().plan(Fault::answer_with(403, {{"Content-Type", "application/xml"}},
                                               "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"
                                               "<Message>Not any more.</Message></Error>"),
                            FaultProxy::always);
    }
    /// A picture that is ready for a job, in a server that has stopped since.
    std::string ready_upload(ServerProcess& server) {
        auto upload = upload_directly(server.client(), disc_png(48, 48));
        EXPECT_EQ(server.client().post("/api/v1/uploads/" + upload + "/complete").status, 200);
        EXPECT_EQ(server.terminate().code, 0);
        return upload;
    }
    static std::string storage_state(const ServerProcess& server) {
        const auto ready = server.client_with("").get("/readyz");
        EXPECT_EQ(ready.status, 200) << ready.body();
        for (const auto& check : items_at(ready.json(), "/checks"))
            if (text_at(check, "/name") == "storage")
                return text_at(ready.json(), "/status") + "/" + text_at(check, "/status");
        return "";
    }
    static bool comes_to(const ServerProcess& server, const std::string& state) {
        return eventually([&] { return storage_state(server) == state; }, Milliseconds(40'000));
    }
    /// The server runs, takes the job, does not try it, and says why in one line.
    static std::string expect_waiting_job(const ServerProcess& server, const std::string& upload,
                                          const std::string& cause) {
        EXPECT_TRUE(comes_to(server, "degraded/failed"));
        const auto client = server.client();
        auto id = client.create("jpeg_to_png", "{}", upload);
        EXPECT_EQ(client.post("/api/v1/dispatcher").status, 200);
        const auto job = client.job(id);
        EXPECT_EQ(text_at(job, "/status"), "QUEUED");
        EXPECT_EQ(number_at(job, "/attempt_count"), 0) << "an attempt was wasted";
        const auto form = make_form("a.png", disc_png(40, 40), {{"type", "jpeg_to_png"}});
        const auto refused =
            client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
        expect_problem(refused, 503, "storage_unavailable");
        EXPECT_EQ(refused.body().find(cause), std::string::npos)
            << "the operator's cause: " << refused.body();
        const auto log = server.log();
        EXPECT_EQ(count_of(log, "the storage cannot be used"), 1) << log;
        EXPECT_NE(log.find(cause), std::string::npos) << log;
        return id;
    }
    static void expect_done_at_the_first_try(const ServerProcess& server, const std::string& id) {
        const auto job = server.client().ended_job(id);
        EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
        EXPECT_EQ(number_at(job, "/attempt_count"), 1);
        EXPECT_TRUE(comes_to(server, "ready/ok"));
    }

    S3Bucket bucket;
    ServerProcess server{bucket.proxied_settings()};
    const std::string upload = ready_upload(server);
};

TEST_F(S3Trouble, JobsWaitWhileTheStoreDeniesEverythingAndThenGoOn) {
    refuse_all();
    server.start();
    const auto id = expect_waiting_job(server, upload, "AccessDenied");
    bucket.proxy().behave();
    expect_done_at_the_first_try(server, id);
    EXPECT_NE(server.log().find("the storage answers again"), std::string::npos) << server.log();
}

TEST_F(S3Trouble, JobsWaitWhileNobodyListensAtTheEndpoint) {
    bucket.proxy().set_door(FaultProxy::Door::refuse);
    server.start();
    const auto id = expect_waiting_job(server, upload, "S3_ENDPOINT");
    bucket.proxy().set_door(FaultProxy::Door::open);
    expect_done_at_the_first_try(server, id);
}

TEST_F(S3Trouble, AWrongSecretIsNamedAndOnceRightedTheJobGoesOn) {
    auto settings = bucket.settings();
    const std::string wrong = "not-the-secret-of-this-key-4711";
    settings["AWS_SECRET_ACCESS_KEY"] = wrong;
    server.start(settings);
    const auto id = expect_waiting_job(server, upload, "AWS_SECRET_ACCESS_KEY");
    EXPECT_EQ(server.log().find(wrong), std::string::npos) << server.log();
    EXPECT_EQ(server.terminate().code, 0);
    server.start(bucket.settings());
    expect_done_at_the_first_try(server, id);
}

TEST_F(S3Trouble, AMissingBucketIsNamedAndOnceRightedTheJobGoesOn) {
    auto settings = bucket.settings();
    settings["S3_BUCKET"] = "no-such-bucket";
    server.start(settings);
    const auto id = expect_waiting_job(server, upload, "S3_BUCKET");
    EXPECT_EQ(server.terminate().code, 0);
    server.start(bucket.settings());
    expect_done_at_the_first_try(server, id);
}

TEST_F(S3Trouble, AStoreThatFailsInTheMiddleOfTheDayCostsNoJob) {
    server.start();
    const auto client = server.client();
    const auto first = client.ended_job(client.create("jpeg_to_png", "{}", upload));
    ASSERT_EQ(text_at(first, "/status"), "SUCCEEDED") << first;
    refuse_all();
    const auto id = client.create("jpeg_to_png", "{}", upload);
    EXPECT_TRUE(comes_to(server, "degraded/failed")) << server.log();
    const auto second = client.create("jpeg_to_png", "{}", upload);
    EXPECT_EQ(number_at(client.job(second), "/attempt_count"), 0);
    bucket.proxy().behave();
    EXPECT_EQ(text_at(client.ended_job(id), "/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(client.ended_job(second), "/status"), "SUCCEEDED");
    EXPECT_TRUE(comes_to(server, "ready/ok"));
    expect_nothing_left(server);
}

}  // namespace
}  // namespace darkroom::e2e
