#include "recipes/recipe_book.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "recipes/params.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RecipeText text(const std::string& name, const std::string& yaml) { return {name, yaml, fixture::workflow}; }

/// A workflow for a type, with models and what else is told.
std::string workflow_recipe(const std::string& id, const std::string& type, const std::string& more = "",
                            const std::string& commercial = "yes") {
    return "darkroom_recipe: 1\nid: " + id + "\nversion: 1\ntype: " + type +
           "\ntitle: T\nengine: comfyui\nmodels: [{ role: m, name: M, sha256: " + std::string(64, 'a') +
           ", licence: X, commercial: " + commercial + " }]\n" + fixture::graph + "bind:\n" +
           (type == "my_type" ? fixture::seed : std::string("  - { const: 7, pointer: /3/inputs/seed }\n")) +
           fixture::prefix + more;
}

std::vector<std::string> names_of(const JobType* type) {
    std::vector<std::string> names;
    if (type != nullptr) {
        for (const auto& recipe : type->recipes) names.push_back(recipe.name());
    }
    return names;
}

std::string told(const RecipeBook& book) {
    std::string all;
    for (const auto& each : book.findings())
        all += each.file + " " + each.finding.code + ": " + each.finding.detail + "\n";
    return all;
}

TEST(RecipeBook, OfNoFilesHasWhatIsBuiltIn) {
    const RecipeBook book({}, {});
    EXPECT_EQ(book.types().all().size(), TypeCatalogue::builtin().all().size());
    EXPECT_THAT(names_of(book.types().find("restore")), ElementsAre("restore.builtin@1"));
    EXPECT_EQ(book.find("restore.builtin@1"), nullptr);
    EXPECT_THAT(told(book), IsEmpty());
}

TEST(RecipeBook, RecipesOfFilesStandAmongTheOthersByPriority) {
    const RecipeBook book({text("a.yaml", workflow_recipe("cut.low", "bg_remove", "priority: 5\n")),
                           text("b.yaml", workflow_recipe("cut.high", "bg_remove"))},
                          {});
    EXPECT_THAT(names_of(book.types().find("bg_remove")),
                ElementsAre("cut.high@1", "bg_remove.builtin@1", "cut.low@1"));
    EXPECT_THAT(book.types().find("bg_remove")->backends, ElementsAre("local", "pod", "serverless"));
    const auto* ready = book.find("cut.high@1");
    ASSERT_NE(ready, nullptr);
    EXPECT_TRUE(ready->workflow);
    EXPECT_EQ(ready->digest.size(), 64u);
    EXPECT_EQ(book.find_digest(ready->digest), ready);
    EXPECT_EQ(book.types().find("bg_remove")->recipes.front().digest, ready->digest);
    EXPECT_EQ(ready->models_json, R"([{"commercial":"yes","licence":"X","name":"M","role":"m","sha256":")" +
                                      std::string(64, 'a') + R"(","version":""}])");
}

TEST(RecipeBook, ADigestChangesWithTheTextAndTheWorkflow) {
    const auto yaml = fixture::recipe();
    const auto digest = [](RecipeText one) {
        const RecipeBook book({std::move(one)}, {});
        return book.find("my.recipe@2")->digest;
    };
    const auto first = digest({"a.yaml", yaml, fixture::workflow});
    EXPECT_EQ(digest({"other.yaml", yaml, fixture::workflow}), first);
    EXPECT_NE(digest({"a.yaml", yaml + "# a word\n", fixture::workflow}), first);
    EXPECT_NE(digest({"a.yaml", yaml, fixture::workflow + " "}), first);
}

TEST(RecipeBook, ABadFileDisablesItsOwnRecipeOnly) {
    const RecipeBook book({text("bad.yaml", "darkroom_recipe: 1\nid: cut.bad\nversion: 3\ntype: bg_remove\n"),
                           text("good.yaml", workflow_recipe("cut.good", "bg_remove")),
                           text("none.yaml", "[1, 2"),
                           {"lost.yaml", workflow_recipe("cut.lost", "bg_remove"), std::nullopt}},
                          {});
    EXPECT_THAT(names_of(book.types().find("bg_remove")), ElementsAre("cut.good@1", "bg_remove.builtin@1"));
    ASSERT_EQ(book.broken().size(), 3u);
    EXPECT_EQ(book.types().find("bg_remove")->broken.size(), 2u);
    EXPECT_THAT(told(book), HasSubstr("bad.yaml missing_key"));
    EXPECT_THAT(told(book), HasSubstr("none.yaml yaml_invalid"));
    EXPECT_THAT(told(book), HasSubstr("lost.yaml workflow_missing"));
}

TEST(RecipeBook, ANameIsGivenOnce) {
    const RecipeBook book({text("a.yaml", workflow_recipe("cut.one", "bg_remove")),
                           text("b.yaml", workflow_recipe("cut.one", "bg_remove", "priority: 90\n")),
                           text("c.yaml", workflow_recipe("restore.builtin", "restore"))},
                          {});
    EXPECT_EQ(book.types().find("bg_remove")->recipes.front().priority, 50);
    EXPECT_THAT(told(book), HasSubstr("b.yaml recipe_twice"));
    EXPECT_THAT(names_of(book.types().find("restore")), ElementsAre("restore.builtin@1"));
}

TEST(RecipeBook, ABlockedRecipeIsShownAndNotChosen) {
    const RecipeBook book({text("a.yaml", workflow_recipe("cut.no", "bg_remove", "", "no"))}, {});
    const auto* type = book.types().find("bg_remove");
    ASSERT_THAT(names_of(type), ElementsAre("cut.no@1", "bg_remove.builtin@1"));
    EXPECT_FALSE(type->recipes.front().licence.allowed);
    const Places places{{"serverless", "local"}};
    EXPECT_EQ(check_params(*type, {}, 1, places)->recipe, "bg_remove.builtin@1");
    const auto pinned = check_params(*type, {{"recipe", "cut.no"}}, 1, places);
    ASSERT_FALSE(pinned.ok());
    EXPECT_EQ(pinned.error().front().code, problem_code::licence_blocked);
    EXPECT_EQ(pinned.error().front().pointer, "/params/recipe");
    EXPECT_THAT(pinned.error().front().detail, HasSubstr("not for commercial use"));

    LicencePolicy playful;
    playful.usage = Usage::evaluation;
    const RecipeBook free({text("a.yaml", workflow_recipe("cut.no", "bg_remove", "", "no"))}, playful);
    EXPECT_EQ(check_params(*free.types().find("bg_remove"), {}, 1, places)->recipe, "cut.no@1");
}

TEST(RecipeBook, AModelsGrantIsInTheRecord) {
    LicencePolicy policy;
    policy.grants[std::string(64, 'a')] = "contract 7";
    const RecipeBook book({text("a.yaml", workflow_recipe("cut.if", "bg_remove", "", "conditional"))},
                          policy);
    ASSERT_NE(book.find("cut.if@1"), nullptr);
    EXPECT_TRUE(book.find("cut.if@1")->licence.allowed);
    EXPECT_THAT(book.find("cut.if@1")->models_json, HasSubstr(R"("grant":"contract 7")"));
}

TEST(RecipeBook, ATypeOfAnOperatorsOwnIsLikeTheOthers) {
    const RecipeBook book({text("mine.yaml", fixture::recipe())}, {});
    const auto* type = book.types().find("my_type");
    ASSERT_NE(type, nullptr) << told(book);
    EXPECT_EQ(type->title, "Mine");
    EXPECT_THAT(type->backends, ElementsAre("pod", "serverless"));
    const auto checked = check_params(*type, {{"strength", 1}}, 77, Places{{"pod", "serverless"}});
    ASSERT_TRUE(checked.ok()) << checked.error().front().detail;
    EXPECT_EQ(checked->effective_json,
              R"({"engine":"auto","faces":"off","recipe":null,"seed":77,"strength":1,"v":1,"words":""})");
    EXPECT_EQ(checked->recipe, "my.recipe@2");
    EXPECT_EQ(checked->recipe_digest, book.find("my.recipe@2")->digest);
    EXPECT_EQ(checked->backend, "pod");
    const auto wrong = check_params(*type, {{"strength", 2}, {"tone", 1}}, 1, Places{});
    EXPECT_EQ(wrong.error().size(), 2u);
    const auto local = check_params(*type, {}, 1, Places{{"local"}});
    EXPECT_EQ(local.error().front().detail,
              "no recipe of my_type runs on a backend that is set up here: local");
}

TEST(RecipeBook, TwoRecipesOfAnOwnTypeHaveTheSameParams) {
    auto other = fixture::recipe();
    other.replace(other.find("my.recipe"), 9, "my.second");
    auto differs = fixture::recipe("", "priority: 40\n");
    differs.replace(differs.find("my.recipe"), 9, "my.third");
    differs.replace(differs.find("0.5"), 3, "0.6");
    const RecipeBook book({text("c.yaml", differs), text("a.yaml", fixture::recipe()), text("b.yaml", other)},
                          {});
    EXPECT_THAT(names_of(book.types().find("my_type")), ElementsAre("my.recipe@2", "my.second@2"));
    EXPECT_THAT(told(book), HasSubstr("c.yaml params_differ"));
}

TEST(RecipeBook, NewerParamsMakeTheTypeAndOlderRecipesStayForTheirJobs) {
    auto newer = fixture::recipe("", "params_v: [2]\n");
    newer.replace(newer.find("version: 2"), 10, "version: 3");
    newer.replace(newer.find("0.5"), 3, "0.6");
    const RecipeBook book({text("old.yaml", fixture::recipe()), text("new.yaml", newer)}, {});
    const auto* type = book.types().find("my_type");
    EXPECT_THAT(names_of(type), ElementsAre("my.recipe@3"));
    EXPECT_EQ(type->params_version, 2);
    EXPECT_NE(book.find("my.recipe@2"), nullptr);
    EXPECT_THAT(told(book), HasSubstr("old.yaml params_version_unsupported: it gets no new jobs"));
    const auto old = check_params(*type, {{"v", 1}}, 1, Places{});
    EXPECT_EQ(old.error().front().code, problem_code::params_version_unsupported);
    EXPECT_TRUE(check_params(*type, {}, 1, Places{}).ok());
}

TEST(RecipeBook, AnOwnTypeMayTakeSeveralVersionsOfParams) {
    const RecipeBook book({text("a.yaml", fixture::recipe("", "params_v: [5, 3, 2]\n"))}, {});
    const auto* type = book.types().find("my_type");
    EXPECT_EQ(type->params_version, 5);
    EXPECT_EQ(type->oldest_version(), 5);
    const RecipeBook next({text("a.yaml", fixture::recipe("", "params_v: [3, 2]\n"))}, {});
    const auto checked = check_params(*next.types().find("my_type"), {{"v", 2}}, 1, Places{});
    ASSERT_TRUE(checked.ok());
    EXPECT_EQ(checked->sent_json, R"({"v":2})");
    EXPECT_THAT(checked->effective_json, HasSubstr(R"("v":3)"));
}

TEST(RecipeBook, AChainIsATypeWithTheParamsThatItExposes) {
    const std::string chain =
        "darkroom_recipe: 1\nid: packshot\nversion: 1\ntype: chain\nengine: chain\nsteps:\n"
        "  - { id: cut, type: bg_remove }\n  - { id: own, type: my_type }\nexpose: { \"cut.edges\": /edges "
        "}\n";
    const RecipeBook book({text("chain.yaml", chain), text("mine.yaml", fixture::recipe())}, {});
    const auto* type = book.types().find("packshot");
    ASSERT_NE(type, nullptr) << told(book);
    EXPECT_TRUE(type->is_chain());
    const auto checked = check_params(*type, {{"edges", "fine"}}, 1, Places{{"local"}});
    ASSERT_TRUE(checked.ok()) << checked.error().front().detail;
    EXPECT_EQ(checked->engine, "chain");
    EXPECT_EQ(checked->effective_json, R"({"edges":"fine","engine":"auto","recipe":null,"v":1})");
    EXPECT_FALSE(check_params(*type, {{"crop", true}}, 1, Places{}).ok());

    const RecipeBook without({text("chain.yaml", chain)}, {});
    EXPECT_EQ(without.types().find("packshot"), nullptr);
    EXPECT_THAT(without.broken().front().reason, HasSubstr("my_type"));
}

TEST(RecipeBook, AChainCannotTakeTheNameOfAnotherType) {
    const RecipeBook book({text("a.yaml",
                                "darkroom_recipe: 1\nid: c\nversion: 1\ntype: bg_remove\n"
                                "engine: chain\nsteps: [{ id: cut, type: bg_remove }]\n")},
                          {});
    EXPECT_THAT(names_of(book.types().find("bg_remove")), ElementsAre("bg_remove.builtin@1"));
    EXPECT_THAT(told(book), HasSubstr("chain_invalid"));
}

}  // namespace
}  // namespace darkroom::recipes
