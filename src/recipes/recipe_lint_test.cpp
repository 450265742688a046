#include "recipes/recipe_lint.h"

#include <gmock/gmock.h>

#include "base/digest.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using fixture::codes;
using fixture::lint;
using fixture::recipe;
using fixture::told;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string binding(const std::string& rest) { return "  - { " + rest + " }\n"; }

TEST(RecipeLint, AWholeRecipeHasNoFindings) {
    const auto findings = lint(recipe(binding("param: strength, pointer: /3/inputs/denoise, clamp: [0, 1]") +
                                      binding("param: words, pointer: /6/inputs/text, user_text: true") +
                                      binding("const: 30, pointer: 'title:Sampler/inputs/steps'")));
    EXPECT_THAT(codes(findings), IsEmpty()) << told(findings);
}

TEST(RecipeLint, UnknownKeysAreToldWithLineColumnAndTheLikelyName) {
    const auto findings = lint(recipe("", "fallbak: [a]\nlimits: { timeout: 5 }\n"));
    EXPECT_THAT(codes(findings), ElementsAre("unknown_key", "unknown_key"));
    EXPECT_THAT(told(findings),
                HasSubstr("19:1 unknown_key: unknown key \"fallbak\"; did you mean \"fallback\"?"));
    EXPECT_THAT(
        told(findings),
        HasSubstr("20:11 unknown_key: unknown key \"timeout\" in limits; did you mean \"timeout_s\"?"));
}

TEST(RecipeLint, EverythingThatIsMissingIsToldAtOnce) {
    const auto findings = lint("{}");
    EXPECT_THAT(codes(findings), testing::Each(testing::AnyOf("missing_key", "models_missing")));
    for (const auto* key : {"darkroom_recipe", "id", "version", "type", "title", "engine"})
        EXPECT_THAT(told(findings), HasSubstr(std::string(key) + " is missing"));
}

struct Wrong {
    const char* binds;
    const char* code;
};

TEST(RecipeLint, WhatDoesNotFitTheWorkflowHasItsCode) {
    const Wrong all[] = {
        {"param: strength, pointer: /99/inputs/denoise", "node_missing"},
        {"param: strength, pointer: 'title:Nothing/inputs/denoise'", "node_missing"},
        {"param: strength, pointer: /3/inputs/denoize", "bind_missing"},
        {"param: strength, pointer: /3/class_type", "pointer_invalid"},
        {"param: strength, pointer: /3/inputs", "pointer_invalid"},
        {"param: strength, pointer: /3/_meta/title", "pointer_invalid"},
        {"param: strength, pointer: denoise", "wrong_value"},
        {"param: strength, pointer: /3/inputs/model", "bind_targets_link"},
        {"param: strength, pointer: /3/inputs/model/1", "bind_missing"},
        {"param: strength, pointer: /3/inputs/flags", "bind_type"},
        {"param: strength, pointer: /3/inputs/seed", "bind_twice"},
        {"param: strength, pointer: /6/inputs/text, type: number", "bind_type"},
        {"param: strength, pointer: /3/inputs/denoise, type: string", "bind_type"},
        {"param: strenght, pointer: /3/inputs/denoise", "param_unknown"},
        {"param: strength, job: id, pointer: /3/inputs/denoise", "wrong_value"},
        {"pointer: /3/inputs/denoise", "wrong_value"},
        {"job: secret, pointer: /6/inputs/text", "wrong_value"},
        {"const: [1], pointer: /3/inputs/denoise", "wrong_type"},
        {"const: 0.5, pointer: /3/inputs/steps, type: integer", "step_invalid"},
        {"param: strength, pointer: /3/inputs/denoise, clamp: [1, 0]", "wrong_value"},
        {"param: strength, pointer: /3/inputs/denoise, clamp: [1]", "wrong_value"},
        {"param: strength, pointer: /3/inputs/denoise, round: 0", "wrong_value"},
        {"param: strength, pointer: /3/inputs/denoise, format: '{}'", "step_invalid"},
        {"param: words, pointer: /6/inputs/text, user_text: true, format: '{} {}'", "wrong_value"},
        {"param: words, pointer: /6/inputs/text", "user_text_missing"},
        {"param: words, pointer: /4/inputs/ckpt_name, user_text: true", "user_text_in_file_name"},
        {"param: faces, pointer: /3/inputs/denoise, map: {light: 0.4}", "map_incomplete"},
        {"param: faces, pointer: /3/inputs/denoise, map: {'off': 0, light: much}", "step_invalid"},
        {"param: faces, pointer: /3/inputs/denoise, map: {'off': [0], light: 1}", "wrong_type"},
        {"param: strength, pointer: /3/inputs/new", "bind_missing"},
    };
    for (const auto& wrong : all) {
        const auto findings = lint(recipe(binding(wrong.binds)));
        EXPECT_THAT(codes(findings), Contains(wrong.code)) << wrong.binds << "\n" << told(findings);
        EXPECT_TRUE(has_errors(findings)) << wrong.binds;
    }
}

TEST(RecipeLint, AnInputThatTheWorkflowLacksCanBeCreated) {
    EXPECT_THAT(
        codes(lint(recipe(binding("param: strength, pointer: /3/inputs/new, type: number, create: true")))),
        IsEmpty());
    EXPECT_THAT(codes(lint(recipe(binding("param: strength, pointer: /3/inputs/new, create: true")))),
                ElementsAre("bind_type"));
}

TEST(RecipeLint, ARenumberedGraphIsRefusedAndTitlesSurviveIt) {
    auto renumbered = fixture::workflow;
    for (auto at = renumbered.find("\"3\""); at != std::string::npos; at = renumbered.find("\"3\""))
        renumbered.replace(at, 3, "\"13\"");
    const auto findings = lint(recipe(), renumbered);
    EXPECT_THAT(codes(findings), testing::IsSupersetOf({"graph_renumbered", "node_missing"}));
    EXPECT_THAT(told(findings), HasSubstr("which should be a KSampler"));

    auto by_title = recipe();
    by_title.replace(by_title.find("expect: { \"3\""), 13, "expect: { \"title:Sampler\"");
    by_title.replace(by_title.find("/3/inputs/seed"), 14, "'title:Sampler/inputs/seed'");
    EXPECT_THAT(codes(lint(by_title, renumbered)), IsEmpty()) << told(lint(by_title, renumbered));
}

TEST(RecipeLint, SwappedNodesAreSeenByTheirClass) {
    auto swapped = fixture::workflow;
    swapped.replace(swapped.find("KSampler"), 8, "KSlumber");
    EXPECT_THAT(told(lint(recipe(), swapped)), HasSubstr("\"3\" is a KSlumber and should be a KSampler"));
}

TEST(RecipeLint, ATitleMayHoldAnythingAndMustBeTheOnlyOne) {
    auto titled = recipe();
    titled.replace(titled.find("/78/inputs/image"), 16, "'title:Load/the photo/inputs/image'");
    EXPECT_THAT(codes(lint(titled)), IsEmpty()) << told(lint(titled));
    auto twice = fixture::workflow;
    twice.replace(twice.find("\"Prompt\""), 8, "\"Load/the photo\"");
    EXPECT_THAT(codes(lint(titled, twice)), Contains("title_not_unique"));
}

TEST(RecipeLint, SeedsAndFilePrefixesThatAreBoundToNothingAreWarnedOf) {
    const auto findings = lint(fixture::head + fixture::graph);
    EXPECT_THAT(codes(findings), testing::UnorderedElementsAre("unseeded", "prefix_shared"));
    EXPECT_FALSE(has_errors(findings));
}

TEST(RecipeLint, WhatComfyUiSavesIsToldApartFromWhatItExports) {
    const auto ui = R"({"last_node_id":9,"version":0.4,"nodes":[{"id":1,"type":"KSampler"}],"links":[]})";
    const auto findings = lint(recipe(), ui);
    EXPECT_THAT(codes(findings), ElementsAre("workflow_format_ui"));
    EXPECT_THAT(told(findings), HasSubstr("Export (API)"));
}

TEST(RecipeLint, AMissingOrChangedWorkflowIsToldWithItsDigest) {
    EXPECT_THAT(codes(lint_recipe(read_recipe(recipe()), std::nullopt)), ElementsAre("workflow_missing"));
    auto pinned = recipe();
    pinned.replace(pinned.find("mine.json"), 9, "mine.json, sha256: " + to_hex(sha256(fixture::workflow)));
    EXPECT_THAT(codes(lint(pinned)), IsEmpty()) << told(lint(pinned));
    EXPECT_THAT(codes(lint(pinned, fixture::workflow + " ")), ElementsAre("workflow_changed"));
}

TEST(RecipeLint, AWorkflowFileStaysBesideItsRecipe) {
    for (const auto* file :
         {"../x.json", "/etc/x.json", "a/b.json", ".x.json", "x.txt", "-x.json", "a..json", "'a b.json'"}) {
        auto escaped = recipe();
        escaped.replace(escaped.find("mine.json"), 9, file);
        EXPECT_THAT(codes(lint(escaped)), Contains("wrong_value")) << file;
    }
}

TEST(RecipeLint, TheStrictestLicenceDecides) {
    const auto with = [](const std::string& commercial, const LicencePolicy& policy) {
        auto text = recipe();
        text.replace(text.find("commercial: yes"), 15,
                     "sha256: " + std::string(64, 'a') + ", commercial: " + commercial);
        return lint(text, fixture::workflow, LintOptions{TypeCatalogue::builtin(), policy});
    };
    EXPECT_THAT(codes(with("yes", {})), IsEmpty());
    EXPECT_THAT(codes(with("true", {})), IsEmpty());
    for (const auto* word : {"no", "unknown", "conditional", "false"})
        EXPECT_THAT(codes(with(word, {})), ElementsAre("licence_blocked")) << word;
    EXPECT_THAT(codes(with("maybe", {})), Contains("wrong_value"));
    EXPECT_THAT(codes(with("no", {.usage = Usage::evaluation})), IsEmpty());
    EXPECT_THAT(codes(with("conditional", {.grants = {{std::string(64, 'a'), "contract 7"}}})), IsEmpty());
    EXPECT_THAT(codes(with("yes", {.registry = {{std::string(64, 'a'), Commercial::no}}})),
                ElementsAre("licence_blocked"));
    EXPECT_THAT(codes(with("no", {.registry = {{std::string(64, 'a'), Commercial::yes}}})),
                ElementsAre("licence_blocked"));
}

TEST(RecipeLint, OutputsNameNodesAndOneOfThemIsMain) {
    const auto with = [](const std::string& outputs) {
        auto text = recipe();
        text.replace(text.find("[{ role: main, node: \"60\" }]"), 28, outputs);
        return codes(lint(text));
    };
    EXPECT_THAT(with("[{ role: main, node: 60 }]"), IsEmpty());
    EXPECT_THAT(with("[{ role: main, node: \"61\" }]"), ElementsAre("output_missing"));
    EXPECT_THAT(with("[{ role: mask, node: \"60\" }]"), ElementsAre("output_missing"));
    EXPECT_THAT(with("[]"), ElementsAre("output_missing"));
    EXPECT_THAT(with("[{ role: main, node: 60 }, { role: main, node: 3 }]"), ElementsAre("output_twice"));
    EXPECT_THAT(with("[{ role: main, node: 60, index: 100 }]"), ElementsAre("wrong_value"));
}

TEST(RecipeLint, SchemasOfOwnParamsAreCheckedBeforeAnythingReliesOnThem) {
    const char* wrong[] = {"{ type: numbre, default: 1 }",
                           "{ type: number }",
                           "{ type: number, default: x }",
                           "{ type: number, minimum: 0, maximum: 1, default: 2 }",
                           "{ type: number, minimum: 0, default: 0 }",
                           "{ type: number, minimum: 2, maximum: 1, default: 1 }",
                           "{ type: string, default: '' }",
                           "{ type: string, maxLength: 10, pattern: '(', default: '' }",
                           "{ type: string, pattern: a, default: a }",
                           "{ type: string, maxLength: 5000, default: '' }",
                           "{ type: string, enum: [], default: '' }",
                           "{ type: string, enum: [a, b], default: c }",
                           "{ type: number, enumm: [1], default: 1 }",
                           "{ type: object, properties: {}, default: {} }",
                           "{ $ref: '#/definitions/x' }",
                           "{ type: array, default: [] }",
                           "{ type: array, items: { type: string }, maxItems: 2, default: [] }",
                           "{ type: array, items: { type: number }, maxItems: 2, default: [1, 2, 3] }",
                           "{ type: [number, string], default: 1 }",
                           "{ type: number, description: 5, default: 1 }",
                           "5"};
    for (const auto* schema : wrong) {
        auto text = fixture::head + "params:\n  extra: ";
        text.append(schema).append("\n  seed: { type: integer, default: 1 }\n").append(fixture::graph);
        text.append("bind:\n").append(fixture::seed).append(fixture::prefix);
        EXPECT_THAT(codes(lint(text)), ElementsAre("params_schema")) << schema << "\n" << told(lint(text));
    }
    for (const auto* name : {"v", "Big", "a-b", "_a", "'1'"}) {
        auto text = fixture::head + "params:\n  ";
        text.append(name).append(": { type: boolean, default: true }\n").append(fixture::graph);
        text.append("bind:\n").append(fixture::prefix);
        EXPECT_THAT(codes(lint(text)), Contains("params_schema")) << name;
    }
}

TEST(RecipeLint, ParamsOfABuiltInTypeAreTheTypesOwn) {
    auto text = recipe(binding("param: strength, pointer: /3/inputs/denoise"));
    text.replace(text.find("type: my_type"), 13, "type: upscale_2k");
    EXPECT_THAT(codes(lint(text)), testing::IsSupersetOf({"params_ignored", "param_unknown"}));
}

TEST(RecipeLint, ABuiltInOperationNeedsNoWorkflow) {
    const std::string text =
        "darkroom_recipe: 1\nid: cut.local\nversion: 1\ntype: bg_remove\ntitle: Cut\nengine: builtin\n";
    EXPECT_THAT(codes(lint(text + "builtin: { op: bg_remove, profile: default }\n")), IsEmpty());
    EXPECT_THAT(codes(lint(text + "builtin: { op: fly }\n")), ElementsAre("operation_unknown"));
    EXPECT_THAT(codes(lint(text)), ElementsAre("missing_key"));
    EXPECT_THAT(codes(lint(text + "builtin: { op: bg_remove }\nworkflow: { file: a.json }\n")),
                ElementsAre("wrong_value"));
}

// Method: the fixture with each line left out, cut at each byte, and with bytes replaced; nothing may crash,
// and what is not told to be wrong must be a whole recipe.
TEST(RecipeLint, MutilatedRecipesAreToldAndNeverCrash) {
    const auto whole = recipe(binding("param: words, pointer: /6/inputs/text, user_text: true"));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const auto* replacement : {"", "{", "*", "\xff", "\n"}) {
            const auto mutilated = whole.substr(0, at) + replacement + whole.substr(at + 1);
            const auto read = read_recipe(mutilated);
            const auto findings = lint_recipe(read, fixture::workflow);
            if (has_errors(findings)) continue;
            ASSERT_TRUE(read.recipe && !read.recipe->id.empty()) << mutilated;
        }
        const auto cut = lint(whole.substr(0, at));
        ASSERT_TRUE(has_errors(cut) || at >= fixture::head.size()) << at;
    }
}

}  // namespace
}  // namespace darkroom::recipes
