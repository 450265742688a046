// Files as answers: whole, in part, to slow readers, cut short.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::HttpMethod;
using testing::eventually;
using testing::get;
using testing::RawClient;
using testing::TestServer;

constexpr std::size_t large_bytes = 8'000'001;

char byte_at(std::size_t i) { return char('a' + (i * 7 + i / 251) % 26); }

ports::HttpResponse file_answer(std::size_t bytes, std::uint64_t announced, std::string etag) {
    UniqueFd file(::memfd_create("answer", MFD_CLOEXEC));
    std::string content(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) content[i] = byte_at(i);
    EXPECT_EQ(::write(file.get(), content.data(), content.size()), ssize_t(content.size()));
    ports::HttpResponse response;
    response.headers = {{"Content-Type", "image/png"}};
    response.body = ports::FileBody{std::move(file), announced, std::move(etag)};
    return response;
}

std::vector<ports::HttpRoute> file_routes() {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(testing::route(HttpMethod::get, "/file",
                                    [](ports::HttpRequest&) { return file_answer(1'000, 1'000, "\"v1\""); }));
    routes.push_back(
        testing::route(HttpMethod::get, "/empty", [](ports::HttpRequest&) { return file_answer(0, 0, ""); }));
    routes.push_back(testing::route(HttpMethod::get, "/cut",
                                    [](ports::HttpRequest&) { return file_answer(70'000, 200'000, ""); }));
    routes.push_back(testing::route(HttpMethod::get, "/large", [](ports::HttpRequest&) {
        return file_answer(large_bytes, large_bytes, "");
    }));
    return routes;
}

std::string content(std::size_t first, std::size_t bytes) {
    std::string text;
    for (std::size_t i = first; i < first + bytes; ++i) text.push_back(byte_at(i));
    return text;
}

class ServerFiles : public ::testing::Test {
protected:
    TestServer server_{file_routes()};
    RawClient client_{server_.port()};

    testing::RawAnswer ask(const std::string& path, const std::string& extra = "") {
        client_.send(get(path, extra));
        return client_.read_answer().value();
    }
};

TEST_F(ServerFiles, AreSentWhole) {
    const auto answer = ask("/file");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, content(0, 1'000));
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(answer.header("ETag"), "\"v1\"");
    EXPECT_EQ(answer.header("Content-Type"), "image/png");
    const auto empty = ask("/empty");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(empty.header("Content-Length"), "0");
    EXPECT_EQ(empty.count("ETag"), 0U);
}

TEST_F(ServerFiles, AreSentInPart) {
    const auto middle = ask("/file", "Range: bytes=10-19\r\n");
    EXPECT_EQ(middle.status, 206);
    EXPECT_EQ(middle.body, content(10, 10));
    EXPECT_EQ(middle.header("Content-Range"), "bytes 10-19/1000");
    EXPECT_EQ(ask("/file", "Range: bytes=990-\r\n").body, content(990, 10));
    EXPECT_EQ(ask("/file", "Range: bytes=-3\r\n").body, content(997, 3));
    EXPECT_EQ(ask("/file", "Range: bytes=10-19\r\nIf-Range: \"v1\"\r\n").status, 206);
    EXPECT_EQ(ask("/file", "Range: bytes=10-19\r\nIf-Range: \"v0\"\r\n").status, 200);
    EXPECT_EQ(ask("/file", "Range: bytes=0-1,5-6\r\n").body, content(0, 1'000));
    const auto beyond = ask("/file", "Range: bytes=1000-\r\n");
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.header("Content-Range"), "bytes */1000");
    EXPECT_EQ(ask("/file").status, 200) << "the connection goes on after a 416";
}

TEST_F(ServerFiles, AreNotSentToThoseWhoHaveThem) {
    const auto answer = ask("/file", "If-None-Match: \"v1\"\r\n");
    EXPECT_EQ(answer.status, 304);
    EXPECT_EQ(answer.count("Content-Length"), 0U);
    EXPECT_EQ(ask("/file", "If-None-Match: \"v0\"\r\n").status, 200);
}

TEST_F(ServerFiles, HeadTellsTheSizeAndSendsNothing) {
    client_.send("HEAD /large HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n");
    const auto head = client_.read_answer(true);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->header("Content-Length"), std::to_string(large_bytes));
    EXPECT_EQ(ask("/file").body, content(0, 1'000));
}

TEST_F(ServerFiles, ASlowReaderGetsEveryByteAndHoldsNoThread) {
    std::vector<std::unique_ptr<RawClient>> slow;  // more of them than handler threads
    for (int i = 0; i < 8; ++i) {
        slow.push_back(std::make_unique<RawClient>(server_.port(), "", 4'096));
        slow.back()->send(get("/large"));
        ASSERT_TRUE(slow.back()->read_head());
        EXPECT_GT(slow.back()->read_some(1'000), 0U);
    }
    EXPECT_EQ(ask("/file").status, 200);
    RawClient reader(server_.port(), "", 4'096);
    reader.send(get("/large"));
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == content(0, large_bytes));
}

TEST_F(ServerFiles, AFileShorterThanAnnouncedCutsTheConnection) {
    client_.send(get("/cut"));
    ASSERT_EQ(client_.read_head()->status, 200);
    const auto rest = client_.read_to_end();
    ASSERT_TRUE(rest);
    EXPECT_EQ(*rest, content(0, 70'000)) << "never padded with something else";
}

TEST_F(ServerFiles, AClientThatLeavesInTheMiddleLeavesNothingOpen) {
    RawClient leaver(server_.port(), "", 4'096);
    leaver.send(get("/large"));
    ASSERT_TRUE(leaver.read_head());
    leaver.reset();
    client_.close();
    EXPECT_TRUE(eventually([&] { return server_.server().connections() == 0; }));
}

}  // namespace
}  // namespace darkroom::http
