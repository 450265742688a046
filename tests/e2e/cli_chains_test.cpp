// Chains, masks, attempts and audits from a terminal, against a real server.
#include <gtest/gtest.h>

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

std::string newest_job(const ServerProcess& server) {
    return text_at(server.client().get("/api/v1/jobs?limit=1").json(), "/jobs/0/id");
}

TEST(CliChains, TypesJoinedByAPlusBringOneResult) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("red.png", disc_png(160, 160));
    const auto run = cli.run({"run", "jpeg_to_png+upscale_2k", "red.png", "-p", "jpeg_to_png.key=#ffffff",
                              "-p", "upscale_2k.target=512", "-o", "out"});
    EXPECT_EQ(run.code, 0) << run.err;
    const auto files = files_under(cli.folder() / "out");
    ASSERT_EQ(files.size(), 1u) << run.out << run.err;
    const auto size = decoded_size(testing::read_file(files[0]), ".png");
    EXPECT_EQ(size.width, 512);
    EXPECT_EQ(size.channels, 4) << "the first step's transparency is still there";

    const auto id = newest_job(server);
    const auto card = cli.run({"jobs", "get", id});
    EXPECT_TRUE(contains(card.out, "Steps     jpeg_to_png  jpeg_to_png  SUCCEEDED")) << card.out;
    const auto wrong = cli.run({"run", "jpeg_to_png+upscale_2k", "red.png", "-p", "upscale_2k.target=9"});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_TRUE(contains(wrong.err, "target must be between")) << wrong.err;
}

TEST(CliChains, AMaskSaysWhatIsToGo) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("street.png", shot(".png", 96));
    cli.put("wires.png", disc_png(96, 96));
    cli.put("small.png", disc_png(48, 96));
    const auto run =
        cli.run({"run", "object_remove", "street.png", "--mask", "wires.png", "-p", "max_region=0.9"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(std::filesystem::exists(cli.folder() / "street-object_remove.png"));
    const auto wrong = cli.run({"run", "object_remove", "street.png", "--mask", "small.png"});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_TRUE(contains(wrong.err, "48 x 96")) << wrong.err;
}

TEST(CliChains, AnotherAttemptIsMadeChosenAndAudited) {
    const ServerProcess server;
    const Cli cli(towards(server));
    cli.put("red.png", disc_png(160, 160));
    ASSERT_EQ(cli.run({"run", "upscale_2k", "red.png", "-p", "target=512"}).code, 0);
    const auto id = newest_job(server);
    const auto again = cli.run({"jobs", "attempt", id, "-p", "target=600"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(cli.run({"jobs", "watch", id, "-o", "second"}).code, 0);
    const auto files = files_under(cli.folder() / "second");
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(decoded_size(testing::read_file(files[0]), ".png").width, 600);

    EXPECT_EQ(cli.run({"jobs", "select", id, "1"}).out, id + "  shows attempt 1\n");
    EXPECT_EQ(number_at(server.client().job(id), "/outputs/0/width"), 512);
    EXPECT_EQ(cli.run({"jobs", "select", id, "9"}).code, 5);

    const auto audit = cli.run({"audit", "licences"});
    EXPECT_EQ(audit.code, 0) << audit.err;
    EXPECT_TRUE(contains(audit.out, "upscale_2k.builtin@1")) << audit.out;
    EXPECT_TRUE(contains(audit.err, "2 attempts")) << audit.err;
    EXPECT_EQ(cli.run({"audit", "licences", "--since", "2999-01-01"}).out, "");
}

TEST(CliChains, TypesTellTheirRecipes) {
    const ServerProcess server;
    const Cli cli(towards(server));
    const auto types = cli.run({"types", "restore"});
    EXPECT_EQ(types.code, 0) << types.err;
    EXPECT_TRUE(contains(types.out, "Recipes: restore.comfy@1")) << types.out;
    EXPECT_TRUE(contains(types.out, "not usable: It runs on a backend that is not set up here."))
        << types.out;
    EXPECT_TRUE(contains(types.out, "restore.builtin@1")) << types.out;
}

}  // namespace
}  // namespace darkroom::e2e
