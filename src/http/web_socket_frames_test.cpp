#include "http/web_socket_frames.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::http {
namespace {

using namespace std::string_literals;

std::string server_frame(unsigned first, const std::string& payload) {
    std::string frame(1, char(first));
    if (payload.size() < 126) {
        frame.push_back(char(payload.size()));
    } else {
        frame.push_back(char(126));
        frame.push_back(char(payload.size() >> 8));
        frame.push_back(char(payload.size() & 0xff));
    }
    return frame + payload;
}

FrameKind kind_of(const std::string& bytes, std::size_t message_bytes_max = 1'000) {
    FrameReader reader(message_bytes_max);
    reader.feed(bytes);
    return reader.next().kind;
}

TEST(WebSocketFrames, MessagesComeWholeHoweverTheBytesAreCut) {
    const std::string long_text(300, 'x');
    const auto bytes = server_frame(0x81, "one") + server_frame(0x01, "tw") + server_frame(0x89, "ping") +
                       server_frame(0x80, "o") + server_frame(0x82, long_text) + server_frame(0x8a, "");
    for (std::size_t cut = 1; cut < 40; ++cut) {
        SCOPED_TRACE(cut);
        FrameReader reader(1'000);
        std::vector<std::pair<FrameKind, std::string>> frames;
        for (std::size_t at = 0; at < bytes.size(); at += cut) {
            reader.feed(std::string_view(bytes).substr(at, cut));
            for (auto frame = reader.next(); frame.kind != FrameKind::need_more; frame = reader.next())
                frames.emplace_back(frame.kind, frame.bytes);
        }
        const std::vector<std::pair<FrameKind, std::string>> expected{{FrameKind::text, "one"},
                                                                      {FrameKind::ping, "ping"},
                                                                      {FrameKind::text, "two"},
                                                                      {FrameKind::binary, long_text},
                                                                      {FrameKind::pong, ""}};
        EXPECT_EQ(frames, expected);
    }
}

TEST(WebSocketFrames, WhatTheProtocolForbidsIsBroken) {
    EXPECT_EQ(kind_of("\xc1\x01x"s), FrameKind::broken) << "a reserved bit, as of a compressed frame";
    EXPECT_EQ(kind_of("\x81\x81\x01\x02\x03\x04x"s), FrameKind::broken) << "masked by a server";
    EXPECT_EQ(kind_of("\x80\x01x"s), FrameKind::broken) << "a fragment of nothing";
    EXPECT_EQ(kind_of("\x01\x01x\x81\x01y"s), FrameKind::broken) << "a message within a message";
    EXPECT_EQ(kind_of("\x83\x01x"s), FrameKind::broken) << "an opcode that nobody knows";
    EXPECT_EQ(kind_of("\x09\x01x"s), FrameKind::broken) << "a ping in fragments";
    EXPECT_EQ(kind_of("\x89\x7e\x00\x7e"s), FrameKind::broken) << "a ping of 126 bytes";
    EXPECT_EQ(kind_of("HTTP/1.1 400 Bad Request\r\n\r\n"), FrameKind::broken);
}

TEST(WebSocketFrames, ALengthIsJudgedBeforeItsBytesAreThere) {
    EXPECT_EQ(kind_of("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s), FrameKind::too_large);
    EXPECT_EQ(kind_of("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s), FrameKind::too_large);
    EXPECT_EQ(kind_of("\x82\x7e\x03\xe9"s), FrameKind::too_large);
    EXPECT_EQ(kind_of("\x82\x7e\x03\xe8"s), FrameKind::need_more);
    EXPECT_EQ(kind_of(server_frame(0x01, std::string(600, 'a')) + server_frame(0x80, std::string(401, 'b'))),
              FrameKind::too_large)
        << "together";
    EXPECT_EQ(kind_of(""), FrameKind::need_more);
    EXPECT_EQ(kind_of("\x81"), FrameKind::need_more);
}

TEST(WebSocketFrames, RandomBytesEndSomewhereAndKeepNothingLarge) {
    for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        FrameReader reader(64);
        for (int round = 0; round < 20; ++round) {
            std::string bytes(random() % 30, '\0');
            for (auto& byte : bytes) byte = char(random() % 4 == 0 ? random() : 0x81u + random() % 10);
            reader.feed(bytes);
            auto frame = reader.next();
            while (frame.kind != FrameKind::need_more && frame.kind != FrameKind::broken &&
                   frame.kind != FrameKind::too_large) {
                ASSERT_LE(frame.bytes.size(), 125u);
                frame = reader.next();
            }
            if (frame.kind != FrameKind::need_more) break;
        }
    }
}

TEST(WebSocketFrames, WhatAClientSendsIsMasked) {
    EXPECT_EQ(control_frame(FrameKind::pong, "ab", {1, 2, 3, 4}), "\x8a\x82\x01\x02\x03\x04\x60\x60"s);
    EXPECT_EQ(control_frame(FrameKind::ping, "", {1, 2, 3, 4}), "\x89\x80\x01\x02\x03\x04"s);
    EXPECT_EQ(control_frame(FrameKind::close, "\x03\xe8", {0, 0, 0, 0}), "\x88\x82\0\0\0\0\x03\xe8"s);
}

// The key and its answer are those of RFC 6455 §1.3.
TEST(WebSocketFrames, TheHandshakeIsTheOneOfTheRfcWithoutAnOrigin) {
    const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
    const auto request = upgrade_request("pod:8188", "/ws?clientId=a", key, {{"Authorization", "Bearer b"}});
    EXPECT_EQ(request,
              "GET /ws?clientId=a HTTP/1.1\r\nHost: pod:8188\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                  key + "\r\nAuthorization: Bearer b\r\n\r\n");
    const std::string yes =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    EXPECT_TRUE(opens_web_socket(yes + "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", key));
    EXPECT_FALSE(opens_web_socket(yes + "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", key));
    EXPECT_FALSE(opens_web_socket(yes, key));
    EXPECT_FALSE(opens_web_socket("HTTP/1.1 200 OK\r\n", key));
    EXPECT_FALSE(opens_web_socket("", key));
    EXPECT_EQ(
        web_socket_key({'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'}),
        key);
}

}  // namespace
}  // namespace darkroom::http
