#include "http/curl_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/stop_event.h"
#include "http/testing/raw_server.h"
#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::HttpMethod;
using ports::OutgoingRequest;
using testing::RawServer;
using testing::read_request;
using testing::TestServer;
using testing::wait_for_close;
using testing::write_all;

const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

OutgoingRequest request_to(std::string url, HttpMethod method = HttpMethod::get, std::string body = "") {
    OutgoingRequest request;
    request.method = method;
    request.url = std::move(url);
    request.body = std::move(body);
    request.total_timeout = std::chrono::seconds(10);
    return request;
}

std::optional<FetchError> error_of(CurlClient& client, const OutgoingRequest& request) {
    const auto answer = client.fetch(request);
    return answer.ok() ? std::nullopt : std::optional(answer.error().kind);
}

// Says everything about a request, so that a test sees what really went over the wire.
std::vector<ports::HttpRoute> mirror_routes() {
    std::vector<ports::HttpRoute> routes;
    const ports::BodyPolicy policy{ports::BodyPolicy::Kind::buffer, 32u << 20};
    for (const auto method :
         {HttpMethod::get, HttpMethod::post, HttpMethod::put, HttpMethod::patch, HttpMethod::del}) {
        routes.push_back(testing::route(
            method, "/mirror",
            [method](ports::HttpRequest& request) {
                const auto* const type = request.header("Content-Type");
                const auto* const empty = request.header("X-Empty");
                auto answer = testing::text_answer(
                    std::to_string(int(method)) + "|" + (type != nullptr ? *type : "-") + "|" +
                    (empty != nullptr ? "empty:" + *empty : "-") + "|" + request.body);
                answer.status = 202;
                answer.headers.emplace_back("X-Back", "yes");
                return answer;
            },
            policy));
    }
    routes.push_back(testing::route(HttpMethod::get, "/large", [](ports::HttpRequest&) {
        return testing::text_answer(std::string(5'000'000, 'x'));
    }));
    routes.push_back(testing::route(HttpMethod::get, "/missing", [](ports::HttpRequest&) {
        auto answer = testing::text_answer("why");
        answer.status = 404;
        return answer;
    }));
    routes.push_back(testing::route(HttpMethod::get, "/moved", [](ports::HttpRequest&) {
        auto answer = testing::text_answer("");
        answer.status = 302;
        answer.headers.emplace_back("Location", "/large");
        return answer;
    }));
    return routes;
}

class CurlClientTest : public ::testing::Test {
protected:
    TestServer server_{mirror_routes()};
    CurlClient client_;

    std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
    }
};

TEST_F(CurlClientTest, SendsEachMethodWithItsBodyAndHeaders) {
    for (const auto method :
         {HttpMethod::get, HttpMethod::post, HttpMethod::put, HttpMethod::patch, HttpMethod::del}) {
        auto request = request_to(url("/mirror"), method, method == HttpMethod::get ? "" : "some body");
        request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
        const auto answer = client_.fetch(request);
        ASSERT_TRUE(answer.ok()) << answer.error().detail;
        EXPECT_EQ(answer->status, 202);
        EXPECT_EQ(answer->body, std::to_string(int(method)) + "|application/json|empty:|" + request.body);
        bool back = false;
        for (const auto& [name, value] : answer->headers) back = back || (name == "X-Back" && value == "yes");
        EXPECT_TRUE(back);
    }
}

TEST_F(CurlClientTest, InventsNoTypeAndSendsLengthZero) {
    const auto answer = client_.fetch(request_to(url("/mirror"), HttpMethod::post));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 202);
    EXPECT_EQ(answer->body, "2|-|-|");
}

TEST_F(CurlClientTest, HeadHasNoBody) {
    const auto answer = client_.fetch(request_to(url("/large"), HttpMethod::head));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "");
}

TEST_F(CurlClientTest, AnyStatusIsAnAnswerAndRedirectsAreNotFollowed) {
    EXPECT_EQ(client_.fetch(request_to(url("/missing")))->status, 404);
    EXPECT_EQ(client_.fetch(request_to(url("/missing")))->body, "why");
    EXPECT_EQ(client_.fetch(request_to(url("/moved")))->status, 302);
}

TEST_F(CurlClientTest, SendsAFilePieceByPiece) {
    const auto path = server_.spool_dir() / "body";
    const std::string content(3'000'001, 'f');
    std::ofstream(path) << content;
    auto request = request_to(url("/mirror"), HttpMethod::put);
    request.body_file = ports::FileSlice{path, 0, std::nullopt};
    std::uint64_t sent = 0;
    std::uint64_t calls = 0;
    request.on_upload_progress = [&](std::uint64_t bytes, std::uint64_t total) {
        EXPECT_GT(bytes, sent);
        EXPECT_EQ(total, content.size());
        sent = bytes;
        ++calls;
    };
    const auto answer = client_.fetch(request);
    ASSERT_TRUE(answer.ok()) << answer.error().detail;
    EXPECT_TRUE(answer->body == "3|-|-|" + content);
    EXPECT_EQ(sent, content.size());
    EXPECT_GT(calls, 10U);
    request.body_file = ports::FileSlice{server_.spool_dir() / "missing", 0, std::nullopt};
    EXPECT_EQ(error_of(client_, request), FetchError::bad_url);
    request.body_file = ports::FileSlice{server_.spool_dir(), 0, std::nullopt};
    EXPECT_EQ(error_of(client_, request), FetchError::bad_url);
}

TEST_F(CurlClientTest, StreamsAnAnswerButKeepsErrorsWhole) {
    auto request = request_to(url("/large"));
    request.answer_bytes_max = 1'000;
    std::size_t streamed = 0;
    request.on_body = [&](std::string_view piece) {
        streamed += piece.size();
        return true;
    };
    ASSERT_TRUE(client_.fetch(request).ok());
    EXPECT_EQ(streamed, 5'000'000U);
    request.url = url("/missing");
    EXPECT_EQ(client_.fetch(request)->body, "why");
    EXPECT_EQ(streamed, 5'000'000U);
    request.url = url("/large");
    request.on_body = [](std::string_view) { return false; };
    EXPECT_EQ(error_of(client_, request), FetchError::stopped);
    request.on_body = [](std::string_view) -> bool { throw 1; };
    EXPECT_EQ(error_of(client_, request), FetchError::stopped);
    request.on_body = nullptr;
    EXPECT_EQ(error_of(client_, request), FetchError::answer_too_large);
    EXPECT_EQ(client_.fetch(request_to(url("/missing")))->status, 404) << "the client goes on";
}

TEST_F(CurlClientTest, RefusesWhatIsNotHttpAndHeadersThatWouldBreakOut) {
    for (const auto* const bad :
         {"", "nonsense", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://a b/",
          "gopher://127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y"}) {
        EXPECT_EQ(error_of(client_, request_to(bad)), FetchError::bad_url) << bad;
    }
    auto request = request_to(url("/mirror"));
    request.headers = {{"X-A", "b\r\nX-Evil: c"}};
    EXPECT_EQ(error_of(client_, request), FetchError::bad_url);
    request.headers = {{"X-A: b\r\nX-Evil", "c"}};
    EXPECT_EQ(error_of(client_, request), FetchError::bad_url);
}

TEST_F(CurlClientTest, IsUsedByManyThreadsAtOnce) {
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                const auto body = std::to_string(t * 1'000 + i);
                const auto answer = client_.fetch(request_to(url("/mirror"), HttpMethod::post, body));
                if (answer.ok() && answer->body == "2|-|-|" + body) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 400);
}

TEST(CurlClient, TellsWhatMayHaveBeenReceivedFromWhatWasNot) {
    CurlClient client;
    std::uint16_t closed_port = 0;
    {
        const RawServer gone([](int, int) {});
        closed_port = gone.port();
    }
    const auto post_to = [](const std::string& url) { return request_to(url, HttpMethod::post, "x"); };
    EXPECT_EQ(error_of(client, post_to("http://127.0.0.1:" + std::to_string(closed_port))),
              FetchError::unreachable);
    // A label of 64 characters is no name: this fails without asking anybody.
    EXPECT_EQ(error_of(client, post_to("http://" + std::string(64, 'a') + "/")), FetchError::unreachable);

    const RawServer hangs_up([](int socket, int) { read_request(socket); });
    EXPECT_EQ(error_of(client, post_to(hangs_up.url())), FetchError::interrupted);
    const RawServer half([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    EXPECT_EQ(error_of(client, post_to(half.url())), FetchError::interrupted);
    const RawServer nonsense([](int socket, int) {
        read_request(socket);
        write_all(socket, std::string("\0\1\2", 3) + " nonsense\r\n\r\n");
    });
    EXPECT_EQ(error_of(client, post_to(nonsense.url())), FetchError::interrupted);
    std::atomic<int> heard{0};
    const RawServer silent([&](int socket, int) {
        heard += read_request(socket).empty() ? 0 : 1;
        wait_for_close(socket);
    });
    std::optional<FetchError> silence;
    for (const auto patience : testing::patiences) {
        auto impatient = post_to(silent.url());
        impatient.total_timeout = patience;
        silence = error_of(client, impatient);
        if (heard > 0) break;
    }
    EXPECT_EQ(silence, FetchError::interrupted);
    auto tls = post_to("https" + silent.url().substr(4));
    tls.total_timeout = Milliseconds(100);
    EXPECT_EQ(error_of(client, tls), FetchError::timed_out)
        << "the handshake never ended, so nothing was sent";
    const RawServer no_tls([](int socket, int) { write_all(socket, ok_answer + std::string(1'000, 'x')); });
    EXPECT_EQ(error_of(client, post_to("https" + no_tls.url().substr(4))), FetchError::tls);
}

// On a kept connection that dies, libcurl repeats a request by itself. For a POST that would be a second job.
// It may connect once more before it finds that it must not, but then not a byte is sent.
TEST(CurlClient, NeverRepeatsAPostByItself) {
    std::atomic<int> posts{0};
    std::atomic<int> bytes_after{0};
    {
        const RawServer server([&](int socket, int number) {
            if (number > 1) {
                char byte = 0;
                if (::recv(socket, &byte, 1, 0) > 0) ++bytes_after;
                return;
            }
            read_request(socket);
            write_all(socket, ok_answer);
            if (read_request(socket).substr(0, 4) == "POST") ++posts;  // and hang up without a word
        });
        CurlClient client;
        ASSERT_TRUE(client.fetch(request_to(server.url())).ok());
        EXPECT_EQ(error_of(client, request_to(server.url(), HttpMethod::post, "submit")),
                  FetchError::interrupted);
    }
    EXPECT_EQ(posts, 1);
    EXPECT_EQ(bytes_after, 0);
}

TEST(CurlClient, SendsAPostWithoutBodyOverAConnectionOfItsOwn) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer);
        read_request(socket);  // and hang up: what came second on a connection would be lost
    });
    CurlClient client;
    ASSERT_TRUE(client.fetch(request_to(server.url())).ok());
    EXPECT_TRUE(client.fetch(request_to(server.url(), HttpMethod::post)).ok());
    EXPECT_EQ(server.connections(), 2);
}

TEST(CurlClient, RepeatsAGetOnAConnectionThatDied) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer);
        read_request(socket);
    });
    CurlClient client;
    ASSERT_TRUE(client.fetch(request_to(server.url())).ok());
    EXPECT_TRUE(client.fetch(request_to(server.url())).ok());
    EXPECT_EQ(server.connections(), 2);
}

TEST(CurlClient, KeepsItsConnections) {
    const RawServer server([](int socket, int) {
        while (!read_request(socket).empty()) write_all(socket, ok_answer);
    });
    CurlClient client;
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(client.fetch(request_to(server.url(), HttpMethod::post, "x")).ok());
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlClient, DoesNotAskAProxyForThisMachine) {
    const RawServer proxy([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy");
    });
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer);
    });
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    CurlClient client;
    const auto direct = client.fetch(request_to(server.url()));
    const auto outside = client.fetch(request_to("http://name.invalid/"));
    ::unsetenv("http_proxy");
    ASSERT_TRUE(direct.ok());
    EXPECT_EQ(direct->body, "ok");
    ASSERT_TRUE(outside.ok());
    EXPECT_EQ(outside->body, "proxy");
}

TEST(CurlClient, PassesOverInterimAnswers) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n" + ok_answer);
    });
    CurlClient client;
    const auto answer = client.fetch(request_to(server.url()));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->headers.size(), 1U);
}

// A long poll that nobody answers ends the moment another thread wants it to; the patience of the request is
// far longer than the test's.
TEST(CurlStop, ALongPollEndsAtOnceWhenItIsTold) {
    testing::Signal asked;
    const RawServer server([&](int socket, int) {
        read_request(socket);
        asked.raise();
        wait_for_close(socket);
    });
    CurlClient client;
    StopEvent stop;
    auto request = request_to(server.url());
    request.total_timeout = std::chrono::minutes(10);
    request.stop_fd = stop.fd();
    std::optional<FetchError> error;
    std::thread poll([&] { error = error_of(client, request); });
    EXPECT_TRUE(asked.wait());
    stop.set();
    poll.join();
    EXPECT_EQ(error, FetchError::stopped);
    EXPECT_EQ(error_of(client, request), FetchError::stopped) << "nothing is asked afterwards";
    EXPECT_EQ(server.connections(), 1);
}

// Whoever must not do something twice decides as late as can be: the connection stands, no byte has gone out.
TEST(CurlClient, AskedAtTheLastMomentItSendsNothingIfItMayNot) {
    std::atomic<int> requests{0};
    RawServer server([&](int socket, int) {
        while (!read_request(socket).empty()) {
            ++requests;
            write_all(socket, ok_answer);
        }
    });
    CurlClient client;
    auto request = request_to(server.url(), HttpMethod::post, "body");
    int connections_when_asked = 0;
    bool may = true;
    request.may_send = [&] {
        connections_when_asked = server.connections();
        return may;
    };
    EXPECT_FALSE(error_of(client, request));
    may = false;
    EXPECT_EQ(error_of(client, request), FetchError::withheld);
    EXPECT_GE(connections_when_asked, 1);
    request.method = HttpMethod::get;
    request.body.clear();
    EXPECT_EQ(error_of(client, request), FetchError::withheld);
    request.may_send = []() -> bool { throw std::runtime_error("of the caller"); };
    EXPECT_EQ(error_of(client, request), FetchError::withheld);
    EXPECT_EQ(requests, 1);
    request.may_send = nullptr;
    EXPECT_FALSE(error_of(client, request));
    EXPECT_EQ(requests, 2);
}

}  // namespace
}  // namespace darkroom::http
