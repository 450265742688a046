// The other commands: jobs, types, version, serve, and words that are none.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "tests/e2e/cli_run.h"
#include "tests/e2e/pictures.h"

namespace darkroom::e2e {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class CliCommands : public ::testing::Test {
protected:
    ServerProcess server{Settings{{"MAX_INFLIGHT", "1"}}};
    ApiClient client = server.client();
    Cli cli{Settings{{"DARKROOM_URL", server.url()}, {"DARKROOM_API_KEY", server.key()}}};
};

TEST_F(CliCommands, ADotEnvInTheFolderLeadsEveryCommandToItsServer) {
    const Cli elsewhere;
    EXPECT_EQ(elsewhere.run({"jobs", "list"}).code, 8) << "nothing tells where the server is";
    (void)elsewhere.put(
        ".env", "DARKROOM_URL=" + server.url() + "   # ours\nDARKROOM_API_KEY=" + server.key() + "\n");
    const auto listed = elsewhere.run({"jobs", "list"});
    EXPECT_EQ(listed.code, 0) << listed.err;
    const Cli beside{Settings{{"DARKROOM_URL", server.url()}, {"DARKROOM_API_KEY", "wrong-but-long-enough"}}};
    (void)beside.put(".env", "DARKROOM_API_KEY=" + server.key() + "\n");
    EXPECT_EQ(beside.run({"jobs", "list"}).code, 4) << "the environment wins";
}

TEST_F(CliCommands, JobsAreListedShownAndWatched) {
    EXPECT_TRUE(contains(cli.run({"jobs", "list"}).err, "No jobs yet")) << cli.run({"jobs", "list"}).err;
    const auto id = client.create_with("jpeg_to_png", disc_png(48, 48));
    const auto watched = cli.run({"jobs", "watch", id});
    EXPECT_EQ(watched.code, 0) << watched.err;
    const auto list = cli.run({"jobs", "list", "--status", "succeeded", "--type", "jpeg_to_png"});
    EXPECT_EQ(list.code, 0) << list.err;
    EXPECT_TRUE(contains(list.out, id)) << list.out;
    EXPECT_FALSE(contains(cli.run({"jobs", "list", "--status", "failed"}).out, id));
    const auto card = cli.run({"jobs", "get", id});
    EXPECT_EQ(card.code, 0) << card.err;
    EXPECT_TRUE(contains(card.out, "SUCCEEDED")) << card.out;
    const auto json = parse_json(cli.run({"jobs", "get", id, "--json"}).out);
    ASSERT_TRUE(json.ok());
    EXPECT_EQ(text_at(*json, "/id"), id);
    EXPECT_EQ(cli.run({"jobs", "get", "00000000-0000-4000-8000-000000000000"}).code, 5);
    EXPECT_EQ(cli.run({"jobs", "get", "not-an-id"}).code, 2);
}

TEST_F(CliCommands, JobsAreCancelledAndRetried) {
    const auto upload = client.upload(disc_png(48, 48));
    const auto done = client.create("jpeg_to_png", "{}", upload);
    (void)client.ended_job(done);
    EXPECT_EQ(cli.run({"jobs", "cancel", done}).code, 6);
    EXPECT_EQ(cli.run({"jobs", "retry", done}).code, 6);
    server.freeze_workers();
    const auto id = client.create("jpeg_to_png", "{}", upload);
    const auto cancelled = cli.run({"jobs", "cancel", id});
    EXPECT_EQ(cancelled.code, 0) << cancelled.err;
    EXPECT_TRUE(contains(cancelled.out, "CANCELLED"));
    server.thaw_workers();
    const auto watched = cli.run({"jobs", "watch", id});
    EXPECT_EQ(watched.code, 1) << watched.err;
    const auto retried = cli.run({"jobs", "retry", id});
    EXPECT_EQ(retried.code, 0) << retried.err;
    EXPECT_EQ(text_at(client.ended_job(id), "/status"), "SUCCEEDED");
}

TEST_F(CliCommands, TypesAreShown) {
    const auto all = cli.run({"types"});
    EXPECT_EQ(all.code, 0) << all.err;
    for (const char* type : {"bg_remove", "cutout_subject", "jpeg_to_png", "upscale_2k", "white_bg_ecomm"})
        EXPECT_TRUE(contains(all.out, type));
    const auto one = cli.run({"types", "bg_remove"});
    EXPECT_EQ(one.code, 0) << one.err;
    EXPECT_TRUE(contains(one.out, "min_confidence")) << one.out;
    const auto none = cli.run({"types", "bg_remov"});
    EXPECT_NE(none.code, 0);
    EXPECT_TRUE(contains(none.err, "bg_remove")) << none.err;
}

TEST(CliWords, TheVersionNeedsNoServer) {
    const Cli cli;
    const auto version = cli.run({"version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_EQ(version.out.rfind("darkroom 0.", 0), 0u) << version.out;
    EXPECT_TRUE(parse_json(cli.run({"version", "--json"}).out).ok());
    EXPECT_EQ(cli.run({"--version"}).out, version.out);
    EXPECT_TRUE(std::filesystem::is_empty(cli.folder())) << "asking made something";
}

TEST(CliWords, WhatIsMisspeltIsGuessed) {
    const Cli cli;
    const auto command = cli.run({"srve"});
    EXPECT_EQ(command.code, 2);
    EXPECT_TRUE(contains(command.err, "did you mean \"serve\"")) << command.err;
    const auto nested = cli.run({"jobs", "lst"});
    EXPECT_EQ(nested.code, 2);
    EXPECT_TRUE(contains(nested.err, "did you mean \"list\"")) << nested.err;
    const auto flag = cli.run({"jobs", "list", "--staus", "failed"});
    EXPECT_EQ(flag.code, 2);
    EXPECT_TRUE(contains(flag.err, "--status")) << flag.err;
    const auto help = cli.run({"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(contains(help.out, "serve"));
}

TEST(CliServe, EveryWrongSettingIsNamedAtOnce) {
    const Cli cli(Settings{{"DARKROOM_LISTEN", "nonsense"},
                           {"MAX_INFLIGHT", "0"},
                           {"DARKROOM_DATADIR", "/tmp/x"},
                           {"DARKROOM_API_KEY", "short-secret"},
                           {"DARKROOM_LOG_LEVEL", "loud"}});
    const auto run = cli.run({"serve"});
    EXPECT_EQ(run.code, 78);
    for (const char* name :
         {"DARKROOM_LISTEN", "MAX_INFLIGHT", "DARKROOM_DATADIR", "DARKROOM_API_KEY", "DARKROOM_LOG_LEVEL"})
        EXPECT_TRUE(contains(run.err, name)) << run.err;
    EXPECT_TRUE(contains(run.err, "did you mean DARKROOM_DATA_DIR")) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 6) << "one line for each:\n" << run.err;
    EXPECT_FALSE(contains(run.err, "short-secret")) << "a secret is on the screen";
    EXPECT_TRUE(std::filesystem::is_empty(cli.folder())) << "nothing is made before everything is right";
}

TEST(CliServe, ASecondServerOnTheSameDataRefusesWithASentence) {
    const ServerProcess server;
    const Cli cli(
        Settings{{"DARKROOM_LISTEN", "127.0.0.1:0"}, {"DARKROOM_DATA_DIR", server.data_dir().string()}});
    const auto run = cli.run({"serve"});
    EXPECT_EQ(run.code, 78) << run.err;
    EXPECT_TRUE(contains(run.err, "darkroom: ")) << run.err;
    EXPECT_EQ(server.client().get("/api/v1/jobs").status, 200) << "the first was harmed";
    EXPECT_TRUE(std::filesystem::exists(server.data_dir() / "gateway.json"));
}

TEST(CliServe, APortThatIsTakenIsNamed) {
    const ServerProcess server;
    const Cli cli(Settings{{"DARKROOM_LISTEN", "127.0.0.1:" + std::to_string(server.port())}});
    const auto run = cli.run({"serve"});
    EXPECT_EQ(run.code, 78) << run.err;
    EXPECT_TRUE(contains(run.err, std::to_string(server.port()))) << run.err;
}

TEST(CliServe, ADamagedDatabaseIsNeverReplaced) {
    ServerProcess server;
    (void)server.client().create_with("jpeg_to_png", disc_png(32, 32));
    EXPECT_EQ(server.terminate().code, 0);
    const auto database = server.data_dir() / "darkroom.db";
    testing::write_file(database, "this is no database, but it is somebody's");
    const Cli cli(
        Settings{{"DARKROOM_LISTEN", "127.0.0.1:0"}, {"DARKROOM_DATA_DIR", server.data_dir().string()}});
    const auto run = cli.run({"serve"});
    EXPECT_EQ(run.code, 78) << run.err;
    EXPECT_TRUE(contains(run.err, "darkroom.db")) << run.err;
    EXPECT_EQ(testing::read_file(database), "this is no database, but it is somebody's");
}

}  // namespace
}  // namespace darkroom::e2e
