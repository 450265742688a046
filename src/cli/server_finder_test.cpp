#include "cli/server_finder.h"

#include <gmock/gmock.h>

#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using ports::HttpMethod;
using testing::HasSubstr;

class ServerFinder : public testing::Test {
protected:
    fakes::TempFolder folder;
    fakes::ScriptedHttp http;
    FindRequest request{{}, folder.path(), {}};

    void running(int status = 200) {
        (void)folder.file("gateway.json", R"({"url":"http://127.0.0.1:4711","pid":12})");
        http.on(HttpMethod::get, "http://127.0.0.1:4711/healthz",
                [=](const auto&) -> Answer { return fakes::json_answer(status, ""); });
    }
};

TEST_F(ServerFinder, FindsTheGatewayOfTheDataFolderWithItsKey) {
    running();
    (void)folder.file("admin.key", "dk_admin\n");
    const auto server = find_server(http, request);
    ASSERT_TRUE(server && *server);
    EXPECT_EQ((*server)->url, "http://127.0.0.1:4711");
    EXPECT_EQ((*server)->api_key, "dk_admin");
}

TEST_F(ServerFinder, AnEmptyOrStaleFolderHasNone) {
    auto server = find_server(http, request);
    ASSERT_TRUE(server);
    EXPECT_FALSE(*server);
    (void)folder.file("gateway.json", R"({"url":"http://127.0.0.1:4711","pid":12})");
    server = find_server(http, request);
    ASSERT_TRUE(server);
    EXPECT_FALSE(*server) << "nobody answers there any more";
    running(404);
    server = find_server(http, request);
    ASSERT_TRUE(server);
    EXPECT_FALSE(*server) << "another program has the port now";
}

TEST_F(ServerFinder, DamagedGatewayFilesAreAsGoodAsNone) {
    for (const auto* text :
         {"", "{", "[]", R"({"url":7})", R"({"url":"file:///etc/passwd"})", R"({"url":"http://u:p@h"})"}) {
        (void)folder.file("gateway.json", text);
        const auto server = find_server(http, request);
        ASSERT_TRUE(server) << text;
        EXPECT_FALSE(*server) << text;
    }
    EXPECT_TRUE(http.seen().empty());
}

TEST_F(ServerFinder, ANamedServerWins) {
    running();
    request.url = "http://127.0.0.1:9/";
    const auto server = find_server(http, request);
    ASSERT_TRUE(server && *server);
    EXPECT_EQ((*server)->url, "http://127.0.0.1:9");
    request.url = "localhost";
    const auto bad = find_server(http, request);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().exit_code, ExitCode::usage);
}

TEST_F(ServerFinder, TheLocalKeyNeverGoesToAnotherMachine) {
    (void)folder.file("admin.key", "dk_admin");
    request.url = "https://photos.example";
    EXPECT_EQ((*find_server(http, request))->api_key, std::nullopt);
    request.url = "http://localhost:1";
    EXPECT_EQ((*find_server(http, request))->api_key, "dk_admin");
    request.url = "https://photos.example";
    request.api_key = "dk_mine";
    EXPECT_EQ((*find_server(http, request))->api_key, "dk_mine");
}

TEST_F(ServerFinder, AKeyThatWouldStartAnotherHeaderIsRefused) {
    request.url = "http://localhost:1";
    request.api_key = "dk\r\nX-Evil: 1";
    ASSERT_FALSE(find_server(http, request));
    EXPECT_EQ(find_server(http, request).error().exit_code, ExitCode::bad_configuration);
    request.api_key.reset();
    (void)folder.file("admin.key", "two words");
    const auto damaged = find_server(http, request);
    ASSERT_FALSE(damaged);
    EXPECT_THAT(damaged.error().message, HasSubstr("admin.key does not hold an API key"));
    (void)folder.file("admin.key", "");
    EXPECT_FALSE(find_server(http, request));
}

}  // namespace
}  // namespace darkroom::cli
