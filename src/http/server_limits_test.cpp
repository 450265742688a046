// Time limits, counts and descriptors, scaled down: nobody can hold the server by being slow or many.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using testing::eventually;
using testing::get;
using testing::RawClient;
using testing::simple_routes;
using testing::TestServer;

// One limit is short and all others are out of the way, so that each test sees only the limit it is about.
std::function<void(ServerOptions&)> only(Milliseconds ServerTimeouts::*limit,
                                         Milliseconds value = Milliseconds(60)) {
    return [=](ServerOptions& options) {
        const Milliseconds hour(3'600'000);
        options.timeouts = {hour, hour, hour, hour, hour, hour, hour, Milliseconds(10)};
        options.timeouts.*limit = value;
    };
}

// Sends a byte now and then until the server says something, which is left to be read whole.
bool trickles_until_answered(RawClient& client) {
    return eventually([&] {
        client.send("a");
        return !client.silent_for(Milliseconds(10));
    });
}

TEST(ServerLimits, DefaultsAreTheDocumentedOnes) {
    const ServerOptions options;
    EXPECT_EQ(options.timeouts.header, std::chrono::seconds(10));
    EXPECT_EQ(options.timeouts.body_idle, std::chrono::seconds(15));
    EXPECT_EQ(options.timeouts.body_rate_after, std::chrono::seconds(10));
    EXPECT_EQ(options.body_bytes_per_second_min, 1024U);
    EXPECT_EQ(options.timeouts.keep_alive, std::chrono::seconds(30));
    EXPECT_EQ(options.timeouts.write_stall, std::chrono::seconds(30));
    EXPECT_EQ(options.requests_per_connection_max, 1'000U);
    EXPECT_EQ(options.connections_max, 2'048U);
    EXPECT_EQ(options.connections_per_address_max, 64U);
    EXPECT_EQ(options.head.head_bytes, 16'384U);
    EXPECT_EQ(options.head.request_line_bytes, 8'192U);
    EXPECT_EQ(options.head.fields, 64U);
}

TEST(ServerLimits, AHeadThatDoesNotEndIsAnswered408) {
    TestServer server(simple_routes(), only(&ServerTimeouts::header));
    RawClient client(server.port());
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: ");
    EXPECT_EQ(client.read_answer()->status, 408);
    EXPECT_TRUE(client.closed_by_server());
}

TEST(ServerLimits, AHeadTrickledInIsAnswered408) {
    TestServer server(simple_routes(), only(&ServerTimeouts::header));
    RawClient client(server.port());
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: ");
    // Each byte comes well before the limit, but the limit is on the whole head.
    ASSERT_TRUE(trickles_until_answered(client));
    EXPECT_EQ(client.read_answer()->status, 408);
}

TEST(ServerLimits, AConnectionWithoutARequestIsClosedSilently) {
    TestServer server(simple_routes(), only(&ServerTimeouts::header));
    RawClient client(server.port());
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(ServerLimits, AnIdleKeptConnectionIsClosedSilently) {
    TestServer server(simple_routes(), only(&ServerTimeouts::keep_alive));
    RawClient client(server.port());
    client.send(get("/hello"));
    EXPECT_EQ(client.read_answer()->status, 200);
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(ServerLimits, ABodyThatStopsIsAnswered408AndLeavesNoFile) {
    TestServer server(simple_routes(), only(&ServerTimeouts::body_idle));
    for (const std::string path : {"/echo", "/spool"}) {
        RawClient client(server.port());
        client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
        EXPECT_EQ(client.read_answer()->status, 408);
    }
    EXPECT_EQ(server.spooled_files(), 0U);
}

TEST(ServerLimits, ABodyThatCrawlsIsAnswered408) {
    TestServer server(simple_routes(), only(&ServerTimeouts::body_rate_after));
    RawClient client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    ASSERT_TRUE(trickles_until_answered(client));
    EXPECT_EQ(client.read_answer()->status, 408);
}

TEST(ServerLimits, AReaderThatStopsIsCutOff) {
    auto routes = simple_routes();
    routes.push_back(testing::route(ports::HttpMethod::get, "/large", [](ports::HttpRequest&) {
        return testing::text_answer(std::string(32u << 20, 'x'));
    }));
    TestServer server(std::move(routes), only(&ServerTimeouts::write_stall, Milliseconds(200)));
    RawClient client(server.port(), "", 4'096);
    client.send(get("/large"));
    ASSERT_TRUE(client.read_head());
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
}

TEST(ServerLimits, AConnectionServesSoManyRequestsAndNoMore) {
    TestServer server(simple_routes(),
                      [](ServerOptions& options) { options.requests_per_connection_max = 3; });
    RawClient client(server.port());
    client.send(get("/hello") + get("/hello") + get("/hello") + get("/hello"));
    EXPECT_EQ(client.read_answer()->header("Connection"), "");
    EXPECT_EQ(client.read_answer()->header("Connection"), "");
    EXPECT_EQ(client.read_answer()->header("Connection"), "close");
    client.half_close();
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(ServerLimits, BeyondTheMostConnectionsClientsWaitAndAreServedLater) {
    TestServer server(simple_routes(), [](ServerOptions& options) { options.connections_max = 3; });
    std::vector<std::unique_ptr<RawClient>> holders;
    for (int i = 0; i < 3; ++i) {
        holders.push_back(std::make_unique<RawClient>(server.port()));
        holders.back()->send(get("/hello"));
        EXPECT_EQ(holders.back()->read_answer()->status, 200);
    }
    RawClient waiting(server.port());
    waiting.send(get("/hello"));
    EXPECT_TRUE(waiting.silent_for(Milliseconds(50)));
    EXPECT_EQ(server.server().connections(), 3U);
    holders.pop_back();
    const auto answer = waiting.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
}

TEST(ServerLimits, OneAddressMayHaveSoManyConnections) {
    TestServer server(simple_routes(),
                      [](ServerOptions& options) { options.connections_per_loopback_max = 2; });
    RawClient first(server.port());
    RawClient second(server.port());
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 2; }));
    RawClient third(server.port());
    EXPECT_EQ(third.read_answer()->status, 429);
    EXPECT_TRUE(third.closed_by_server());
    RawClient neighbour(server.port(), "127.0.0.2");
    neighbour.send(get("/hello"));
    EXPECT_EQ(neighbour.read_answer()->status, 200);
    first.close();
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 2; }));
    RawClient fourth(server.port());
    fourth.send(get("/hello"));
    EXPECT_EQ(fourth.read_answer()->status, 200);
}

// CPU time this process has used so far.
Milliseconds cpu_time() {
    struct rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    return Milliseconds((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000 +
                        (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1'000);
}

TEST(ServerLimits, WithoutDescriptorsAcceptingPausesWithoutSpinningAndRecovers) {
    TestServer server(simple_routes());
    RawClient before(server.port());
    before.send(get("/hello"));
    ASSERT_EQ(before.read_answer()->status, 200);
    RawClient waiting(server.port());  // connected by the kernel; the server has not necessarily seen it
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 2; }));

    std::vector<UniqueFd> hoard;
    struct rlimit limit {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const UniqueFd late(::socket(AF_INET, SOCK_STREAM, 0));
    const struct rlimit small { 200, limit.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
    while (true) {
        UniqueFd fd(::dup(late.get()));
        if (!fd) break;
        hoard.push_back(std::move(fd));
    }
    hoard.pop_back();
    RawClient starved(server.port());  // takes the last descriptor: accept finds none
    const auto cpu_before = cpu_time();
    starved.send(get("/hello"));
    EXPECT_TRUE(starved.silent_for(Milliseconds(300)));
    EXPECT_LT(cpu_time() - cpu_before, Milliseconds(150)) << "a busy loop would have used all of it";
    before.send(get("/hello"));
    EXPECT_EQ(before.read_answer()->status, 200) << "those who are in are served";
    hoard.clear();
    const auto answer = starved.read_answer();
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
}

TEST(ServerLimits, AnIdleServerUsesNoCpu) {
    TestServer server(simple_routes());
    RawClient client(server.port());
    client.send(get("/hello"));
    ASSERT_EQ(client.read_answer()->status, 200);
    client.close();
    ASSERT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    RawClient watcher(server.port());
    const auto before = cpu_time();
    EXPECT_TRUE(watcher.silent_for(Milliseconds(500)));
    EXPECT_LT(cpu_time() - before, Milliseconds(25));
}

}  // namespace
}  // namespace darkroom::http
