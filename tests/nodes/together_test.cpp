// Nodes side by side: one limit, one stream of events, one restart after the other, and who is not let in.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "tests/e2e/pictures.h"
#include "tests/nodes/cluster.h"
#include "tests/nodes/program_run.h"

namespace darkroom::e2e {
namespace {

#define SKIP_WITHOUT_POSTGRES() \
    if (const auto why = testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why

/// As RunPod itself sees it.
std::int64_t open_at_the_endpoint(Cluster& cluster) {
    const auto health = cluster.endpoint().get("/health");
    const auto told = parse_json(health.body);
    if (!told) return 0;
    return number_at(*told, "/jobs/inQueue") + number_at(*told, "/jobs/inProgress");
}

TEST(NodesTogether, I_12_TheLimitOfAnEndpointHoldsOverFourNodesInTenThousandSamples) {
    SKIP_WITHOUT_POSTGRES();
    constexpr int limit = 3;
    Cluster cluster({.endpoint_max = limit});
    std::vector<NodeProcess*> nodes;
    for (const std::string name : {"one", "two", "three", "four"}) nodes.push_back(&cluster.start(name));
    cluster.start_worker();
    cluster.start_worker();
    // There is work until enough was seen of it.
    std::vector<std::string> ids;
    std::atomic<bool> enough{false};
    std::thread creator([&] {
        for (std::size_t i = 0; !enough; ++i) {
            const auto client = nodes[i % 4]->client();
            ids.push_back(client.create_with("jpeg_to_png", disc_png(64, 48, std::uint32_t(i))));
            if (i >= 12) (void)client.ended_job(ids[i - 12]);
        }
    });
    std::map<std::int64_t, int> samples;  // how often so many were in flight
    std::int64_t most_there = 0;
    int taken = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    for (; taken - samples[0] < 10'000 && std::chrono::steady_clock::now() < deadline; ++taken) {
        ++samples[cluster.count("SELECT count(*) FROM inflight WHERE endpoint = 'desk'")];
        if (taken % 100 == 0) most_there = std::max(most_there, open_at_the_endpoint(cluster));
    }
    enough = true;
    creator.join();
    EXPECT_GE(taken - samples[0], 10'000);
    EXPECT_EQ(samples.rbegin()->first, limit) << "it is used, and never exceeded";
    EXPECT_LE(most_there, limit);
    expect_all_done(nodes[0]->client(), ids, Milliseconds(120'000));
    EXPECT_EQ(cluster.submits().all, std::ssize(ids));
    std::string seen;
    for (const auto& [inflight, times] : samples)
        seen += " " + std::to_string(inflight) + "x" + std::to_string(times);
    std::printf("%d samples of %zu jobs over four nodes; in flight:%s; most at the endpoint: %lld\n", taken,
                ids.size(), seen.c_str(), static_cast<long long>(most_there));
}

TEST(NodesTogether, AnEventStreamHearsWhatAnotherNodeDoes) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const auto id = front.client().create_with("jpeg_to_png", disc_png(64, 48));
    RawClient stream(front.client().port());
    stream.set_patience(Milliseconds(30'000));
    ASSERT_TRUE(stream.send(request_text(
        "GET", "/api/v1/jobs/" + id + "/events",
        {{"Authorization", "Bearer " + front.client().key()}, {"Accept", "text/event-stream"}}, {})));
    ASSERT_EQ(stream.read_head().value_or(RawAnswer{}).status, 200);
    cluster.start("worker", {{"DARKROOM_ROLE", "dispatcher"}});
    std::string heard;
    while (heard.find("SUCCEEDED") == std::string::npos) {
        const auto event = stream.read_past("\n\n");
        ASSERT_TRUE(event) << heard;
        heard += *event;
    }
    EXPECT_NE(heard.find("DISPATCHED"), std::string::npos) << heard;
}

TEST(NodesTogether, AnAnswerThatWaitsIsGivenWhenAnotherNodeIsDone) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    cluster.start("worker", {{"DARKROOM_ROLE", "dispatcher"}});
    const auto upload = front.client().upload(disc_png(64, 48));
    const auto began = std::chrono::steady_clock::now();
    const auto answer = front.client().post("/api/v1/jobs", job_request("jpeg_to_png", "{}", upload),
                                            {{"Prefer", "wait=30"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(text_at(answer.json(), "/status"), "SUCCEEDED");
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(25));
}

TEST(NodesTogether, ADispatcherServesNoApi) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    auto& node = cluster.start("worker", {{"DARKROOM_ROLE", "dispatcher"}});
    EXPECT_EQ(node.client().get("/healthz").status, 200);
    EXPECT_EQ(node.client().get("/readyz").status, 200);
    EXPECT_EQ(node.client().get("/metrics").status, 200);
    EXPECT_EQ(node.client().get("/api/v1/jobs").status, 404);
    EXPECT_NE(node.client().post("/api/dispatcher").body().find(R"("troubles":[])"), std::string::npos);
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    EXPECT_NE(front.client().post("/api/dispatcher").body().find("sends no jobs to work"), std::string::npos);
}

TEST(NodesTogether, AJobCancelledAtOneNodeIsStoppedAtAnother) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster({.endpoint_max = 2});
    cluster.start("sender", {{"DARKROOM_ROLE", "dispatcher"}});
    auto& front = cluster.start("front", {{"DARKROOM_ROLE", "api"}});
    const auto id = create_jobs(front.client(), 1)[0];
    ASSERT_TRUE(eventually(
        [&] { return cluster.count("SELECT count(*) FROM remote_jobs WHERE state = 'submitted'") == 1; }));
    EXPECT_EQ(front.client().post("/api/v1/jobs/" + id + "/cancel").status, 200);
    EXPECT_TRUE(eventually([&] { return cluster.count("SELECT count(*) FROM inflight") == 0; },
                           Milliseconds(30'000)));
}

// Clients repeat what got no answer, and nothing else goes wrong.
TEST(NodesTogether, RestartedInTurnUnderLoadTheyLoseNoJobAndFailNoRequest) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    std::vector<NodeProcess*> nodes{&cluster.start("one"), &cluster.start("two")};
    // A node that is being restarted cannot be asked for its port, which stays the same.
    const std::vector<ApiClient> clients{nodes[0]->client(), nodes[1]->client()};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::vector<std::string> accepted;
    std::vector<std::string> wrong;
    const auto load = [&](std::size_t first) {
        for (std::size_t i = first; !stop; ++i) {
            const auto form =
                make_form("shoe.png", disc_png(64, 48, std::uint32_t(i)), {{"type", "jpeg_to_png"}});
            const auto reply =
                clients[i % 2].call("POST", "/api/v1/jobs", form.body, {{"Content-Type", form.content_type}});
            const std::lock_guard lock(mutex);
            if (reply.status == 201)
                accepted.push_back(text_at(reply.json(), "/id"));
            else if (reply.status != 0)
                wrong.push_back(std::to_string(reply.status) + " " + reply.body());
        }
    };
    std::thread one(load, 0);
    std::thread two(load, 1);
    for (int round = 0; round < 2; ++round) {
        for (auto* node : nodes) {
            EXPECT_EQ(node->terminate().code, 0);
            node->start();
        }
    }
    stop = true;
    one.join();
    two.join();
    EXPECT_TRUE(wrong.empty()) << wrong.front();
    EXPECT_GT(accepted.size(), 10u);
    expect_all_done(nodes[0]->client(), accepted, Milliseconds(120'000));
    // What was interrupted by a stop costs no attempt beyond the schedule's.
    EXPECT_EQ(cluster.count("SELECT count(*) FROM jobs WHERE status <> 'SUCCEEDED'"), 0);
}

ProgramRun refused(const Settings& settings, const std::vector<std::string>& arguments = {"serve"}) {
    return run_program(settings, arguments);
}

TEST(NodesTogether, ANodeThatWouldNotUnderstandTheOthersIsRefused) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    cluster.start("one");
    const auto other_secret =
        refused(cluster.settings("two", {{"DARKROOM_SIGNING_SECRET", std::string(40, 'x')}}));
    EXPECT_EQ(other_secret.code, 78);
    EXPECT_NE(other_secret.said.find("DARKROOM_SIGNING_SECRET"), std::string::npos) << other_secret.said;
    const auto other_bucket = refused(cluster.settings("two", {{"S3_BUCKET", "another"}}));
    EXPECT_EQ(other_bucket.code, 78);
    EXPECT_NE(other_bucket.said.find("S3_BUCKET"), std::string::npos) << other_bucket.said;
    auto in_a_folder = cluster.settings("two");
    in_a_folder.erase("S3_BUCKET");
    EXPECT_EQ(refused(in_a_folder).code, 78);
    const auto same_name = refused(cluster.settings("one"));
    EXPECT_NE(same_name.code, 0);
    EXPECT_NE(same_name.said.find("one"), std::string::npos) << same_name.said;
    for (const auto& told : {other_secret, other_bucket, same_name})
        EXPECT_EQ(told.said.find(testing::postgres_password), std::string::npos) << told.said;
}

TEST(NodesTogether, AnOldDarkroomDoesNotTouchANewSchema) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    EXPECT_EQ(refused(cluster.settings("one"), {"migrate", "check"}).code, 1);
    EXPECT_EQ(refused(cluster.settings("one"), {"migrate", "up"}).code, 0);
    EXPECT_EQ(refused(cluster.settings("one"), {"migrate", "check"}).code, 0);
    (void)cluster.count("INSERT INTO migrations (version, compatible_from) VALUES (99, 1) RETURNING 1");
    EXPECT_EQ(refused(cluster.settings("one"), {"migrate", "check"}).code, 0) << "compatible with this one";
    (void)cluster.count("UPDATE migrations SET compatible_from = 99 WHERE version = 99 RETURNING 1");
    EXPECT_EQ(refused(cluster.settings("one"), {"migrate", "check"}).code, 1);
    const auto start = refused(cluster.settings("one"));
    EXPECT_NE(start.code, 0);
    EXPECT_NE(start.said.find("99"), std::string::npos) << start.said;
    EXPECT_EQ(cluster.count("SELECT count(*) FROM nodes"), 0);
}

TEST(NodesTogether, TheyAreListedWithWhatTheyHold) {
    SKIP_WITHOUT_POSTGRES();
    Cluster cluster;
    cluster.start("one");
    cluster.start("two", {{"DARKROOM_ROLE", "api"}});
    const auto told = refused(cluster.settings("looker"), {"nodes", "--json"});
    EXPECT_EQ(told.code, 0) << told.said;
    EXPECT_NE(told.said.find(R"("name":"one")"), std::string::npos) << told.said;
    EXPECT_NE(told.said.find(R"("role":"api")"), std::string::npos) << told.said;
    EXPECT_EQ(told.said.find("looker"), std::string::npos) << "looking is not joining";
}

}  // namespace
}  // namespace darkroom::e2e
