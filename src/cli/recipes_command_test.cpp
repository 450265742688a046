// `darkroom recipes`: lint, list, show and import, on files of a folder and without any server.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* workflow =
    R"({"3":{"class_type":"KSampler","inputs":{"seed":1,"denoise":0.5}},)"
    R"("60":{"class_type":"SaveImage","inputs":{"filename_prefix":"a","images":["3",0]}},)"
    R"("78":{"class_type":"LoadImage","inputs":{"image":"a.png"},"_meta":{"title":"Photo"}}})";

constexpr const char* recipe =
    "darkroom_recipe: 1\n"
    "id: old.photos\n"
    "version: 3\n"
    "type: my_photos\n"
    "title: Old photos\n"
    "engine: comfyui\n"
    "models: [{ role: checkpoint, name: Base, licence: MIT, commercial: yes }]\n"
    "params: { seed: { type: [integer, \"null\"], default: null } }\n"
    "workflow: { file: photos.json }\n"
    "inputs: { image: { pointer: /78/inputs/image } }\n"
    "bind:\n"
    "  - { param: seed, pointer: /3/inputs/seed, type: integer }\n"
    "  - { job: id, format: \"dr-{}\", pointer: /60/inputs/filename_prefix }\n"
    "outputs: [{ role: main, node: \"60\" }]\n";

class RecipesCommand : public testing::Test {
protected:
    /// A file of the folder of recipes.
    void put(const std::string& name, const std::string& text) {
        fs::create_directories(darkroom.folder.path() / "recipes");
        darkroom.folder.file("recipes/" + name, text);
    }
    void put_good() {
        put("photos.yaml", recipe);
        put("photos.json", workflow);
    }
    fakes::Darkroom::Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "recipes");
        return darkroom.run(arguments);
    }
    std::string path(const std::string& name) const { return (darkroom.folder.path() / name).string(); }

    RecipesCommand() { darkroom.environment["RECIPES_DIR"] = path("recipes"); }
    fakes::Darkroom darkroom;
};

TEST_F(RecipesCommand, LintIsContentWithAWholeRecipe) {
    put_good();
    const auto outcome = run({"lint"});
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, HasSubstr("1 recipe, 0 errors, 0 warnings"));
    EXPECT_THAT(darkroom.http.seen(), IsEmpty());
}

TEST_F(RecipesCommand, LintTellsFileLineColumnAndCode) {
    put_good();
    auto wrong = std::string(recipe);
    wrong.replace(wrong.find("/3/inputs/seed"), 14, "/3/inputs/sead");
    put("wrong.yaml", wrong + "limit: 5\n");
    const auto outcome = run({"lint"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, HasSubstr("wrong.yaml:12:29: error: nothing stands at /3/inputs/sead"));
    EXPECT_THAT(outcome.out, HasSubstr("[bind_missing]"));
    EXPECT_THAT(
        outcome.out,
        HasSubstr("wrong.yaml:15:1: error: unknown key \"limit\"; did you mean \"limits\"? [unknown_key]"));
    EXPECT_THAT(outcome.out, HasSubstr("warning: /3/inputs/seed is bound to nothing"));
    EXPECT_THAT(outcome.out, HasSubstr("old.photos@3 is in photos.yaml already [recipe_twice]"));
    const auto plain = run({"lint", path("recipes/wrong.yaml"), "--plain"});
    EXPECT_THAT(plain.out, HasSubstr("wrong.yaml\t15\t1\terror\tunknown_key\tunknown key"));
}

TEST_F(RecipesCommand, LintAsJsonCanBeReadByPrograms) {
    put_good();
    put("broken.yaml", "a: [");
    const auto outcome = run({"lint", "--json"});
    EXPECT_EQ(outcome.code, 1);
    const auto json = parse_json(outcome.out);
    ASSERT_TRUE(json.ok()) << outcome.out;
    EXPECT_EQ(json->at("errors").as_int64(), 1);
    EXPECT_EQ(json->at("recipes").at(0).at("findings").at(0).at("code"), "yaml_invalid");
    EXPECT_EQ(json->at("recipes").at(1).at("recipe"), "old.photos@3");
    EXPECT_TRUE(json->at("recipes").at(1).at("usable").as_bool());
}

TEST_F(RecipesCommand, LintFollowsNoWayOutOfTheFolder) {
    put_good();
    darkroom.folder.file("secret.json", workflow);
    auto escaping = std::string(recipe);
    escaping.replace(escaping.find("photos.json"), 11, "../secret.json");
    put("photos.yaml", escaping);
    const auto outcome = run({"lint"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("beside the recipe"), Not(HasSubstr("bind_"))));
}

TEST_F(RecipesCommand, WhatIsNotThereIsToldWithItsOwnExitCode) {
    EXPECT_EQ(run({"lint", path("none.yaml")}).code, 5);
    EXPECT_EQ(run({"lint"}).code, 5);
    EXPECT_EQ(run({"show", "none"}).code, 5);
    EXPECT_EQ(run({"list", "--dir", path("none")}).code, 5);
    EXPECT_EQ(run({"import", path("none.json")}).code, 5);
    EXPECT_EQ(run({"show"}).code, 2);
    EXPECT_EQ(run({"import"}).code, 2);
    EXPECT_EQ(run({"import", "a", "b"}).code, 2);
    EXPECT_EQ(run({"lnit"}).code, 2);
}

TEST_F(RecipesCommand, ListShowsWhatIsReadyBrokenAndBlockedAndWhatIsBuiltIn) {
    put_good();
    auto blocked = std::string(recipe);
    blocked.replace(blocked.find("commercial: yes"), 15, "commercial: no");
    blocked.replace(blocked.find("version: 3"), 10, "version: 4");
    put("blocked.yaml", blocked);
    put("broken.yaml", "darkroom_recipe: 2\n");
    const auto outcome = run({"list", "--plain"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("old.photos@3\tmy_photos\tcomfyui\tready\tphotos.yaml\tOld photos"));
    EXPECT_THAT(outcome.out, HasSubstr("old.photos@4\tmy_photos\tcomfyui\tlicence_blocked\tblocked.yaml"));
    EXPECT_THAT(outcome.out, HasSubstr("broken\tbroken.yaml"));
    EXPECT_THAT(outcome.out, HasSubstr("bg_remove.builtin@1\tbg_remove\tbuiltin\tready"));
    EXPECT_THAT(outcome.err, HasSubstr("darkroom recipes lint"));
}

TEST_F(RecipesCommand, LicencesOfTheFolderDecideAndAreNoRecipe) {
    put_good();
    auto conditional = std::string(recipe);
    conditional.replace(conditional.find("commercial: yes"), 15,
                        "sha256: " + std::string(64, 'a') + ", commercial: conditional");
    put("photos.yaml", conditional);
    EXPECT_THAT(run({"lint"}).out, HasSubstr("[licence_blocked]"));
    put("licences.yaml",
        "grants: [{ sha256: " + std::string(64, 'a') + ", reference: contract 7, until: 9999-12-31 }]\n");
    EXPECT_EQ(run({"lint"}).code, 0) << run({"lint"}).out;
    EXPECT_EQ(run({"lint", path("recipes/photos.yaml")}).code, 0);
    put("licences.yaml",
        "grants: [{ sha256: " + std::string(64, 'a') + ", reference: old, until: 2020-12-31 }]\n");
    EXPECT_THAT(run({"lint"}).out, AllOf(HasSubstr("[licence_blocked]"),
                                         HasSubstr("licences.yaml:1:10: warning: old ended on 2020-12-31")));
    put("licences.yaml", "grant: []\n");
    EXPECT_THAT(run({"lint"}).out, HasSubstr("licences.yaml:1:1: error: unknown key \"grant\""));
}

TEST_F(RecipesCommand, ListWithoutAFolderShowsWhatIsBuiltIn) {
    const auto outcome = run({"list"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("bg_remove.builtin@1"));
}

TEST_F(RecipesCommand, WhatShipsIsThereUntilTheFolderReplacesIt) {
    EXPECT_THAT(run({"list", "--plain"}).out, HasSubstr("restore.comfy@1\trestore\tcomfyui\tready\t-\t"));
    EXPECT_THAT(run({"show", "restore.comfy"}).out, HasSubstr("output  main <- node 60"));
    auto own = std::string(recipe);
    own.replace(own.find("old.photos"), 10, "restore.comfy");
    put("mine.yaml", own);
    put("photos.json", workflow);
    const auto outcome = run({"list", "--plain"});
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("restore.comfy@3\tmy_photos"), Not(HasSubstr("restore.comfy@1"))));
}

TEST_F(RecipesCommand, ShowTellsWhatGoesInAndComesOut) {
    put_good();
    for (const auto& name :
         {std::string("old.photos"), std::string("old.photos@3"), path("recipes/photos.yaml")}) {
        const auto outcome = run({"show", name});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_EQ(outcome.out,
                  "old.photos@3: Old photos\n"
                  "type my_photos, engine comfyui, targets runpod, comfy_pod\n"
                  "model   Base  MIT  commercial: yes\n"
                  "input   image -> /78/inputs/image  uploaded_name\n"
                  "bind    param seed -> /3/inputs/seed\n"
                  "bind    job id -> /60/inputs/filename_prefix  format dr-{}\n"
                  "output  main <- node 60\n"
                  "limits  300 s, 64 megapixels\n");
    }
    EXPECT_EQ(run({"show", "old.photos@2"}).code, 5);
    const auto json = parse_json(run({"show", "old.photos", "--json"}).out);
    ASSERT_TRUE(json.ok());
    EXPECT_EQ(json->at("bind").at(0).at("source"), "param seed");
}

TEST_F(RecipesCommand, ShowTellsTheStepsOfAChain) {
    put("packshot.yaml",
        "darkroom_recipe: 1\nid: packshot\nversion: 1\ntype: packshot\nengine: chain\nsteps:\n"
        "  - { id: cut, type: bg_remove, params: { crop: true } }\n  - { id: up, type: upscale_2k, from: "
        "cut.main }\n");
    const auto outcome = run({"show", "packshot"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out,
                HasSubstr("step    cut: bg_remove  {\"crop\":true}\nstep    up: upscale_2k on cut.main\n"));
}

TEST_F(RecipesCommand, ImportWritesARecipeThatNeedsItsModelsOnly) {
    const auto source = darkroom.folder.file("My Flow.json", workflow);
    const auto outcome = run({"import", source});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("/78/inputs/image"));
    EXPECT_THAT(outcome.out, HasSubstr("Photo"));
    EXPECT_EQ(darkroom.folder.read("recipes/my_flow.json"), workflow);
    const auto lint = run({"lint"});
    EXPECT_EQ(lint.code, 0) << lint.out;
    EXPECT_THAT(lint.out, HasSubstr("[models_missing]"));
}

TEST_F(RecipesCommand, ImportNeverOverwritesAndLeavesNothingHalf) {
    const auto source = darkroom.folder.file("flow.json", workflow);
    put("mine.yaml", "mine");
    const auto outcome = run({"import", source, "--id", "mine"});
    EXPECT_EQ(outcome.code, 6);
    EXPECT_THAT(outcome.err, HasSubstr("mine.yaml"));
    EXPECT_EQ(darkroom.folder.read("recipes/mine.yaml"), "mine");
    EXPECT_FALSE(fs::exists(path("recipes/mine.json")));
    EXPECT_EQ(run({"import", source, "-o", path("elsewhere/deep")}).code, 0);
    EXPECT_TRUE(fs::exists(path("elsewhere/deep/flow.yaml")));
}

TEST_F(RecipesCommand, ImportSaysWhatToExportInsteadOfWhatComfyUiSaves) {
    const auto ui =
        darkroom.folder.file("ui.json", R"({"last_node_id":1,"nodes":[],"links":[],"version":0.4})");
    const auto outcome = run({"import", ui});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("Export (API)"));
    EXPECT_FALSE(fs::exists(path("recipes")));
    for (const auto* text : {"", "{", "[]", "{\"1\":5}"}) {
        const auto wrong = darkroom.folder.file("wrong.json", text);
        EXPECT_EQ(run({"import", wrong}).code, 1) << text;
    }
}

}  // namespace
}  // namespace darkroom::cli
