// Request bodies: limits, verdicts before the body, 100-continue, spool files, exceptions of handlers.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <random>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::BodyPolicy;
using ports::HttpMethod;
using testing::eventually;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::simple_routes;
using testing::TestServer;

std::string head_of(const std::string& path, std::uint64_t length, const std::string& extra = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" +
           extra + "\r\n";
}

// A route that needs "X-Key: good" and takes only what X-Max allows; says how big the body was.
ports::HttpRoute guarded(const std::string& pattern, BodyPolicy::Kind kind) {
    auto made = testing::route(HttpMethod::post, pattern,
                               [](ports::HttpRequest& request) {
                                   return testing::text_answer(std::to_string(
                                       request.spooled ? request.spooled->bytes() : request.body.size()));
                               },
                               {kind, 1u << 20});
    made.check_head = [](const ports::HttpRequest& head,
                         std::uint64_t& bytes_max) -> std::optional<ports::HttpResponse> {
        EXPECT_TRUE(head.body.empty());
        EXPECT_FALSE(head.spooled.has_value());
        if (const auto* const limit = head.header("X-Max")) bytes_max = std::uint64_t(std::stoull(*limit));
        const auto* const key = head.header("X-Key");
        if (key != nullptr && *key == "good") return std::nullopt;
        auto refusal = testing::text_answer("no");
        refusal.status = 401;
        return refusal;
    };
    return made;
}

std::vector<ports::HttpRoute> guarded_routes() {
    auto routes = simple_routes();
    routes.push_back(guarded("/guarded/buffer", BodyPolicy::Kind::buffer));
    routes.push_back(guarded("/guarded/spool", BodyPolicy::Kind::spool));
    return routes;
}

class ServerBody : public ::testing::Test {
protected:
    TestServer server_{guarded_routes()};
};

TEST_F(ServerBody, TakesBodiesUpToTheLimitAndNotAByteMore) {
    RawClient client(server_.port());
    client.send(post("/echo", std::string(65'536, 'a')));
    EXPECT_EQ(client.read_answer()->body.size(), 65'536U);
    client.send(post("/echo", ""));
    EXPECT_EQ(client.read_answer()->body, "");
    client.send(head_of("/echo", 65'537));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer->status, 413);
    EXPECT_EQ(answer->header("Connection"), "close");
}

TEST_F(ServerBody, ABodyWhereNoneIsTakenIsTooLarge) {
    RawClient client(server_.port());
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + get("/hello"));
    EXPECT_EQ(client.read_answer()->status, 413);
    EXPECT_EQ(client.read_answer()->status, 200)
        << "a refused body that is here already does not cost the connection";
}

TEST_F(ServerBody, AClientInTheMiddleOfAHugeBodyCanReadTheRefusal) {
    RawClient client(server_.port());
    client.send(head_of("/echo", 100u << 20));
    const std::string piece(1u << 20, 'a');
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(client.send(piece)) << "the server must go on reading for a while";
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 413);
}

TEST_F(ServerBody, TheRouteJudgesTheHeadBeforeTheBodyComes) {
    for (const std::string path : {"/guarded/buffer", "/guarded/spool"}) {
        SCOPED_TRACE(path);
        RawClient refused(server_.port());
        refused.send(head_of(path, 1'000));
        EXPECT_EQ(refused.read_answer()->status, 401);
        RawClient too_large(server_.port());
        too_large.send(head_of(path, 1'000, "X-Key: good\r\nX-Max: 999\r\n"));
        EXPECT_EQ(too_large.read_answer()->status, 413);
        RawClient welcome(server_.port());
        welcome.send(head_of(path, 1'000, "X-Key: good\r\nX-Max: 1000\r\n"));
        EXPECT_TRUE(welcome.silent_for(Milliseconds(20)));
        welcome.send(std::string(1'000, 'a'));
        EXPECT_EQ(welcome.read_answer()->body, "1000");
        EXPECT_EQ(server_.spooled_files(), 0U);
    }
}

TEST_F(ServerBody, TheRouteJudgesAlsoWhenTheBodyCameAlong) {
    for (const std::string path : {"/guarded/buffer", "/guarded/spool"}) {
        RawClient client(server_.port());
        client.send(post(path, "abc") + post(path, "abcd", "X-Key: good\r\n") +
                    post(path, "abc", "X-Key: good\r\nX-Max: 2\r\n"));
        EXPECT_EQ(client.read_answer()->status, 401);
        EXPECT_EQ(client.read_answer()->body, "4");
        EXPECT_EQ(client.read_answer()->status, 413);
    }
}

TEST_F(ServerBody, ContinueIsSentOnlyAfterTheHeadWasAccepted) {
    for (const std::string path : {"/guarded/buffer", "/guarded/spool"}) {
        RawClient refused(server_.port());
        refused.send(head_of(path, 3, "Expect: 100-continue\r\n"));
        EXPECT_EQ(refused.read_answer()->status, 401);
        RawClient welcome(server_.port());
        welcome.send(head_of(path, 3, "X-Key: good\r\nExpect: 100-continue\r\n"));
        EXPECT_EQ(welcome.read_answer()->status, 100);
        welcome.send("abc" + get("/hello"));
        EXPECT_EQ(welcome.read_answer()->body, "3");
        EXPECT_EQ(welcome.read_answer()->body, "hello");
    }
    RawClient impatient(server_.port());
    impatient.send(post("/echo", "abc", "Expect: 100-continue\r\n"));
    EXPECT_EQ(impatient.read_answer()->body, "abc") << "nothing to continue when the body is here";
    RawClient too_large(server_.port());
    too_large.send(head_of("/echo", 1u << 30, "Expect: 100-continue\r\n"));
    EXPECT_EQ(too_large.read_answer()->status, 413);
}

TEST_F(ServerBody, SpoolsALargeBodyWithoutLosingAByte) {
    auto routes = simple_routes();
    routes.push_back(testing::route(HttpMethod::put, "/sum",
                                    [](ports::HttpRequest& request) {
                                        std::FILE* const file =
                                            std::fopen(request.spooled->path().c_str(), "rb");
                                        std::uint64_t sum = 0;
                                        for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
                                            sum = sum * 31 + std::uint64_t(c);
                                        std::fclose(file);
                                        return testing::text_answer(std::to_string(sum));
                                    },
                                    {BodyPolicy::Kind::spool, 64u << 20}));
    TestServer server(std::move(routes));
    std::mt19937 random(1);
    std::string body(5'000'003, '\0');
    std::uint64_t sum = 0;
    for (auto& c : body) {
        c = char(random());
        sum = sum * 31 + std::uint64_t(static_cast<unsigned char>(c));
    }
    RawClient client(server.port());
    client.send("PUT /sum HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body + get("/hello"));
    EXPECT_EQ(client.read_answer()->body, std::to_string(sum));
    EXPECT_EQ(client.read_answer()->body, "hello");
    EXPECT_TRUE(eventually([&] { return server.spooled_files() == 0; }));
}

TEST_F(ServerBody, AHandlerMayKeepTheSpooledFile) {
    const auto kept = server_.spool_dir() / "kept";
    auto routes = simple_routes();
    routes.push_back(testing::route(HttpMethod::put, "/keep",
                                    [&](ports::HttpRequest& request) {
                                        std::filesystem::rename(request.spooled->path(), kept);
                                        return testing::text_answer("ok");
                                    },
                                    {BodyPolicy::Kind::spool, 100}));
    TestServer server(std::move(routes));
    RawClient client(server.port());
    client.send("PUT /keep HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(client.read_answer()->body, "ok");
    EXPECT_EQ(std::filesystem::file_size(kept), 3U);
}

TEST_F(ServerBody, ADisconnectInTheMiddleLeavesNoFile) {
    RawClient client(server_.port());
    client.send(head_of("/spool", 1u << 20) + std::string(200'000, 'a'));
    ASSERT_TRUE(eventually([&] { return server_.spooled_files() == 1; }));
    client.close();
    EXPECT_TRUE(eventually([&] { return server_.spooled_files() == 0; }));
}

TEST_F(ServerBody, AFullDiskIsAnswered507AndLeavesNoFile) {
    if (::mount("none", server_.spool_dir().c_str(), "tmpfs", 0, "size=64k") != 0) {
        GTEST_SKIP()
            << "mounting a small tmpfs is not permitted here; BodyReceiver's own test covers the error";
    }
    RawClient client(server_.port());
    client.send(head_of("/spool", 1u << 20) + std::string(1u << 20, 'a'));
    const auto answer = client.read_answer();
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer ? answer->status : 0, 507);
    EXPECT_NE((answer ? answer->body : "").find("storage_full"), std::string::npos);
    EXPECT_TRUE(eventually([&] { return server_.spooled_files() == 0; }));
    RawClient next(server_.port());
    next.send(post("/spool", "small"));
    EXPECT_EQ(next.read_answer()->body, "5");
    EXPECT_EQ(::umount2(server_.spool_dir().c_str(), MNT_DETACH), 0);
}

TEST(ServerHandlers, AnExceptionIsA500AndTheServerLivesOn) {
    auto routes = simple_routes();
    routes.push_back(testing::route(
        HttpMethod::get, "/throws",
        [](ports::HttpRequest&) -> ports::HttpResponse { throw std::runtime_error("secret detail"); }));
    routes.push_back(testing::route(HttpMethod::get, "/throws/int",
                                    [](ports::HttpRequest&) -> ports::HttpResponse { throw 1; }));
    auto checked = testing::route(HttpMethod::post, "/throws/early",
                                  [](ports::HttpRequest&) { return testing::text_answer(""); },
                                  {BodyPolicy::Kind::spool, 100});
    checked.check_head = [](const ports::HttpRequest&, std::uint64_t&) -> std::optional<ports::HttpResponse> {
        throw std::runtime_error("secret detail");
    };
    routes.push_back(std::move(checked));
    TestServer server(std::move(routes));
    RawClient client(server.port());
    client.send(get("/throws") + get("/throws/int") + post("/throws/early", "abc") + get("/hello"));
    for (int i = 0; i < 3; ++i) {
        const auto answer = client.read_answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 500);
        EXPECT_EQ(answer->body.find("secret"), std::string::npos);
    }
    EXPECT_EQ(client.read_answer()->status, 200);
}

TEST(ServerHandlers, SeeWhatTheClientSent) {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(testing::route(HttpMethod::get, "/types/{word}/{uuid}", [](ports::HttpRequest& request) {
        return testing::text_answer(request.path + "|" + request.path_params.at(0) + "|" +
                                    request.path_params.at(1) + "|" + *request.query_value("q") + "|" +
                                    *request.header("x-odd-CASE") + "|" + request.remote_address);
    }));
    TestServer server(std::move(routes));
    RawClient client(server.port(), "127.0.0.3");
    client.send(get("/types/%61/01234567-89ab-4cde-8f01-23456789abcd?q=a%20b", "X-Odd-Case:  v \r\n"));
    EXPECT_EQ(client.read_answer()->body,
              "/types/%61/01234567-89ab-4cde-8f01-23456789abcd|a|01234567-89ab-4cde-8f01-23456789abcd|a "
              "b|v|127.0.0.3");
}

}  // namespace
}  // namespace darkroom::http
