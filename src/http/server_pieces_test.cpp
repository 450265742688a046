// Answers that are fetched from elsewhere while they are sent: whole, in part, to slow readers, broken, left.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::HttpMethod;
using testing::eventually;
using testing::get;
using testing::RawClient;
using testing::Signal;
using testing::TestServer;

constexpr std::uint64_t large_bytes = 8'000'001;

char byte_at(std::uint64_t i) { return char('a' + (i * 7 + i / 251) % 26); }

std::string content(std::uint64_t first, std::uint64_t bytes) {
    std::string text;
    for (std::uint64_t i = first; i < first + bytes; ++i) text.push_back(byte_at(i));
    return text;
}

// What a test sees of all readers of its server.
struct Source {
    std::atomic<int> opened{0};
    std::atomic<int> living{0};
    std::atomic<std::uint64_t> bytes_read{0};
    std::atomic<std::size_t> piece_max{0};
    std::atomic<bool> seen_on_loop{false};
    std::atomic<bool> stopping{false};  // who lets go of a reader then does not matter
    Signal reads;
    Signal may_go_on;  // for those that wait

    void note_thread() {
        char name[16]{};
        pthread_getname_np(pthread_self(), name, sizeof name);
        if (std::string(name) == "http-loop") seen_on_loop = true;
    }
};

struct Manner {
    std::size_t bytes_per_read = ~std::size_t{0};
    std::uint64_t breaks_after = ~std::uint64_t{0};  // at this offset; says so
    std::uint64_t ends_after = ~std::uint64_t{0};    // at this offset; says it was all
    bool throws = false;
    bool waits = false;
};

class FakeReader : public ports::PieceReader {
public:
    FakeReader(Source& source, Manner manner, std::uint64_t offset)
        : source_(source), manner_(manner), at_(offset) {
        ++source_.living;
        source_.note_thread();
    }
    ~FakeReader() override {
        if (!source_.stopping) source_.note_thread();
        --source_.living;
    }
    FakeReader(const FakeReader&) = delete;
    FakeReader& operator=(const FakeReader&) = delete;

    std::optional<std::size_t> read(std::span<char> buffer) override {
        source_.note_thread();
        source_.reads.raise();
        if (manner_.waits) source_.may_go_on.wait();
        if (manner_.throws) throw std::runtime_error("as the test wants");
        if (at_ >= manner_.breaks_after) return std::nullopt;
        const auto end = std::min(manner_.breaks_after, manner_.ends_after);
        auto bytes = std::min(buffer.size(), manner_.bytes_per_read);
        bytes = std::size_t(std::min<std::uint64_t>(bytes, end - at_));
        for (std::size_t i = 0; i < bytes; ++i) buffer[i] = byte_at(at_ + i);
        at_ += bytes;
        source_.bytes_read += bytes;
        source_.piece_max = std::max(source_.piece_max.load(), buffer.size());
        return bytes;
    }

private:
    Source& source_;
    Manner manner_;
    std::uint64_t at_;
};

class ServerPieces : public ::testing::Test {
protected:
    ports::HttpRoute pieces(const std::string& path, std::uint64_t bytes, Manner manner,
                            const std::string& etag = "") {
        return testing::route(HttpMethod::get, path, [this, bytes, manner, etag](ports::HttpRequest&) {
            ports::HttpResponse response;
            response.headers = {{"Content-Type", "image/png"}};
            const auto open = [this, manner](std::uint64_t offset, std::uint64_t) {
                ++source_.opened;
                return std::make_unique<FakeReader>(source_, manner, offset);
            };
            response.body = ports::PiecesBody{bytes, etag, open};
            return response;
        });
    }

    std::vector<ports::HttpRoute> routes() {
        std::vector<ports::HttpRoute> all;
        all.push_back(pieces("/file", 1'000, {}, "\"v1\""));
        all.push_back(pieces("/empty", 0, {}));
        all.push_back(pieces("/large", large_bytes, {}));
        all.push_back(pieces("/crumbs", 3'000, {.bytes_per_read = 1}));
        all.push_back(pieces("/odd", large_bytes, {.bytes_per_read = 70'001}));
        all.push_back(pieces("/endless", 1ULL << 40, {}));
        all.push_back(pieces("/broken", 200'000, {.breaks_after = 0}));
        all.push_back(pieces("/throws", 200'000, {.throws = true}));
        all.push_back(pieces("/breaks", 500'000, {.breaks_after = 300'000}));
        all.push_back(pieces("/ends", 500'000, {.ends_after = 300'000}));
        all.push_back(pieces("/waits", 1'000, {.waits = true}));
        all.push_back(testing::route(HttpMethod::get, "/nothing", [](ports::HttpRequest&) {
            ports::HttpResponse response;
            response.body = ports::PiecesBody{9, "", [](auto, auto) { return nullptr; }};
            return response;
        }));
        all.push_back(testing::route(HttpMethod::get, "/hello",
                                     [](ports::HttpRequest&) { return testing::text_answer("hello"); }));
        return all;
    }

    testing::RawAnswer ask(const std::string& path, const std::string& extra = "") {
        client_.send(get(path, extra));
        return client_.read_answer().value();
    }

    void TearDown() override {
        EXPECT_TRUE(eventually([&] { return source_.living == 0; })) << "every reader is let go of";
        EXPECT_FALSE(source_.seen_on_loop) << "fetching would hold up every other client";
        EXPECT_LE(source_.piece_max, 262'144U);
    }

    Source source_;
    TestServer server_{routes()};
    RawClient client_{server_.port()};
};

TEST_F(ServerPieces, AreSentWhole) {
    const auto answer = ask("/file");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, content(0, 1'000));
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(answer.header("ETag"), "\"v1\"");
    EXPECT_EQ(answer.header("Content-Type"), "image/png");
    const auto all = content(0, large_bytes);
    EXPECT_TRUE(ask("/large").body == all);
    EXPECT_TRUE(ask("/odd").body == all);
    EXPECT_EQ(ask("/crumbs").body, content(0, 3'000));
    EXPECT_EQ(ask("/file").body, content(0, 1'000)) << "the connection goes on";
}

TEST_F(ServerPieces, AreFetchedAndSentInPart) {
    const auto middle = ask("/file", "Range: bytes=10-19\r\n");
    EXPECT_EQ(middle.status, 206);
    EXPECT_EQ(middle.body, content(10, 10));
    EXPECT_EQ(middle.header("Content-Range"), "bytes 10-19/1000");
    EXPECT_EQ(source_.bytes_read, 10U) << "what is not wanted is not fetched";
    EXPECT_EQ(ask("/file", "Range: bytes=-3\r\n").body, content(997, 3));
    EXPECT_EQ(ask("/file", "Range: bytes=10-19\r\nIf-Range: \"v1\"\r\n").status, 206);
    EXPECT_EQ(ask("/file", "Range: bytes=10-19\r\nIf-Range: \"v0\"\r\n").status, 200);
    EXPECT_TRUE(ask("/large", "Range: bytes=5000000-\r\n").body ==
                content(5'000'000, large_bytes - 5'000'000));
}

TEST_F(ServerPieces, OpenNothingThatNobodyWillRead) {
    client_.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client_.read_answer(true)->header("Content-Length"), std::to_string(large_bytes));
    EXPECT_EQ(ask("/file", "If-None-Match: \"v1\"\r\n").status, 304);
    const auto beyond = ask("/file", "Range: bytes=1000-\r\n");
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.header("Content-Range"), "bytes */1000");
    const auto empty = ask("/empty");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(empty.header("Content-Length"), "0");
    EXPECT_EQ(source_.opened, 0);
    EXPECT_EQ(ask("/hello").body, "hello");
}

TEST_F(ServerPieces, ThatCannotBeFetchedAtAllAreAnErrorThatCanBeRead) {
    for (const auto* const path : {"/broken", "/throws", "/nothing"}) {
        const auto answer = ask(path, "Range: bytes=1-3\r\n");
        EXPECT_EQ(answer.status, 503) << path;
        EXPECT_NE(answer.body.find("storage_unavailable"), std::string::npos);
        EXPECT_EQ(answer.count("Content-Range"), 0U);
        EXPECT_EQ(answer.header("Retry-After"), "1");
    }
    EXPECT_EQ(ask("/file").body, content(0, 1'000)) << "the connection goes on";
}

TEST_F(ServerPieces, ThatBreakInTheMiddleCutTheConnection) {
    for (const auto* const path : {"/breaks", "/ends"}) {
        RawClient client(server_.port());
        client.send(get(path));
        ASSERT_EQ(client.read_head()->status, 200) << path;
        const auto rest = client.read_to_end();
        ASSERT_TRUE(rest);
        EXPECT_TRUE(*rest == content(0, 300'000)) << path << " sent " << rest->size();
    }
}

TEST_F(ServerPieces, ASlowReaderGetsEveryByteAndHoldsNoThread) {
    std::vector<std::unique_ptr<RawClient>> slow;  // more of them than handler threads
    for (int i = 0; i < 8; ++i) {
        slow.push_back(std::make_unique<RawClient>(server_.port(), "", 4'096));
        slow.back()->send(get("/endless"));
        ASSERT_TRUE(slow.back()->read_head());
    }
    EXPECT_EQ(ask("/hello").body, "hello");
    const auto before = source_.bytes_read.load();
    EXPECT_LT(before, 8u * (16u << 20)) << "what nobody takes is not fetched";
    RawClient reader(server_.port(), "", 4'096);
    reader.send(get("/large"));
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == content(0, large_bytes));
}

TEST_F(ServerPieces, AClientThatLeavesTakesTheReaderWithIt) {
    RawClient leaver(server_.port(), "", 4'096);
    leaver.send(get("/endless"));
    ASSERT_TRUE(leaver.read_head());
    EXPECT_EQ(source_.living, 1);
    leaver.reset();
    EXPECT_TRUE(eventually([&] { return source_.living == 0; }));
    RawClient impatient(server_.port());
    const auto reads = source_.reads.raised();
    impatient.send(get("/waits"));
    ASSERT_TRUE(source_.reads.wait(reads + 1));
    impatient.reset();
    source_.may_go_on.raise();
    client_.close();
    EXPECT_TRUE(eventually([&] { return server_.server().connections() == 0; }));
}

TEST_F(ServerPieces, AStopWaitsForAPieceThatIsBeingFetchedAndForNoMore) {
    RawClient waiting(server_.port());
    waiting.send(get("/waits"));
    ASSERT_TRUE(source_.reads.wait(1));
    RawClient slow(server_.port(), "", 4'096);
    slow.send(get("/endless"));
    ASSERT_TRUE(slow.read_head());
    source_.stopping = true;
    std::thread stopping([&] { server_.server().stop(Milliseconds(1)); });
    EXPECT_TRUE(waiting.closed_by_server());
    source_.may_go_on.raise();
    stopping.join();
    EXPECT_EQ(server_.server().connections(), 0U);
}

TEST_F(ServerPieces, AGracefulStopLetsADownloadEnd) {
    RawClient reader(server_.port(), "", 4'096);
    reader.send(get("/large"));
    ASSERT_EQ(reader.read_head()->status, 200);
    std::thread stopping([&] { server_.server().stop(std::chrono::seconds(20)); });
    const auto body = reader.read_to_end();
    stopping.join();
    ASSERT_TRUE(body);
    EXPECT_TRUE(*body == content(0, large_bytes));
}

TEST(ServerPiecesLimits, AClientThatTakesNothingIsClosed) {
    Source source;
    std::vector<ports::HttpRoute> routes;
    routes.push_back(testing::route(HttpMethod::get, "/endless", [&](ports::HttpRequest&) {
        ports::HttpResponse response;
        response.body = ports::PiecesBody{1ULL << 40, "", [&](std::uint64_t offset, std::uint64_t) {
                                              return std::make_unique<FakeReader>(source, Manner{}, offset);
                                          }};
        return response;
    }));
    TestServer server(std::move(routes), [](ServerOptions& options) {
        options.timeouts.write_stall = Milliseconds(60);
        options.timeouts.sweep = Milliseconds(10);
    });
    RawClient client(server.port(), "", 4'096);
    client.send(get("/endless"));
    ASSERT_TRUE(client.read_head());
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 0; }));
    EXPECT_TRUE(eventually([&] { return source.living == 0; }));
}

}  // namespace
}  // namespace darkroom::http
