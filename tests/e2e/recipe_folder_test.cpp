// A folder of recipes under a running server: types of an operator's own, refusals in sentences, and SIGHUP.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"

namespace darkroom::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string chain =
    "darkroom_recipe: 1\nid: tidy\nversion: 1\ntype: chain\ntitle: Cut out and crop\nengine: chain\nsteps:\n"
    "  - { id: cut, type: jpeg_to_png }\nexpose: { \"cut.trim\": /trim }\n";
const std::string workflow_recipe =
    "darkroom_recipe: 1\nid: photos.mine\nversion: 1\ntype: my_photos\ntitle: Mine\nengine: comfyui\n"
    "models: [{ role: m, name: M, licence: MIT, commercial: yes }]\n"
    "params: { strength: { type: number, minimum: 0, maximum: 1, default: 0.5 } }\n"
    "workflow: { file: photos.json }\ninputs: { image: { pointer: /1/inputs/image } }\n"
    "bind: [{ param: strength, pointer: /3/inputs/strength }, { job: id, pointer: /2/inputs/filename_prefix "
    "}]\n"
    "outputs: [{ role: main, node: \"2\" }]\n";
const std::string graph =
    R"({"1":{"class_type":"LoadImage","inputs":{"image":"a.png"}},)"
    R"("2":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["3",0]}},)"
    R"("3":{"class_type":"Tint","inputs":{"strength":0.5,"images":["1",0]}}})";

class RecipeFolder : public ::testing::Test {
protected:
    RecipeFolder() {
        write("mine.yaml", workflow_recipe);
        write("photos.json", graph);
        write("broken.yaml", "darkroom_recipe: 1\nid: cut.broken\nversion: 1\ntype: bg_remove\n");
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder.path() / name, std::ios::binary) << text;
    }
    testing::TempDir folder;
};

TEST_F(RecipeFolder, MakesTypesAndTellsWhyAJobCannotBeDoneHere) {
    const ServerProcess server({{"RECIPES_DIR", folder.path().string()}, {"COMFYUI_MODE", "local"}});
    const auto client = server.client();
    const auto type = client.get("/api/v1/types/my_photos");
    ASSERT_EQ(type.status, 200) << type.body();
    EXPECT_THAT(type.body(), HasSubstr("photos.mine@1"));
    EXPECT_THAT(type.body(), HasSubstr("\"strength\""));
    EXPECT_THAT(client.get("/api/v1/types/restore").body(), HasSubstr("restore.comfy@1"));

    const auto upload = client.upload(disc_png(32, 32));
    const auto nowhere = client.post("/api/v1/jobs", job_request("my_photos", "{}", upload));
    expect_problem(nowhere, 422, "recipe_not_found");
    EXPECT_THAT(nowhere.body(), HasSubstr("no recipe of my_photos runs on"));
    const auto disabled =
        client.post("/api/v1/jobs", job_request("bg_remove", R"({"recipe":"cut.broken"})", upload));
    EXPECT_THAT(disabled.body(), HasSubstr("recipe_disabled"));
    EXPECT_THAT(server.log(), HasSubstr("broken.yaml"));
}

TEST_F(RecipeFolder, IsReadAgainAtSighupWhileJobsGoOn) {
    const ServerProcess server({{"RECIPES_DIR", folder.path().string()}, {"COMFYUI_MODE", "local"}});
    const auto client = server.client();
    EXPECT_EQ(client.get("/api/v1/types/tidy").status, 404);
    write("tidy.yaml", chain);
    fs::remove(folder.path() / "mine.yaml");
    ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
    EXPECT_TRUE(eventually([&] { return client.get("/api/v1/types/tidy").status == 200; }));
    EXPECT_EQ(client.get("/api/v1/types/my_photos").status, 404);
    const auto job = client.ended_job(client.create_with("jpeg_to_png", disc_png(32, 32)));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED");

    fs::rename(folder.path(), folder.path().string() + "-away");
    ASSERT_EQ(::kill(server.pid(), SIGHUP), 0);
    EXPECT_TRUE(eventually([&] { return server.log().find("were not read again") != std::string::npos; }));
    EXPECT_EQ(client.get("/api/v1/types/tidy").status, 200) << "what was there stays";
    fs::rename(folder.path().string() + "-away", folder.path());
}

TEST_F(RecipeFolder, ThatWasNamedMustBeThere) {
    testing::ChildPlan plan;
    plan.program = darkroom_program();
    plan.arguments = {"serve"};
    plan.environment = {{"RECIPES_DIR", (folder.path() / "none").string()},
                        {"DARKROOM_LISTEN", "127.0.0.1:0"},
                        {"DARKROOM_DATA_DIR", (folder.path() / "data").string()}};
    plan.working_dir = folder.path();
    plan.out_file = plan.err_file = folder.path() / "log";
    testing::ChildProcess server(plan);
    const auto exit = server.wait(Milliseconds(20'000));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 78);
    EXPECT_THAT(testing::read_file(plan.err_file), HasSubstr("none cannot be read"));
}

}  // namespace
}  // namespace darkroom::e2e
