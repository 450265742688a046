// A disk that fills up under a running server: what is new is refused with a code, what was acknowledged
// stays, and all goes on when there is space again.
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"
#include "tests/support/small_disk.h"

namespace darkroom::e2e {
namespace {

// Refused for want of space: the status, and a code that tells the client to come again.
bool is_refused_for_space(const Reply& reply) {
    if (reply.status != 507 && reply.status != 503) return false;
    expect_problem(reply, reply.status, reply.status == 507 ? "storage_full" : reply.code(),
                   text_at(reply.json(), "/request_id").empty());
    EXPECT_NE(reply.code(), "store_broken") << "a full disk is no reason to give up";
    EXPECT_EQ(text_at(reply.json(), "/retryable"), "true") << reply.body();
    return true;
}

class DiskFull : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
        server = std::make_unique<ServerProcess>(Settings{{"MAX_INFLIGHT", "1"}}, disk.path() / "data");
    }
    const testing::SmallDisk disk;
    std::unique_ptr<ServerProcess> server;
};

TEST_F(DiskFull, RefusesWhatIsNewAndLosesNothingThatWasAcknowledged) {
    const auto client = server->client();
    const auto upload = client.upload(disc_png(200, 200));
    std::vector<std::string> acknowledged;
    acknowledged.push_back(client.create("jpeg_to_png", "{}", upload));
    (void)client.ended_job(acknowledged.back());
    const auto ticket = client.post("/api/v1/uploads", "{}").json();

    disk.fill();
    const auto picture = disc_png(300, 300);
    EXPECT_TRUE(is_refused_for_space(client.call("PUT", target_of(text_at(ticket, "/url")), picture)));
    const auto form = make_form("a.png", picture, {{"type", "jpeg_to_png"}});
    EXPECT_TRUE(is_refused_for_space(
        client.call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}})));
    // A page that the database has free may still take a few.
    bool refused = false;
    for (int i = 0; i < 500 && !refused; ++i) {
        const auto reply = client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
        if (reply.status == 201) {
            acknowledged.push_back(text_at(reply.json(), "/id"));
            disk.fill();
        } else {
            refused = is_refused_for_space(reply);
            ASSERT_TRUE(refused) << reply.status << reply.body();
        }
    }
    EXPECT_TRUE(refused) << "500 jobs were taken on a full disk";
    EXPECT_EQ(client.get("/healthz").status, 200);
    EXPECT_EQ(client.get("/api/v1/jobs").status, 200) << "reading needs no space";

    disk.relieve();
    EXPECT_TRUE(eventually([&] {
        const auto reply = client.post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload));
        if (reply.status == 201) acknowledged.push_back(text_at(reply.json(), "/id"));
        return reply.status == 201;
    })) << "jobs are still refused though there is space";
    EXPECT_EQ(client.call("PUT", target_of(text_at(ticket, "/url")), picture).status, 200);
    for (const auto& id : acknowledged) {
        const auto job = client.ended_job(id);
        const auto status = text_at(job, "/status");
        EXPECT_TRUE(status == "SUCCEEDED" || text_at(job, "/error/code") == "storage_full") << job;
    }
    EXPECT_EQ(text_at(client.job(acknowledged.back()), "/status"), "SUCCEEDED");
    expect_nothing_left(*server);

    server->kill9();
    server->start();
    for (const auto& id : acknowledged) EXPECT_EQ(server->client().get("/api/v1/jobs/" + id).status, 200);
}

TEST_F(DiskFull, AJobWhoseResultFindsNoRoomEndsWhenThereIsSome) {
    const auto client = server->client();
    const auto upload = client.upload(disc_png(200, 200));
    (void)client.ended_job(client.create("jpeg_to_png", "{}", upload));
    server->freeze_workers();
    const auto id = client.create("jpeg_to_png", "{}", upload);
    (void)client.job_in(id, "RUNNING");
    disk.fill();
    server->thaw_workers();
    // The first attempt cannot be stored, or its end cannot; either way the job is not forgotten.
    EXPECT_TRUE(eventually([&] {
        return server->log().find("\"code\":\"storage_full\"") != std::string::npos ||
               server->log().find("could not be stored") != std::string::npos ||
               server->log().find("was not recorded") != std::string::npos;
    })) << "nobody noticed the full disk";
    EXPECT_EQ(client.get("/healthz").status, 200);
    disk.relieve();
    const auto job = client.ended_job(id);
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    expect_nothing_left(*server);
}

}  // namespace
}  // namespace darkroom::e2e
