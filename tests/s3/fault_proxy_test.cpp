// The fault proxy does what it is told and nothing else: a test that trusts it must be able to.
#include "tests/support/fault_proxy.h"

#include <gtest/gtest.h>

#include <mutex>

#include "http/testing/raw_client.h"
#include "http/testing/raw_server.h"

namespace darkroom::s3 {
namespace {

using http::testing::RawClient;
using http::testing::RawServer;
using testing::Fault;
using testing::FaultProxy;
using testing::on;

constexpr Milliseconds quiet{50};

/// Answers each request with "got " and its body, and remembers it.
class Echo {
public:
    std::uint16_t port() const { return server_.port(); }
    std::vector<std::string> bodies() const {
        const std::lock_guard lock(mutex_);
        return bodies_;
    }

private:
    void serve(int socket) {
        for (;;) {
            const auto request = http::testing::read_request(socket);
            if (request.empty()) return;
            const auto body = request.substr(request.find("\r\n\r\n") + 4);
            {
                const std::lock_guard lock(mutex_);
                bodies_.push_back(body);
            }
            const auto reply = "got " + body;
            http::testing::write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: " +
                                                 std::to_string(reply.size()) + "\r\n\r\n" + reply);
        }
    }

    mutable std::mutex mutex_;
    std::vector<std::string> bodies_;
    RawServer server_{[this](int socket, int) { serve(socket); }};
};

std::string put(const std::string& target, const std::string& body) {
    return "PUT " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}
std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; }

class FaultProxyTest : public ::testing::Test {
protected:
    /// The body of the answer; "" if none came.
    static std::string ask(RawClient& client, const std::string& request) {
        client.send(request);
        const auto answer = client.read_answer();
        return answer ? answer->body : "";
    }

    Echo echo_;
    FaultProxy proxy_{echo_.port()};
};

TEST_F(FaultProxyTest, PassesRequestsAndRepliesUnchanged) {
    RawClient client(proxy_.port());
    const std::string large(300'000, 'x');
    EXPECT_EQ(ask(client, put("/a?b=c", "one")), "got one");
    EXPECT_EQ(ask(client, get("/d")), "got ");
    EXPECT_EQ(ask(client, put("/e", large)), "got " + large);
    const auto seen = proxy_.requests();
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[0].method, "PUT");
    EXPECT_EQ(seen[0].target, "/a?b=c");
    EXPECT_EQ(seen[0].header("content-length"), "3");
    EXPECT_EQ(seen[0].header("missing"), "");
    EXPECT_EQ(seen[2].number_on_connection, 3);
    EXPECT_EQ(proxy_.connections(), 1);
    EXPECT_GT(proxy_.bytes_up(), large.size());
    EXPECT_GT(proxy_.bytes_down(), large.size());
}

TEST_F(FaultProxyTest, FindsRequestsThatComeByteByByte) {
    RawClient client(proxy_.port());
    for (const char byte : put("/slow", "body")) ASSERT_TRUE(client.send(std::string(1, byte)));
    EXPECT_EQ(client.read_answer()->body, "got body");
    EXPECT_EQ(proxy_.count("PUT", "/slow"), 1);
}

TEST_F(FaultProxyTest, HitsTheRequestsItWasToldAndNoOthers) {
    proxy_.plan(Fault::answer_with(503, {}, "busy"), 2, on("PUT", "/b"));
    RawClient client(proxy_.port());
    EXPECT_EQ(ask(client, put("/a", "1")), "got 1");
    EXPECT_EQ(ask(client, put("/b", "2")), "busy");
    EXPECT_EQ(ask(client, get("/b")), "got ");
    EXPECT_EQ(ask(client, put("/b", "3")), "busy");
    EXPECT_EQ(ask(client, put("/b", "4")), "got 4");
    EXPECT_EQ(echo_.bodies(), (std::vector<std::string>{"1", "", "4"}));
}

TEST_F(FaultProxyTest, ForgetsItsPlans) {
    proxy_.plan(Fault::answer_with(503, {}, "busy"), FaultProxy::always);
    RawClient client(proxy_.port());
    EXPECT_EQ(ask(client, put("/a", "1")), "busy");
    EXPECT_EQ(ask(client, put("/a", "1")), "busy");
    proxy_.behave();
    EXPECT_EQ(ask(client, put("/a", "1")), "got 1");
}

TEST_F(FaultProxyTest, AnswersWithTheLengthItWasToldToLieAbout) {
    auto fault = Fault::answer_with(200, {{"Content-Length", "10"}}, "short");
    fault.after_answer = Fault::End::close;
    proxy_.plan(fault);
    RawClient client(proxy_.port());
    client.send(get("/"));
    const auto all = client.read_to_end();
    ASSERT_TRUE(all.has_value());
    EXPECT_NE(all->find("Content-Length: 10\r\n\r\nshort"), std::string::npos);
}

TEST_F(FaultProxyTest, GivesLeaveToSendABodyThatItAnswersItself) {
    proxy_.plan(Fault::answer_with(507, {}, "full"));
    RawClient client(proxy_.port());
    client.send("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    ASSERT_TRUE(client.read_past("100 Continue\r\n\r\n").has_value());
    client.send("abc");
    EXPECT_EQ(client.read_answer()->status, 507);
}

TEST_F(FaultProxyTest, LosesTheReplyOfAWorkThatWasDone) {
    proxy_.plan(Fault::cut_before_reply());
    RawClient client(proxy_.port());
    client.send(put("/", "done"));
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(echo_.bodies(), std::vector<std::string>{"done"});
}

TEST_F(FaultProxyTest, CutsARequestSoThatTheServerNeverHasIt) {
    Fault fault;
    const auto request = put("/", "abcdef");
    fault.cut_request = Fault::Cut{request.size() - 2, Fault::End::reset};
    proxy_.plan(fault);
    RawClient client(proxy_.port());
    client.send(request);
    EXPECT_TRUE(client.closed_by_server());
    EXPECT_TRUE(echo_.bodies().empty());
    EXPECT_EQ(proxy_.bytes_up(), request.size() - 2);
}

TEST_F(FaultProxyTest, CutsAReplyWhereItWasTold) {
    for (const auto end : {Fault::End::close, Fault::End::half_close}) {
        Fault fault;
        fault.cut_reply = Fault::Cut{20, end};
        proxy_.plan(fault);
        RawClient client(proxy_.port());
        client.send(put("/", "abcdef"));
        EXPECT_EQ(client.read_to_end().value_or("").size(), 20u);
    }
}

TEST_F(FaultProxyTest, HoldsAReplyBackAndTheConnectionOpen) {
    proxy_.plan(Fault::cut_before_reply(Fault::End::hold));
    RawClient client(proxy_.port());
    client.send(put("/", "x"));
    EXPECT_TRUE(client.silent_for(quiet));
}

TEST_F(FaultProxyTest, TurnsOverOneByteOfABody) {
    Fault fault;
    fault.flip_request_body_byte = 1;
    proxy_.plan(fault);
    fault = {};
    fault.flip_reply_body_byte = 4;
    proxy_.plan(fault);
    RawClient client(proxy_.port());
    EXPECT_EQ(ask(client, put("/", "abc")), std::string("got a") + static_cast<char>(~'b') + "c");
    EXPECT_EQ(ask(client, put("/", "abc")), std::string("got ") + static_cast<char>(~'a') + "bc");
}

TEST_F(FaultProxyTest, DeliversARequestTwice) {
    Fault fault;
    fault.duplicate = true;
    proxy_.plan(fault);
    RawClient client(proxy_.port());
    EXPECT_EQ(ask(client, put("/", "twice")), "got twice");
    EXPECT_EQ(ask(client, put("/", "once")), "got once");
    EXPECT_EQ(echo_.bodies(), (std::vector<std::string>{"twice", "twice", "once"}));
}

TEST_F(FaultProxyTest, DelaysAndThrottles) {
    const auto took = [&](const std::string& request) {
        RawClient client(proxy_.port());
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_NE(ask(client, request), "");
        return std::chrono::steady_clock::now() - begin;
    };
    Fault fault;
    fault.delay = Milliseconds(80);
    fault.jitter = Milliseconds(5);
    proxy_.plan(fault);
    EXPECT_GE(took(get("/")), Milliseconds(80));
    fault = {};
    fault.request_bytes_per_second = 10'000;
    proxy_.plan(fault);
    EXPECT_GE(took(put("/", std::string(1'000, 'x'))), Milliseconds(80));
    fault = {};
    fault.reply_bytes_per_second = 10'000;
    proxy_.plan(fault);
    EXPECT_GE(took(put("/", std::string(1'000, 'x'))), Milliseconds(80));
}

TEST_F(FaultProxyTest, ItsDoorRefusesHoldsAndResetsConnections) {
    proxy_.set_door(FaultProxy::Door::refuse);
    EXPECT_FALSE(RawClient(proxy_.port()).connected());
    proxy_.set_door(FaultProxy::Door::hold);
    RawClient held(proxy_.port());
    held.send(get("/"));
    EXPECT_TRUE(held.silent_for(quiet));
    proxy_.set_door(FaultProxy::Door::reset);
    RawClient reset(proxy_.port());
    EXPECT_TRUE(reset.closed_by_server());
    proxy_.set_door(FaultProxy::Door::open);
    RawClient client(proxy_.port());
    EXPECT_EQ(ask(client, put("/", "open")), "got open");
    EXPECT_EQ(proxy_.requests().size(), 1u);
}

TEST(FaultProxyAlone, CutsWhatItHasNoAnswerFor) {
    FaultProxy proxy;
    proxy.plan(Fault::answer_with(200, {}, "hello"));
    RawClient client(proxy.port());
    client.send(get("/"));
    EXPECT_EQ(client.read_answer()->body, "hello");
    client.send(get("/"));
    EXPECT_TRUE(client.closed_by_server());
}

}  // namespace
}  // namespace darkroom::s3
