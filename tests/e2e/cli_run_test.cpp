// `darkroom run`: a folder of pictures in, results out, with a server and without one.
#include <gtest/gtest.h>
#include <signal.h>

#include "base/json.h"
#include "tests/e2e/cli_run.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"

namespace darkroom::e2e {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Settings towards(const ServerProcess& server) {
    return {{"DARKROOM_URL", server.url()}, {"DARKROOM_API_KEY", server.key()}};
}

TEST(CliRun, TurnsFilesIntoResults) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("red.png", disc_png(64, 64, 1));
    cli.put("blue shoe.png", disc_png(80, 64, 2));
    const auto run =
        cli.run({"run", "jpeg_to_png", "red.png", "blue shoe.png", "-p", "key=#ffffff", "-o", "out"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(contains(run.err, "2 ok")) << run.err;
    const auto files = files_under(cli.folder() / "out");
    ASSERT_EQ(files.size(), 2u) << run.out << run.err;
    for (const auto& file : files) {
        EXPECT_TRUE(contains(run.out, file.filename().string())) << run.out;
        EXPECT_EQ(decoded_size(testing::read_file(file), ".png").channels, 4);
    }
    const auto width =
        decoded_size(testing::read_file(cli.folder() / "out" / "blue shoe-jpeg_to_png.png"), ".png").width;
    EXPECT_EQ(width, 80);
    EXPECT_EQ(items_at(server.client().get("/api/v1/jobs").json(), "/jobs").size(), 2u);
    expect_nothing_left(server);
}

TEST(CliRun, NeedsNoServer) {
    const Cli cli;
    cli.put("red.png", disc_png(64, 64));
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "-o", "out"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(contains(run.err, "starts its own")) << run.err;
    EXPECT_EQ(files_under(cli.folder() / "out").size(), 1u);
    EXPECT_FALSE(std::filesystem::exists(cli.folder() / "darkroom-data" / "gateway.json"));
    EXPECT_TRUE(files_under(cli.folder() / "darkroom-data" / "work").empty());
}

TEST(CliRun, FindsTheServerOfTheDataFolder) {
    const ServerProcess server;
    const Cli cli;
    cli.put("red.png", disc_png(64, 64));
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "--data", server.data_dir().string()});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_FALSE(contains(run.err, "starts its own")) << run.err;
    EXPECT_TRUE(std::filesystem::exists(cli.folder() / "red-jpeg_to_png.png"));
}

TEST(CliRun, SpeaksJson) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("red.png", disc_png(64, 64));
    cli.put("letter.jpg", "no picture");
    const auto run = cli.run({"run", "jpeg_to_png", "red.png", "letter.jpg", "-o", "out", "--json"});
    EXPECT_EQ(run.code, 3) << run.err;
    const auto results = parse_json(run.out);
    ASSERT_TRUE(results.ok()) << run.out;
    ASSERT_EQ(items_at(*results, "").size(), 2u);
    EXPECT_EQ(text_at(*results, "/0/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(*results, "/0/file"), "red.png");
    EXPECT_TRUE(contains(text_at(*results, "/0/output"), "red-jpeg_to_png.png"));
    EXPECT_EQ(text_at(*results, "/1/file"), "letter.jpg");
    EXPECT_EQ(text_at(*results, "/1/problem/code"), "input_unsupported_format") << run.out;
}

TEST(CliRun, SaysWhatIsWrongWithAFile) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("letter.jpg", "no picture");
    cli.put("cut.jpg", shot(".jpg", 256).substr(0, 5'000));
    const auto missing = cli.run({"run", "jpeg_to_png", "nowhere.png"});
    EXPECT_EQ(missing.code, 1);
    EXPECT_TRUE(contains(missing.err, "nowhere.png")) << missing.err;
    const auto letter = cli.run({"run", "jpeg_to_png", "letter.jpg"});
    EXPECT_EQ(letter.code, 1);
    EXPECT_TRUE(contains(letter.err, "input_unsupported_format")) << letter.err;
    const auto cut = cli.run({"run", "jpeg_to_png", "cut.jpg"});
    EXPECT_EQ(cut.code, 1);
    EXPECT_TRUE(contains(cut.err, "input_unreadable")) << cut.err;
    EXPECT_EQ(files_under(cli.folder()).size(), 2u) << "a result of nothing";
    expect_nothing_left(server);
}

TEST(CliRun, SaysWhatIsWrongWithTheOrder) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("red.png", disc_png(64, 64));
    const auto type = cli.run({"run", "bg_remvoe", "red.png"});
    EXPECT_EQ(type.code, 2);
    EXPECT_TRUE(contains(type.err, "did you mean \"bg_remove\"")) << type.err;
    const auto param = cli.run({"run", "jpeg_to_png", "red.png", "-p", "tolerence=9"});
    EXPECT_EQ(param.code, 1);
    EXPECT_TRUE(contains(param.err, "tolerance")) << param.err;
    EXPECT_EQ(cli.run({"run", "jpeg_to_png", "red.png", "-p", "tolerance"}).code, 2);
    EXPECT_EQ(cli.run({"run", "jpeg_to_png"}).code, 2);
    EXPECT_EQ(cli.run({"run"}).code, 2);
    EXPECT_TRUE(items_at(server.client().get("/api/v1/jobs").json(), "/jobs").empty());
}

TEST(CliRun, SaysWhenTheServerIsNotThereOrDoesNotKnowTheKey) {
    std::string dead_url;
    {
        const ServerProcess gone;
        dead_url = gone.url();
    }
    const Cli unreachable(
        Settings{{"DARKROOM_URL", dead_url}, {"DARKROOM_API_KEY", "a-key-of-sixteen-signs"}});
    unreachable.put("red.png", disc_png(64, 64));
    const auto lost = unreachable.run({"jobs", "list"});
    EXPECT_EQ(lost.code, 8) << lost.err;
    EXPECT_TRUE(contains(lost.err, dead_url)) << lost.err;

    const ServerProcess server;
    const Cli wrong(
        Settings{{"DARKROOM_URL", server.url()}, {"DARKROOM_API_KEY", "not-the-key-of-this-server"}});
    wrong.put("red.png", disc_png(64, 64));
    const auto refused = wrong.run({"run", "jpeg_to_png", "red.png"});
    EXPECT_EQ(refused.code, 4) << refused.err;
    EXPECT_FALSE(contains(refused.err, "not-the-key-of-this-server")) << "the key is on the screen";
}

TEST(CliRun, AnInterruptLeavesTheJobsAndSaysHowToGoOn) {
    const ServerProcess server(Settings{{"MAX_INFLIGHT", "1"}});
    const auto client = server.client();
    (void)client.ended_job(client.create_with("jpeg_to_png", disc_png(48, 48)));
    server.freeze_workers();
    Cli cli(towards(server));
    cli.put("red.png", disc_png(64, 64));
    cli.start({"run", "jpeg_to_png", "red.png", "-o", "out"});
    std::string id;
    ASSERT_TRUE(eventually([&] {
        id = text_at(client.get("/api/v1/jobs?limit=1&status=RUNNING").json(), "/jobs/0/id");
        return !id.empty();
    }));
    cli.send_signal(SIGINT);
    const auto run = cli.finish();
    EXPECT_EQ(run.code, 130) << run.err;
    EXPECT_TRUE(contains(run.err, "darkroom jobs watch " + id)) << run.err;
    EXPECT_EQ(text_at(client.job(id), "/status"), "RUNNING") << "the job was to go on";
    EXPECT_TRUE(files_under(cli.folder() / "out").empty());

    server.thaw_workers();
    const auto watched = cli.run({"jobs", "watch", id, "-o", "out"});
    EXPECT_EQ(watched.code, 0) << watched.err;
    EXPECT_EQ(files_under(cli.folder() / "out").size(), 1u);
}

TEST(CliRun, AServerThatComesBackIsWaitedFor) {
    ServerProcess server(Settings{{"MAX_INFLIGHT", "1"}});
    (void)server.client().ended_job(server.client().create_with("jpeg_to_png", disc_png(48, 48)));
    server.freeze_workers();
    Cli cli(towards(server));
    cli.put("red.png", disc_png(64, 64));
    cli.start({"run", "jpeg_to_png", "red.png", "-o", "out"});
    ASSERT_TRUE(eventually([&] {
        return !items_at(server.client().get("/api/v1/jobs?status=RUNNING").json(), "/jobs").empty();
    }));
    const auto port = server.port();
    server.kill9();
    server.start();
    if (server.port() != port) GTEST_SKIP() << "somebody else took the port while the server was away";
    const auto run = cli.finish();
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(files_under(cli.folder() / "out").size(), 1u);
}

}  // namespace
}  // namespace darkroom::e2e
