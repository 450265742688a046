#include "app/recipe_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "app/recipe_models.h"
#include "app/recipe_shelf.h"
#include "base/time.h"
#include "recipes/yaml_tree.h"
#include "tests/support/temp_dir.h"

namespace darkroom::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TimePoint today = *parse_rfc3339("2026-11-22T12:00:00Z");

class RecipeFiles : public ::testing::Test {
protected:
    void write(const std::string& name, const std::string& text) {
        std::ofstream(dir.path() / name, std::ios::binary) << text;
    }
    LoadedRecipes load() {
        auto loaded = load_recipes({dir.path(), true}, today);
        EXPECT_TRUE(loaded.ok());
        return *std::move(loaded);
    }
    std::string told(const LoadedRecipes& loaded) {
        std::string all;
        for (const auto& finding : loaded.findings) all += finding_line(finding) + "\n";
        return all;
    }
    std::size_t recipes_of(const LoadedRecipes& loaded, const char* type) {
        const auto* found = loaded.book->types().find(type);
        return found != nullptr ? found->recipes.size() : 0;
    }

    testing::TempDir dir;
};

std::string small(const std::string& id, const std::string& commercial = "yes") {
    return "darkroom_recipe: 1\nid: " + id +
           "\nversion: 1\ntype: bg_remove\ntitle: T\nengine: comfyui\nmodels: [{ role: m, name: M, sha256: " +
           std::string(64, 'a') + ", licence: X, commercial: " + commercial +
           " }]\nworkflow: { file: cut.json }\n"
           "inputs: { image: { pointer: /1/inputs/image } }\n"
           "bind: [{ job: id, pointer: /2/inputs/filename_prefix }]\n"
           "outputs: [{ role: main, node: \"2\" }]\n";
}
const std::string graph =
    R"({"1":{"class_type":"LoadImage","inputs":{"image":"a.png"}},)"
    R"("2":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["1",0]}}})";

TEST_F(RecipeFiles, WithoutAFolderThereIsWhatShips) {
    const auto loaded = load_recipes({dir.path() / "none", false}, today);
    ASSERT_TRUE(loaded.ok());
    EXPECT_NE(loaded->book->find("restore.comfy@1"), nullptr);
    EXPECT_THAT(loaded->findings, IsEmpty());
}

TEST_F(RecipeFiles, AFolderThatWasNamedMustBeThere) {
    const auto missing = load_recipes({dir.path() / "none", true}, today);
    ASSERT_FALSE(missing.ok());
    EXPECT_THAT(missing.error(), HasSubstr("none cannot be read"));
    write("file", "x");
    EXPECT_FALSE(load_recipes({dir.path() / "file", false}, today).ok());
}

TEST_F(RecipeFiles, ThoseOfTheFolderJoinWhatShips) {
    write("cut.yaml", small("cut.mine"));
    write("cut.json", graph);
    write("notes.txt", "{");
    write(".cut.yaml.swp.yaml", "{");
    const auto loaded = load();
    EXPECT_THAT(told(loaded), IsEmpty());
    EXPECT_EQ(recipes_of(loaded, "bg_remove"), 2u);
    EXPECT_EQ(recipes_of(loaded, "restore"), 2u);
}

TEST_F(RecipeFiles, EachOddFileIsToldAndDisablesItselfOnly) {
    write("cut.yaml", small("cut.mine"));
    write("cut.json", graph);
    write("empty.yaml", "");
    write("large.yaml", std::string(recipes::yaml_bytes_max + 1, '#'));
    fs::create_directory(dir.path() / "folder.yaml");
    fs::create_symlink("/etc/hostname", dir.path() / "out.yaml");
    fs::create_symlink("nowhere", dir.path() / "broken.yaml");
    ASSERT_EQ(::mkfifo((dir.path() / "pipe.yaml").c_str(), 0600), 0);
    const auto loaded = load();
    EXPECT_EQ(recipes_of(loaded, "bg_remove"), 2u);
    const auto text = told(loaded);
    EXPECT_THAT(text, HasSubstr("empty.yaml is empty [file_empty]"));
    EXPECT_THAT(text, HasSubstr("[file_too_large]"));
    EXPECT_THAT(text, HasSubstr("folder.yaml is no regular file [file_not_regular]"));
    EXPECT_THAT(text, HasSubstr("out.yaml is a link that leads out of the folder [file_not_regular]"));
    EXPECT_THAT(text, HasSubstr("broken.yaml is not there [file_missing]"));
    EXPECT_THAT(text, HasSubstr("pipe.yaml is no regular file [file_not_regular]"));
    EXPECT_EQ(loaded.book->broken().size(), 6u);
}

TEST_F(RecipeFiles, ALinkInsideTheFolderIsFollowed) {
    fs::create_directory(dir.path() / "..data");
    write("..data/cut.yaml", small("cut.mine"));
    write("..data/cut.json", graph);
    for (const auto* name : {"cut.yaml", "cut.json"})
        fs::create_symlink(fs::path("..data") / name, dir.path() / name);
    const auto loaded = load();
    EXPECT_THAT(told(loaded), IsEmpty());
    EXPECT_NE(loaded.book->find("cut.mine@1"), nullptr);
}

TEST_F(RecipeFiles, AWorkflowThatIsNotThereIsTold) {
    write("cut.yaml", small("cut.mine"));
    const auto loaded = load();
    EXPECT_THAT(told(loaded), HasSubstr("cut.json is not there [file_missing]"));
    EXPECT_EQ(loaded.book->find("cut.mine@1"), nullptr);
}

TEST_F(RecipeFiles, LicencesStandBesideThem) {
    write("cut.yaml", small("cut.mine", "conditional"));
    write("cut.json", graph);
    EXPECT_FALSE(load().book->find("cut.mine@1")->licence.allowed);
    write("licences.yaml",
          "grants: [{ sha256: " + std::string(64, 'a') + ", reference: c7, until: 2026-11-22 }]\n");
    EXPECT_TRUE(load().book->find("cut.mine@1")->licence.allowed);
    const auto later = load_recipes({dir.path(), true}, *parse_rfc3339("2026-11-23T00:00:00Z"));
    EXPECT_FALSE(later->book->find("cut.mine@1")->licence.allowed);
    EXPECT_THAT(told(*later), HasSubstr("licences.yaml:1:10: c7 ended on 2026-11-22 [grant_ended]"));
    write("licences.yaml", "usage: [");
    EXPECT_FALSE(load().book->find("cut.mine@1")->licence.allowed);
}

TEST_F(RecipeFiles, AReplacedBookKeepsTheRecipesOfItsJobs) {
    write("cut.yaml", small("cut.mine"));
    write("cut.json", graph);
    RecipeShelf shelf(load().book);
    const auto old = shelf.book()->find("cut.mine@1")->digest;
    for (const auto* version : {"2", "3"}) {
        auto newer = small("cut.mine");
        newer.replace(newer.find("version: 1"), 10, std::string("version: ") + version);
        write("cut.yaml", newer);
        shelf.replace(load().book);
    }
    EXPECT_EQ(shelf.book()->find("cut.mine@1"), nullptr);
    ASSERT_NE(shelf.find_digest(old), nullptr);
    EXPECT_EQ(shelf.find_digest(old)->file.name(), "cut.mine@1");
    EXPECT_EQ(shelf.find_digest(shelf.book()->find("cut.mine@3")->digest)->file.name(), "cut.mine@3");
    EXPECT_EQ(shelf.find_digest("00"), nullptr);
    EXPECT_EQ(shelf.find_digest(""), nullptr);
}

TEST_F(RecipeFiles, ANetworkStandsBesideItsRecipeAndIsHandedToTheOrdersOfIt) {
    write("net.yaml",
          "darkroom_recipe: 1\nid: cut.net\nversion: 1\ntype: bg_remove\ntitle: T\nengine: onnx\n"
          "models: [{ role: m, name: M, file: n.onnx, sha256: " +
              std::string(64, 'a') + ", licence: X, commercial: yes }]\nonnx: { stage: alpha }\n");
    EXPECT_THAT(told(load()), HasSubstr("n.onnx is not there [file_missing]"));
    write("n.onnx", "weights");
    RecipeShelf shelf(load().book);
    const auto models = recipe_models(shelf, dir.path());
    ports::WorkOrder order;
    EXPECT_FALSE(models(order)->has_value());
    order.recipe_digest = shelf.book()->find("restore.comfy@1")->digest;
    EXPECT_FALSE(models(order)->has_value());
    order.recipe_digest = shelf.book()->find("cut.net@1")->digest;
    const auto model = models(order);
    ASSERT_TRUE(model.ok() && model->has_value());
    EXPECT_EQ((*model)->file, dir.path() / "n.onnx");
    EXPECT_EQ((*model)->sha256, std::string(64, 'a'));
    EXPECT_EQ((*model)->stage.at("stage"), "alpha");
    order.recipe_digest = "00";
    EXPECT_EQ(models(order).error().code, core::ErrorCode::model_unavailable);
}

TEST_F(RecipeFiles, AFolderThatCannotBeReadLeavesTheShelfAsItWas) {
    RecipeShelf shelf(load().book);
    const auto before = shelf.book();
    EXPECT_FALSE(load_onto(shelf, {dir.path() / "none", true}, today).ok());
    EXPECT_EQ(shelf.book(), before);
    write("broken.yaml", "[");
    EXPECT_TRUE(load_onto(shelf, {dir.path(), true}, today).ok());
    EXPECT_NE(shelf.book(), before);
    EXPECT_EQ(shelf.book()->broken().size(), 1u);
}

TEST_F(RecipeFiles, TheFolderIsTheSettingsOrInTheDataFolder) {
    Settings settings;
    settings.data_dir = "data";
    EXPECT_EQ(recipe_folder(settings).dir, "data/recipes");
    EXPECT_FALSE(recipe_folder(settings).was_named);
    settings.recipes_dir = "mine";
    EXPECT_EQ(recipe_folder(settings).dir, "mine");
    EXPECT_TRUE(recipe_folder(settings).was_named);
}

}  // namespace
}  // namespace darkroom::app
