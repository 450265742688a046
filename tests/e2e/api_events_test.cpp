// A job's timeline, and the stream of it: live, resumed, across a restart of the server.
#include <gtest/gtest.h>

#include "tests/e2e/event_stream.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

RawClient follow(const ServerProcess& server, const std::string& job, const std::string& last_event_id = "") {
    auto stream = follow_events(server.port(), server.key(), job, last_event_id);
    EXPECT_TRUE(stream.connected());
    stream.set_patience(Milliseconds(30'000));
    return stream;
}

RawAnswer head_of(RawClient& stream) { return stream.read_head().value_or(RawAnswer{}); }

TEST(ApiEvents, TheTimelineTellsEveryStep) {
    const ServerProcess server;
    const auto client = server.client();
    const auto id = client.create_with("jpeg_to_png", disc_png(32, 32));
    (void)client.ended_job(id);
    const auto events = client.events(id);
    ASSERT_EQ(events.size(), 4u);
    const std::vector<std::vector<std::string>> expected = {{"created", "QUEUED", ""},
                                                            {"claim", "DISPATCHED", "1"},
                                                            {"start", "RUNNING", "1"},
                                                            {"succeed", "SUCCEEDED", "1"}};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(number_at(events[i], "/seq"), static_cast<std::int64_t>(i) + 1);
        EXPECT_EQ(text_at(events[i], "/kind"), expected[i][0]);
        EXPECT_EQ(text_at(events[i], "/status"), expected[i][1]);
        EXPECT_EQ(text_at(events[i], "/attempt"), expected[i][2]);
        EXPECT_EQ(text_at(events[i], "/job_id"), id);
        EXPECT_FALSE(text_at(events[i], "/at").empty());
        EXPECT_FALSE(text_at(events[i], "/actor").empty());
    }
}

TEST(ApiEvents, AStreamShowsTheJobAndThenEachStepUntilTheEnd) {
    const ServerProcess server;
    const auto id = server.client().create_with("upscale_2k", disc_png(256, 256), R"({"target":1024})");
    auto stream = follow(server, id);
    const auto head = head_of(stream);
    ASSERT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
    const auto snapshot = next_event(stream);
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_EQ(snapshot->name, "snapshot");
    EXPECT_NE(snapshot->data.find(id), std::string::npos);
    std::vector<std::string> names;
    int expected_id = 1;
    auto event = next_event(stream);
    for (; event && event->name != "end"; event = next_event(stream), ++expected_id) {
        EXPECT_EQ(event->id, std::to_string(expected_id));
        names.push_back(event->name);
    }
    ASSERT_TRUE(event.has_value()) << "the stream broke off";
    EXPECT_EQ(names, (std::vector<std::string>{"job.created", "job.claim", "job.start", "job.succeed"}));
    EXPECT_TRUE(stream.closed_by_server());
}

TEST(ApiEvents, AReaderThatComesBackGetsWhatItMissedAndAfterTheEndNothing) {
    const ServerProcess server;
    const auto id = server.client().create_with("jpeg_to_png", disc_png(32, 32));
    (void)server.client().ended_job(id);
    auto resumed = follow(server, id, "2");
    EXPECT_EQ(head_of(resumed).status, 200);
    EXPECT_EQ(next_event(resumed).value_or(StreamedEvent{}).id, "3");
    EXPECT_EQ(next_event(resumed).value_or(StreamedEvent{}).id, "4");
    EXPECT_EQ(next_event(resumed).value_or(StreamedEvent{}).name, "end");

    auto late = follow(server, id, "4");
    EXPECT_EQ(head_of(late).status, 204);
    for (const std::string wrong : {"x", "-1", "1.5", "99999999999999999999"}) {
        const auto reply = server.client().get("/api/v1/jobs/" + id + "/events",
                                               {{"Accept", "text/event-stream"}, {"Last-Event-ID", wrong}});
        expect_problem(reply, 400, "bad_header");
    }
}

TEST(ApiEvents, AStreamGoesOnAfterARestartWithoutAGap) {
    ServerProcess server(Settings{{"MAX_INFLIGHT", "1"}});
    const auto upload = server.client().upload(disc_png(48, 48));
    (void)server.client().ended_job(server.client().create("jpeg_to_png", "{}", upload));
    server.freeze_workers();
    const auto id = server.client().create("jpeg_to_png", "{}", upload);
    auto before = follow(server, id);
    ASSERT_EQ(head_of(before).status, 200);
    std::string last_id;
    for (auto event = next_event(before); event; event = next_event(before)) {
        if (!event->id.empty()) last_id = event->id;
        if (event->name == "job.start") break;
    }
    ASSERT_EQ(last_id, "3");
    server.kill9();
    EXPECT_TRUE(before.closed_by_server());
    server.start();

    auto after = follow(server, id, last_id);
    ASSERT_EQ(head_of(after).status, 200);
    std::vector<std::string> names;
    int expected_id = 4;
    auto event = next_event(after);
    for (; event && event->name != "end"; event = next_event(after), ++expected_id) {
        EXPECT_EQ(event->id, std::to_string(expected_id));
        names.push_back(event->name);
    }
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(names, (std::vector<std::string>{"job.retry_later", "job.claim", "job.start", "job.succeed"}));
}

TEST(ApiEvents, AStoppingServerLetsItsReadersGo) {
    ServerProcess server(Settings{{"MAX_INFLIGHT", "1"}});
    const auto upload = server.client().upload(disc_png(48, 48));
    (void)server.client().ended_job(server.client().create("jpeg_to_png", "{}", upload));
    server.freeze_workers();
    const auto id = server.client().create("jpeg_to_png", "{}", upload);
    auto stream = follow(server, id);
    ASSERT_EQ(head_of(stream).status, 200);
    RawClient waiting(server.port());
    ASSERT_TRUE(
        waiting.send(request_text("GET", "/api/v1/jobs/" + id,
                                  {{"Authorization", "Bearer " + server.key()}, {"Prefer", "wait=60"}}, {})));
    (void)server.client().job_in(id, "RUNNING");
    const auto exit = server.terminate(Milliseconds(10'000));
    EXPECT_EQ(exit.code, 0);
    EXPECT_TRUE(stream.closed_by_server());
    const auto answer = waiting.read_answer();
    ASSERT_TRUE(answer.has_value()) << "a held answer is given before the end";
    EXPECT_EQ(answer->status, 200);
}

}  // namespace
}  // namespace darkroom::e2e
