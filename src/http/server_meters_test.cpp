// What the server tells of its answers: each once, under its route's pattern, whoever made it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::eventually;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::TestServer;

class Heard : public ports::Meters {
public:
    void request_answered(const ports::AnsweredRequest& request) override {
        const std::lock_guard lock(mutex_);
        answers_.push_back(std::string(request.method) + " " + std::string(request.route) + " " +
                           std::to_string(request.status) + (request.took ? "" : " waited"));
    }
    void event_streams(int more) override { streams_ += more; }

    std::vector<std::string> answers(std::size_t count) {
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex_);
            return answers_.size() >= count;
        }));
        const std::lock_guard lock(mutex_);
        return answers_;
    }
    int streams() const { return streams_; }

private:
    std::mutex mutex_;
    std::vector<std::string> answers_;
    std::atomic<int> streams_{0};
};

class ServerMeters : public ::testing::Test {
protected:
    static std::vector<ports::HttpRoute> routes() {
        auto all = testing::simple_routes();
        all.push_back(testing::route(ports::HttpMethod::get, "/things/{uuid}",
                                     [](auto&) { return testing::text_answer("a thing"); }));
        all.push_back(testing::route(ports::HttpMethod::get, "/events", [](auto&) {
            ports::HttpResponse response;
            response.body = ports::EventStream{nullptr, [] { return ports::EventStream::Chunk{}; }};
            return response;
        }));
        all.push_back(testing::route(ports::HttpMethod::get, "/held", [](auto&) {
            ports::HttpResponse response;
            response.body = ports::HeldAnswer{Milliseconds(10), nullptr,
                                              [](bool last) -> std::optional<ports::HttpResponse> {
                                                  if (last) return testing::text_answer("late");
                                                  return std::nullopt;
                                              }};
            return response;
        }));
        return all;
    }

    Heard heard_;
    TestServer server_{routes(), [this](ServerOptions& options) {
                           options.meters = &heard_;
                           options.timeouts.sweep = Milliseconds(10);
                       }};
};

TEST_F(ServerMeters, EachAnswerIsToldOnceUnderItsRoute) {
    RawClient client(server_.port());
    client.send(get("/hello"));
    EXPECT_EQ(client.read_answer()->status, 200);
    client.send(get("/things/00000000-0000-4000-8000-000000000001"));
    EXPECT_EQ(client.read_answer()->status, 200);
    client.send(post("/echo", "body"));
    EXPECT_EQ(client.read_answer()->status, 200);
    EXPECT_THAT(heard_.answers(3), ElementsAre("GET /hello 200", "GET /things/{uuid} 200", "POST /echo 200"));
}

TEST_F(ServerMeters, WhatTheServerRefusesHasNoPathOfTheClientInIt) {
    RawClient client(server_.port());
    client.send(get("/secret-of-somebody"));
    EXPECT_EQ(client.read_answer()->status, 404);
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(client.read_answer()->status, 400);
    EXPECT_THAT(heard_.answers(2), ElementsAre("GET  404", "GET  400"));
}

TEST_F(ServerMeters, WhatWaitsOnPurposeIsCountedAndNotTimed) {
    RawClient client(server_.port());
    client.send(get("/held"));
    EXPECT_EQ(client.read_answer()->status, 200);
    EXPECT_THAT(heard_.answers(1), ElementsAre("GET /held 200 waited"));
}

TEST_F(ServerMeters, OpenStreamsAreCountedUntilTheirClientLeaves) {
    {
        RawClient client(server_.port());
        client.send(get("/events"));
        EXPECT_THAT(heard_.answers(1), Contains("GET /events 200 waited"));
        EXPECT_TRUE(eventually([this] { return heard_.streams() == 1; }));
    }
    EXPECT_TRUE(eventually([this] { return heard_.streams() == 0; }));
}

}  // namespace
}  // namespace darkroom::http
