// What the server makes of bytes on a socket: the raw corpus, odd cuts, early ends, pipelining, many
// connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using testing::eventually;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::simple_routes;
using testing::TestServer;

class ServerProtocol : public ::testing::Test {
protected:
    TestServer server_{simple_routes()};

    bool alive() {
        RawClient client(server_.port());
        client.send(get("/hello"));
        const auto answer = client.read_answer();
        return answer && answer->status == 200 && answer->body == "hello";
    }
};

TEST_F(ServerProtocol, AnswersCarryWhatEveryAnswerHas) {
    RawClient client(server_.port());
    client.send(get("/hello"));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->header("Content-Length"), "5");
    EXPECT_EQ(answer->header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer->header("Date").size(), 29U);
    EXPECT_FALSE(answer->header("Darkroom-Request-Id").empty());
    EXPECT_EQ(answer->count("Server"), 0U);
    client.send(get("/hello"));
    const auto second = client.read_answer();
    ASSERT_TRUE(second);
    EXPECT_NE(second->header("Darkroom-Request-Id"), answer->header("Darkroom-Request-Id"));
}

TEST_F(ServerProtocol, RefusesAmbiguousRequestsAndCloses) {
    struct Case {
        std::string request;
        int status;
    };
    const std::string smuggled = get("/hello");
    const auto odd_post = [&](const std::string& fields) {
        return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + smuggled;
    };
    const Case cases[] = {
        {odd_post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 411},
        {odd_post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 411},
        {odd_post("Transfer-Encoding: identity\r\n"), 411},
        {odd_post("Transfer-Encoding: xchunked\r\n"), 411},
        {odd_post("Transfer-Encoding: gzip, chunked\r\n"), 411},
        {odd_post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\nAuthorization: x\r\n\r\n", 411},
        {odd_post("Transfer-Encoding: chunked\r\n") + "0\r\n" + std::string(70'000, 'a') + ": b\r\n\r\n",
         411},
        {odd_post("Content-Length: 4\r\nContent-Length: 4\r\n"), 400},
        {odd_post("Content-Length: 4, 4\r\n"), 400},
        {odd_post("Content-Length: +4\r\n"), 400},
        {odd_post("Content-Length : 4\r\n"), 400},
        {odd_post("X: a\r\n b\r\nContent-Length: 0\r\n"), 400},
        {odd_post(""), 411},
        {"GET /hello HTTP/1.1\r\n\r\n" + smuggled, 400},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + smuggled, 400},
        {"GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled, 400},
        {"GET /hello HTTP/1.1\nHost: a\n\n" + smuggled, 400},
        {"GET /hello%zz?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled, 400},
        {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'a') + "\r\n\r\n", 431},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(1 << 20, 'a') + "\r\n\r\n", 431},
        {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.request.substr(0, 120));
        RawClient client(server_.port());
        client.send(row.request);
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, row.status);
        EXPECT_EQ(answer->header("Connection"), "close");
        EXPECT_EQ(answer->header("Content-Type"), "application/problem+json");
        client.half_close();
        EXPECT_EQ(client.read_to_end(), "") << "what follows must not be taken for a request";
    }
    EXPECT_TRUE(alive());
}

TEST_F(ServerProtocol, UnderstandsARequestSentByteByByte) {
    RawClient client(server_.port());
    for (const char c : post("/echo", "body")) ASSERT_TRUE(client.send({&c, 1}));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "body");
}

TEST_F(ServerProtocol, UnderstandsARequestCutAnywhere) {
    const auto request = post("/echo", "some body", "X-Extra: 1\r\n");
    RawClient client(server_.port());
    for (std::size_t cut = 0; cut <= request.size(); ++cut) {
        ASSERT_TRUE(client.send(request.substr(0, cut)));
        ASSERT_TRUE(client.send(request.substr(cut)));
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer) << cut;
        EXPECT_EQ(answer->body, "some body");
    }
}

TEST_F(ServerProtocol, SurvivesClientsThatLeaveAnywhere) {
    for (const auto& request : {post("/echo", "some body"), post("/spool", "some body")}) {
        for (std::size_t cut = 0; cut <= request.size(); ++cut) {
            RawClient polite(server_.port());
            polite.send(request.substr(0, cut));
            polite.close();
            RawClient rude(server_.port());
            rude.send(request.substr(0, cut));
            rude.reset();
        }
    }
    EXPECT_TRUE(eventually([&] { return server_.server().connections() == 0; }));
    EXPECT_EQ(server_.spooled_files(), 0U);
    EXPECT_TRUE(alive());
}

TEST_F(ServerProtocol, AnswersAClientThatHasFinishedSending) {
    RawClient client(server_.port());
    client.send(get("/hello") + post("/echo", "abc"));
    client.half_close();
    EXPECT_EQ(client.read_answer()->body, "hello");
    EXPECT_EQ(client.read_answer()->body, "abc");
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerProtocol, AnswersPipelinedRequestsInOrder) {
    RawClient client(server_.port());
    std::string requests;
    for (int i = 0; i < 900; ++i) requests += post("/echo", std::to_string(i));
    ASSERT_TRUE(client.send(requests));
    for (int i = 0; i < 900; ++i) {
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer) << i;
        EXPECT_EQ(answer->body, std::to_string(i));
    }
}

TEST_F(ServerProtocol, ErrorsAmongPipelinedRequestsKeepTheirPlace) {
    RawClient client(server_.port());
    client.send(post("/nowhere", "skipped body") + get("/hello") +
                "DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get("/hello"));
    EXPECT_EQ(client.read_answer()->status, 404);
    EXPECT_EQ(client.read_answer()->status, 200);
    const auto refused = client.read_answer();
    EXPECT_EQ(refused->status, 405);
    EXPECT_EQ(refused->header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(client.read_answer()->status, 200);
}

TEST_F(ServerProtocol, AnswersUnknownMethodsHeadAndOptions) {
    RawClient client(server_.port());
    client.send("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer()->status, 405);
    client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto head = client.read_answer(true);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->header("Content-Length"), "5");
    client.send("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto options = client.read_answer();
    EXPECT_EQ(options->status, 204);
    EXPECT_EQ(options->header("Allow"), "POST, OPTIONS");
    EXPECT_EQ(options->count("Content-Length"), 0U);
    client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer()->status, 204);
    client.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer(true)->status, 404);
    client.send("OPTIONS /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_answer()->status, 404);
}

TEST_F(ServerProtocol, SpeaksHttp10) {
    RawClient once(server_.port());
    once.send("GET /hello HTTP/1.0\r\nHost: a\r\n\r\n");
    EXPECT_EQ(once.read_answer()->header("Connection"), "close");
    EXPECT_TRUE(once.closed_by_server());
    RawClient again(server_.port());
    for (int i = 0; i < 2; ++i) {
        again.send("GET /hello HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_EQ(again.read_answer()->header("Connection"), "keep-alive");
    }
}

TEST_F(ServerProtocol, ClosesWhenAskedTo) {
    RawClient client(server_.port());
    client.send(get("/hello", "Connection: close\r\n"));
    EXPECT_EQ(client.read_answer()->header("Connection"), "close");
    EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerProtocol, AnswersWhileFifteenHundredConnectionsIdle) {
    struct rlimit files {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 4'000) {
        files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4'000);
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < 3'200) GTEST_SKIP() << "needs 3,200 file descriptors, may have " << files.rlim_cur;
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 1'500; ++i) {
        idle.push_back(std::make_unique<RawClient>(server_.port()));
        ASSERT_TRUE(idle.back()->connected());
        if (i % 3 == 1) idle.back()->send("GET /hel");
        if (i % 3 == 2)
            idle.back()->send("POST /spool HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    }
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(alive());
    EXPECT_GE(server_.server().connections(), 1'500U);
    EXPECT_EQ(server_.spooled_files(), 500U);
    idle.clear();
    EXPECT_TRUE(eventually([&] { return server_.server().connections() == 0; }));
    EXPECT_EQ(server_.spooled_files(), 0U);
}

}  // namespace
}  // namespace darkroom::http
