// The recipes that come with Darkroom: fit for use, and restore.comfy as its users know it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "recipes/fill.h"
#include "recipes/params.h"
#include "recipes/recipe_fixture.h"
#include "recipes/shipped_recipes.h"

namespace darkroom::recipes {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

const fs::path folder = DARKROOM_RECIPES_DIR;

TEST(ShippedRecipes, AllPassLintWithoutFindings) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        ++count;
        const auto read = read_recipe(text_of(entry.path()));
        ASSERT_TRUE(read.recipe && read.recipe->workflow) << entry.path();
        const auto findings = lint_recipe(read, text_of(folder / read.recipe->workflow->file));
        EXPECT_TRUE(findings.empty()) << entry.path() << "\n" << fixture::told(findings);
    }
    EXPECT_GE(count, 1);
}

TEST(ShippedRecipes, ExamplesPassLintAndWaitForAJobWithAMask) {
    const auto yaml = text_of(folder / "examples" / "object_remove.yaml");
    const auto json = text_of(folder / "examples" / "object_remove.json");
    EXPECT_EQ(fixture::told(lint_recipe(read_recipe(yaml), json)), "");
    const RecipeBook book({{"object_remove.yaml", yaml, json}}, {});
    const auto recipe = [&](std::size_t inputs) {
        const auto params = parse_json(R"({"region":{"mask":"mask"}})");
        return check_params(*book.types().find("object_remove"), params->as_object(), 1,
                            Places{{"pod", "local"}, "", inputs})
            ->recipe;
    };
    EXPECT_EQ(recipe(1), "object_remove.builtin@1");
    EXPECT_EQ(recipe(2), "object_remove.sdxl@1");
}

TEST(ShippedRecipes, AreInTheProgramAsTheyAreInTheFolder) {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder)) files += entry.path().extension() == ".yaml";
    const auto shipped = shipped_recipes();
    EXPECT_EQ(shipped.size(), files);
    for (const auto& text : shipped) {
        EXPECT_EQ(text.yaml, text_of(folder / text.name));
        const auto read = read_recipe(text.yaml);
        EXPECT_EQ(text.workflow_json.value(), text_of(folder / read.recipe->workflow->file));
    }
}

TEST(ShippedRecipes, RestoreIsDoneByThemWhereThereIsAGpu) {
    const RecipeBook book(with_shipped({}), {});
    EXPECT_TRUE(book.findings().empty());
    const auto& type = *book.types().find("restore");
    const auto recipe = [&](std::vector<std::string> backends) {
        const auto checked = check_params(type, {}, 1, Places{std::move(backends)});
        return checked->recipe + " " + checked->backend;
    };
    EXPECT_EQ(recipe({"serverless", "local"}), "restore.comfy@1 serverless");
    EXPECT_EQ(recipe({"pod", "local"}), "restore.comfy@1 pod");
    EXPECT_EQ(recipe({"local"}), "restore.builtin@1 local");
    const auto next = fallback_of(book, "restore", "restore.comfy@1", R"({"engine":"auto","recipe":null})",
                                  {{"pod", "local"}}, {"restore.comfy@1"}, "pod");
    ASSERT_TRUE(next);
    EXPECT_EQ(next->recipe->name() + " " + next->backend, "restore.builtin@1 local");
}

TEST(ShippedRecipes, GiveWayToAnOperatorsOwnOfTheSameId) {
    auto own = shipped_recipes().front();
    own.name = "mine.yaml";
    own.yaml.replace(own.yaml.find("version: 1"), 10, "version: 7");
    const RecipeBook book(with_shipped({own}), {});
    ASSERT_EQ(book.recipes().size(), 1u);
    EXPECT_EQ(book.recipes().front()->file.name(), "restore.comfy@7");
}

TEST(ShippedRecipes, RestoreFillsTheAddressesThatItsUsersKnow) {
    const auto recipe = read_recipe(text_of(folder / "restore.yaml")).recipe;
    const auto workflow = Workflow::parse(text_of(folder / "restore.json"));
    ASSERT_TRUE(recipe && workflow.ok());
    EXPECT_EQ(workflow->nodes().at("93").at("inputs").at("megapixels"), 1.0);
    EXPECT_EQ(workflow->nodes().at("3").at("inputs").at("denoise"), 0.7);
    EXPECT_EQ(recipe->outputs.at(0).node.text, "60");

    FillRequest request;
    request.params = {{"megapixels", 2.5}, {"denoise", 0.4}, {"seed", 7}};
    request.inputs = {{"image", "dr-1-0.png"}};
    request.job_id = "1";
    const auto filled = fill(*recipe, *workflow, request);
    ASSERT_TRUE(filled.ok()) << filled.error().detail;
    const auto input = [&](const char* node, const char* name) {
        return filled->nodes.at(node).at("inputs").at(name);
    };
    EXPECT_EQ(input("78", "image"), "dr-1-0.png");
    EXPECT_EQ(input("93", "megapixels"), 2.5);
    EXPECT_EQ(input("3", "denoise"), 0.4);
    EXPECT_EQ(input("3", "seed"), 7);
    EXPECT_EQ(input("60", "filename_prefix"), "dr-1");
    const auto order = worker_input("volume_files", filled->nodes, {});
    EXPECT_EQ(order.at("workflow_api").at("3").at("inputs").at("seed"), 7);
}

}  // namespace
}  // namespace darkroom::recipes
