// Where a request goes and what of it is sent: pinned addresses, parts of files, idle uploads, and that
// nothing secret is ever told.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "http/curl_client.h"
#include "http/outgoing_url.h"
#include "http/testing/raw_server.h"
#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::FileSlice;
using ports::HttpMethod;
using ports::OutgoingRequest;
using testing::RawServer;
using testing::read_request;
using testing::TestServer;
using testing::wait_for_close;
using testing::write_all;

const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

OutgoingRequest request_to(std::string url, HttpMethod method = HttpMethod::get) {
    OutgoingRequest request;
    request.url = std::move(url);
    request.method = method;
    request.total_timeout = std::chrono::seconds(10);
    return request;
}

std::optional<FetchError> error_of(CurlClient& client, const OutgoingRequest& request) {
    const auto answer = client.fetch(request);
    return answer.ok() ? std::nullopt : std::optional(answer.error().kind);
}

std::string with_port(const std::string& host, const RawServer& server) {
    return "http://" + host + ":" + std::to_string(server.port());
}

TEST(CurlPin, ConnectsToTheGivenAddressInTheNameOfTheUrl) {
    std::string seen;
    const RawServer server([&](int socket, int) {
        seen = read_request(socket);
        write_all(socket, ok_answer);
    });
    CurlClient client;
    auto request = request_to(with_port("pictures.invalid", server) + "/a?b=c");
    EXPECT_EQ(error_of(client, request), FetchError::unreachable) << "the name means nothing";
    request.connect_address = "127.0.0.1";
    const auto answer = client.fetch(request);
    ASSERT_TRUE(answer.ok()) << answer.error().detail;
    EXPECT_EQ(seen.substr(0, 17), "GET /a?b=c HTTP/1");
    EXPECT_NE(seen.find("Host: pictures.invalid:" + std::to_string(server.port()) + "\r\n"),
              std::string::npos);
}

TEST(CurlPin, WinsOverAnAddressInTheUrl) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer);
    });
    CurlClient client;
    auto request = request_to(with_port("192.0.2.1", server));  // documentation: nobody is there
    request.connect_address = "127.0.0.1";
    EXPECT_TRUE(client.fetch(request).ok());
}

TEST(CurlPin, GoesToVersion6Too) {
    const UniqueFd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t bytes = sizeof address;
    if (!listener || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), bytes) != 0)
        GTEST_SKIP() << "this machine has no IPv6 loopback";
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
    std::thread serving([&] {
        const UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        read_request(socket.get());
        write_all(socket.get(), ok_answer);
        ::shutdown(socket.get(), SHUT_RDWR);
    });
    CurlClient client;
    auto request = request_to("http://pictures.invalid:" + std::to_string(ntohs(address.sin6_port)) + "/");
    request.connect_address = "::1";
    const auto answer = client.fetch(request);
    ::shutdown(listener.get(), SHUT_RDWR);  // in case nobody came
    serving.join();
    EXPECT_TRUE(answer.ok()) << answer.error().detail;
}

TEST(CurlPin, IsAnAddressAndNothingElse) {
    CurlClient client;
    for (const auto* const bad : {"localhost", "127.1", "0x7f.0.0.1", "127.0.0.1:80", "[::1]", "::1%lo", " ",
                                  "127.0.0.1\r\n", "1.2.3.4::", "2130706433"}) {
        auto request = request_to("http://pictures.invalid/");
        request.connect_address = bad;
        EXPECT_EQ(error_of(client, request), FetchError::bad_url) << bad;
    }
}

// Two addresses of one name: a warm connection to the one must not be taken for a request to the other, nor
// for one without a pin.
TEST(CurlPin, IsNotBypassedByAWarmConnection) {
    const auto serve = [](const char* who) {
        return [who](int socket, int) {
            while (!read_request(socket).empty())
                write_all(socket, std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n") + who);
        };
    };
    const RawServer first(serve("1"));
    const RawServer second(serve("2"), "127.0.0.2", first.port());
    CurlClient client;
    auto request = request_to(with_port("pictures.invalid", first));
    const auto ask = [&](const char* address) {
        request.connect_address = address;
        const auto answer = client.fetch(request);
        return answer.ok() ? answer->body : std::string("-");
    };
    EXPECT_EQ(ask("127.0.0.1"), "1");
    EXPECT_EQ(ask("127.0.0.2"), "2");
    EXPECT_EQ(ask("127.0.0.1"), "1");
    EXPECT_EQ(ask(""), "-") << "a name that does not resolve has no warm connection either";
    EXPECT_EQ(first.connections(), 1);
}

TEST(CurlPin, AsksForTheCertificateOfTheUrlsName) {
    std::string hello(2'000, '\0');
    testing::Signal heard;
    const RawServer server([&](int socket, int) {
        const auto got = ::recv(socket, hello.data(), hello.size(), 0);
        hello.resize(std::size_t(std::max<ssize_t>(got, 0)));
        heard.raise();
    });
    CurlClient client;
    auto request = request_to("https" + with_port("pictures.invalid", server).substr(4));
    request.connect_address = "127.0.0.1";
    EXPECT_EQ(error_of(client, request), FetchError::tls);
    ASSERT_TRUE(heard.wait());
    EXPECT_NE(hello.find("pictures.invalid"), std::string::npos) << "the server name of the ClientHello";
}

TEST(CurlPin, UsesNoProxy) {
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
    auto request = request_to(with_port("pictures.invalid", server));
    request.connect_address = "127.0.0.1";
    const auto answer = client.fetch(request);
    ::unsetenv("http_proxy");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "ok");
    EXPECT_EQ(proxy.connections(), 0);
}

class CurlSlice : public ::testing::Test {
protected:
    static std::vector<ports::HttpRoute> routes() {
        std::vector<ports::HttpRoute> all;
        all.push_back(
            testing::route(HttpMethod::put, "/put",
                           [](ports::HttpRequest& request) { return testing::text_answer(request.body); },
                           {ports::BodyPolicy::Kind::buffer, 32u << 20}));
        return all;
    }

    CurlSlice() {
        for (std::size_t i = 0; i < 1'000'000; ++i) content_.push_back(char('a' + (i * 3 + i / 77) % 26));
        std::ofstream(path_) << content_;
    }

    std::string put(std::uint64_t offset, std::optional<std::uint64_t> bytes) {
        auto request =
            request_to("http://127.0.0.1:" + std::to_string(server_.port()) + "/put", HttpMethod::put);
        request.body_file = FileSlice{path_, offset, bytes};
        const auto answer = client_.fetch(request);
        return answer.ok() ? answer->body : "failed: " + std::to_string(int(answer.error().kind));
    }

    const std::string refused_ = "failed: " + std::to_string(int(FetchError::bad_url));
    TestServer server_{routes()};
    const std::filesystem::path path_ = server_.spool_dir() / "slices";
    std::string content_;
    CurlClient client_;
};

TEST_F(CurlSlice, SendsExactlyThatPartOfAFile) {
    EXPECT_TRUE(put(0, std::nullopt) == content_);
    EXPECT_TRUE(put(400'000, std::nullopt) == content_.substr(400'000));
    EXPECT_TRUE(put(400'001, 300'000) == content_.substr(400'001, 300'000));
    EXPECT_EQ(put(999'999, 1), content_.substr(999'999));
}

TEST_F(CurlSlice, OfNothingIsAnEmptyBody) {
    EXPECT_EQ(put(5, 0), "");
    EXPECT_EQ(put(1'000'000, std::nullopt), "");
    EXPECT_EQ(put(1'000'000, 0), "");
}

TEST_F(CurlSlice, BeyondTheEndIsRefusedBeforeAnythingIsSent) {
    EXPECT_EQ(put(1'000'001, std::nullopt), refused_);
    EXPECT_EQ(put(1'000'001, 0), refused_);
    EXPECT_EQ(put(999'999, 2), refused_);
    EXPECT_EQ(put(~std::uint64_t{0}, std::nullopt), refused_);
    EXPECT_EQ(put(1, ~std::uint64_t{0}), refused_);
    EXPECT_EQ(server_.server().connections(), 0U);
}

TEST_F(CurlSlice, OfAPipeIsRefusedInsteadOfWaitedFor) {
    const auto pipe = server_.spool_dir() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    auto request = request_to("http://127.0.0.1:1/put", HttpMethod::put);
    request.body_file = FileSlice{pipe, 0, std::nullopt};
    EXPECT_EQ(error_of(client_, request), FetchError::bad_url);
}

TEST_F(CurlSlice, ThatShrinksOnTheWayEndsTheTransfer) {
    auto request = request_to("http://127.0.0.1:" + std::to_string(server_.port()) + "/put", HttpMethod::put);
    request.body_file = FileSlice{path_, 0, std::nullopt};
    request.on_upload_progress = [&](std::uint64_t, std::uint64_t) {
        std::filesystem::resize_file(path_, 1);
    };
    EXPECT_EQ(error_of(client_, request), FetchError::interrupted);
}

TEST(CurlIdle, EndsAnUploadWhosePeerStopsReading) {
    testing::Signal over;
    std::atomic<bool> hung_up{false};
    const RawServer server([&](int socket, int) {
        char some[1'000];
        (void)::recv(socket, some, sizeof some, 0);
        hung_up = !over.wait();
    });
    CurlClient client;
    auto request = request_to(server.url(), HttpMethod::put);
    request.body = std::string(64u << 20, 'u');
    request.total_timeout = std::chrono::hours(1);
    request.idle_timeout = Milliseconds(200);
    EXPECT_EQ(error_of(client, request), FetchError::interrupted);
    EXPECT_FALSE(hung_up) << "it was the peer who ended it, after ten seconds";
    over.raise();
}

TEST(CurlIdle, EndsAFetchThatGetsNothing) {
    const RawServer silent([](int socket, int) { wait_for_close(socket); });
    const RawServer head_only([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
        wait_for_close(socket);
    });
    CurlClient client;
    for (const auto* const server : {&silent, &head_only}) {
        auto request = request_to(server->url());
        request.idle_timeout = Milliseconds(70);
        // Finer than whole seconds, wherever this thread is not kept from running.
        EXPECT_TRUE(testing::eventually([&] {
            const auto begun = std::chrono::steady_clock::now();
            EXPECT_EQ(error_of(client, request), FetchError::interrupted);
            const auto took = std::chrono::steady_clock::now() - begun;
            EXPECT_GE(took, Milliseconds(65));
            return took < Milliseconds(900);
        }));
    }
}

// Method: the whole body fits into the kernel's buffers, and the peer takes it out so slowly that it lasts
// longer than the idle timeout: only the kernel knows that something moves.
TEST(CurlIdle, SeesASlowPeerEmptyTheKernelsBuffer) {
    constexpr std::size_t body_bytes = 300'000;
    std::atomic<std::size_t> taken{0};
    const RawServer server([&](int socket, int) {
        const int small = 16'384;
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        char some[4'096];
        while (taken < body_bytes) {
            const auto got = ::recv(socket, some, sizeof some, 0);
            if (got <= 0) return;
            taken += std::size_t(got);
            // Slow: that is what is tested. But not before the small buffer is in force.
            if (taken > 150'000) ::poll(nullptr, 0, 40);
        }
        wait_for_close(socket);
    });
    CurlClient client;
    auto request = request_to(server.url(), HttpMethod::put);
    request.body = std::string(body_bytes, 'u');
    request.idle_timeout = Milliseconds(600);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of(client, request), FetchError::interrupted) << "this server never answers";
    EXPECT_GT(std::chrono::steady_clock::now() - begun, Milliseconds(1'200));
    EXPECT_GE(taken, body_bytes) << "it was given up while it was still reading";
}

TEST(CurlSecrets, AreInNoErrorText) {
    const std::string secret = "X-Amz-Signature=5ec2e7c0ffee";
    const RawServer hangs_up([](int socket, int) { read_request(socket); });
    const RawServer nonsense([](int socket, int) {
        read_request(socket);
        write_all(socket, "nonsense\r\n\r\n");
    });
    const RawServer half([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    const RawServer echo([](int socket, int) {
        const auto request = read_request(socket);
        write_all(socket, "HTTP/1.1 200 " + request.substr(4) +
                              "\r\nTransfer-Encoding: " + request.substr(4) + "\r\n\r\n");
    });
    const std::string path = "/bucket/key-of-nobodys-business?" + secret;
    CurlClient client;
    for (const auto& url :
         {hangs_up.url(path), nonsense.url(path), half.url(path), echo.url(path),
          "https" + half.url(path).substr(4), "http://name.invalid" + path, "http://127.0.0.1:1" + path,
          "http://user:hunter22@127.0.0.1:1" + path, "http://127.0.0.1:1" + path + "\n",
          "ftp://127.0.0.1" + path, "http://127.0.0.1:port" + path}) {
        auto request = request_to(url);
        request.connect_timeout = Milliseconds(100);  // nobody will speak TLS
        const auto fetched = client.fetch(request);
        const auto opened = client.open(request);
        for (const auto& text :
             {fetched.ok() ? "" : fetched.error().detail, opened.ok() ? "" : opened.error().detail}) {
            EXPECT_EQ(text.find("5ec2e7c0ffee"), std::string::npos) << text;
            EXPECT_EQ(text.find("hunter22"), std::string::npos) << text;
            EXPECT_EQ(text.find("nobodys-business"), std::string::npos) << text;
        }
        EXPECT_TRUE(!fetched.ok() || url == echo.url(path)) << url;
    }
    ::setenv("http_proxy", "nonsense://proxy:hunter22@127.0.0.1:1", 1);
    const auto proxied = client.fetch(request_to("http://name.invalid" + path));
    ::unsetenv("http_proxy");
    ASSERT_FALSE(proxied.ok());
    EXPECT_EQ(proxied.error().detail.find("hunter22"), std::string::npos) << proxied.error().detail;
}

TEST(CurlSecrets, AreRecognisedInATextThatNamesThem) {
    const auto url = read_outgoing_url(request_to("https://u:hunter22@host.test/objects/token?sig=abc"));
    ASSERT_TRUE(url.ok());
    EXPECT_TRUE(tells_secret("cannot GET https://host.test/?sig=abc", *url));
    EXPECT_TRUE(tells_secret("no such path: /objects/token", *url));
    EXPECT_TRUE(tells_secret("hunter22 was refused", *url));
    EXPECT_FALSE(tells_secret("Failed to connect to host.test port 443", *url));
    const auto plain = read_outgoing_url(request_to("https://host.test/"));
    EXPECT_FALSE(tells_secret("text/html from https://host.test/", *plain));
}

}  // namespace
}  // namespace darkroom::http
