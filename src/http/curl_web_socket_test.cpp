// Against servers that do exactly what a test wants: answer nonsense, half an answer, nothing.
#include "http/curl_web_socket.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include <future>

#include "base/stop_event.h"
#include "http/testing/raw_server.h"

namespace darkroom::http {
namespace {

using namespace std::string_literals;
using ports::WebSocketError;
using testing::RawServer;

std::string accept_answer(const std::string& request) {
    const auto at = request.find("Sec-WebSocket-Key: ") + 19;
    const auto salted = request.substr(at, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[20];
    unsigned length = 0;
    EVP_Digest(salted.data(), salted.size(), digest, &length, EVP_sha1(), nullptr);
    unsigned char text[32];
    EVP_EncodeBlock(text, digest, 20);
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           std::string(reinterpret_cast<char*>(text)) + "\r\n\r\n";
}

std::string read_bytes_of(int socket, std::size_t bytes) {
    std::string all(bytes, '\0');
    const auto got = ::recv(socket, all.data(), bytes, MSG_WAITALL);
    all.resize(got < 0 ? 0 : std::size_t(got));
    return all;
}

// Shakes hands, sends `bytes`, and waits until the client leaves.
std::function<void(int, int)> sends(const std::string& bytes) {
    return [bytes](int socket, int) {
        testing::write_all(socket, accept_answer(testing::read_request(socket)) + bytes);
        testing::wait_for_close(socket);
    };
}

ports::WebSocketRequest request_to(const RawServer& server) {
    ports::WebSocketRequest request;
    request.url = "ws" + server.url("/api/ws?clientId=dr").substr(4);
    request.connect_timeout = Milliseconds(5'000);
    return request;
}

std::optional<WebSocketError> failure_of(const ports::WebSocketRequest& request) {
    const auto socket = CurlWebSockets().open(request);
    if (!socket) return socket.error().kind;
    for (;;) {
        const auto message = (*socket)->receive(Milliseconds(5'000));
        if (!message) return message.error().kind;
        if (!*message) return std::nullopt;
    }
}

TEST(CurlWebSocket, MessagesAreReceivedAlsoThoseThatCameWithTheHandshake) {
    std::string seen;
    RawServer server([&](int socket, int) {
        seen = testing::read_request(socket);
        testing::write_all(socket, accept_answer(seen) + "\x81\x02hi"s);
        testing::write_all(socket, "\x82\x7e\x01\x00"s + std::string(256, 'b'));
        testing::wait_for_close(socket);
    });
    auto request = request_to(server);
    request.headers = {{"X-Login", "secret"}};
    const auto socket = CurlWebSockets().open(request);
    ASSERT_TRUE(socket) << socket.error().detail;
    const auto first = (*socket)->receive(Milliseconds(5'000));
    ASSERT_TRUE(first && *first);
    EXPECT_TRUE((*first)->is_text);
    EXPECT_EQ((*first)->bytes, "hi");
    const auto second = (*socket)->receive(Milliseconds(5'000));
    ASSERT_TRUE(second && *second);
    EXPECT_FALSE((*second)->is_text);
    EXPECT_EQ((*second)->bytes.size(), 256u);
    const auto none = (*socket)->receive(Milliseconds(1));
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none) << "nothing came, and the line is good";
    EXPECT_EQ(seen.rfind("GET /api/ws?clientId=dr HTTP/1.1\r\nHost: 127.0.0.1:", 0), 0u) << seen;
    EXPECT_NE(seen.find("X-Login: secret\r\n"), std::string::npos);
    EXPECT_EQ(seen.find("Origin"), std::string::npos);
    EXPECT_EQ(seen.find("Extensions"), std::string::npos);
}

TEST(CurlWebSocket, APingIsAnsweredAndAFarewellIsSaid) {
    std::promise<std::string> told;
    RawServer server([&](int socket, int) {
        testing::write_all(socket, accept_answer(testing::read_request(socket)) + "\x89\x02yo"s);
        auto bytes = read_bytes_of(socket, 8);
        bytes += read_bytes_of(socket, 8);
        told.set_value(bytes);
    });
    const auto socket = CurlWebSockets().open(request_to(server));
    ASSERT_TRUE(socket) << socket.error().detail;
    EXPECT_TRUE((*socket)->receive(Milliseconds(50)));
    (*socket)->close(Milliseconds(5'000));
    const auto bytes = told.get_future().get();
    ASSERT_EQ(bytes.size(), 16u);
    EXPECT_EQ(bytes.substr(0, 2), "\x8a\x82");
    EXPECT_EQ(char(bytes[6] ^ bytes[2]), 'y');
    EXPECT_EQ(bytes.substr(8, 2), "\x88\x82");
}

TEST(CurlWebSocket, AServerThatAnswersNoPingsIsLost) {
    RawServer server(sends(""));
    auto request = request_to(server);
    request.ping_period = Milliseconds(10);
    EXPECT_EQ(failure_of(request), WebSocketError::lost);
}

TEST(CurlWebSocket, AFrameThatPromisesMoreThanItBringsIsLostWithItsPings) {
    RawServer server(sends("\x81\x7e\x03\xe8 short"s));
    auto request = request_to(server);
    request.ping_period = Milliseconds(10);
    EXPECT_EQ(failure_of(request), WebSocketError::lost);
}

TEST(CurlWebSocket, NonsenseAndGiantsEndIt) {
    const std::pair<std::string, WebSocketError> rows[] = {
        {"\xf7\x00"s, WebSocketError::unreadable},
        {"\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00"s, WebSocketError::too_large},
        {"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01"s, WebSocketError::too_large},
        {"\x88\x02\x03\xe8"s, WebSocketError::lost},
    };
    for (const auto& [bytes, kind] : rows) {
        RawServer server(sends(bytes));
        EXPECT_EQ(failure_of(request_to(server)), kind) << ::testing::PrintToString(bytes);
    }
}

TEST(CurlWebSocket, WhatIsNoWebSocketIsRefused) {
    const std::string answers[] = {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                   "Sec-WebSocket-Accept: bm9uc2Vuc2U=\r\n\r\n",
                                   std::string(40'000, 'x')};
    for (const auto& answer : answers) {
        RawServer server([&](int socket, int) {
            (void)testing::read_request(socket);
            testing::write_all(socket, answer);
            testing::wait_for_close(socket);
        });
        EXPECT_EQ(failure_of(request_to(server)), WebSocketError::refused);
    }
    RawServer cut([](int socket, int) { (void)testing::read_request(socket); });
    EXPECT_EQ(failure_of(request_to(cut)), WebSocketError::lost);
}

TEST(CurlWebSocket, ASilentServerIsGivenUpAndAnAbsentOneIsUnreachable) {
    RawServer silent([](int socket, int) { testing::wait_for_close(socket); });
    auto request = request_to(silent);
    request.connect_timeout = Milliseconds(50);
    EXPECT_EQ(failure_of(request), WebSocketError::unreachable);
    std::uint16_t port = 0;
    {
        port = RawServer([](int, int) {}).port();
    }
    request.url = "ws://127.0.0.1:" + std::to_string(port) + "/ws";
    EXPECT_EQ(failure_of(request), WebSocketError::unreachable);
}

TEST(CurlWebSocket, TlsIsSpokenOnlyToWhoCanProveIt) {
    RawServer plain([](int socket, int) { testing::write_all(socket, "HTTP/1.1 400 Bad\r\n\r\n"); });
    auto request = request_to(plain);
    request.url = "wss" + request.url.substr(2);
    EXPECT_EQ(failure_of(request), WebSocketError::unreachable);
}

TEST(CurlWebSocket, AnotherThreadStopsAWait) {
    StopEvent stop;
    RawServer server([&](int socket, int) {
        testing::write_all(socket, accept_answer(testing::read_request(socket)));
        stop.set();
        testing::wait_for_close(socket);
    });
    auto request = request_to(server);
    request.stop_fd = stop.fd();
    EXPECT_EQ(failure_of(request), WebSocketError::stopped);
}

TEST(CurlWebSocket, WhatCannotBeSentIsNotSent) {
    ports::WebSocketRequest request;
    for (const std::string url : {"http://127.0.0.1/", "ws://", "", "ws://a b/", "ftp://x/"}) {
        request.url = url;
        EXPECT_EQ(failure_of(request), WebSocketError::bad_request) << url;
    }
    request.url = "ws://127.0.0.1:1/";
    request.headers = {{"X", "a\r\nOrigin: evil"}};
    EXPECT_EQ(failure_of(request), WebSocketError::bad_request);
}

}  // namespace
}  // namespace darkroom::http
