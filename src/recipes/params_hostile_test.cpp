// Params that nobody sends by accident: none crashes, none gets through, and the walk that finds problems
// agrees with the published schema about what is one.
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/leaf_rule.h"
#include "recipes/params.h"
#include "recipes/testing/least_params.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

const JobType& type(std::string_view name) { return *TypeCatalogue::builtin().find(name); }

std::vector<json::value> awkward_values() {
    const auto parsed = json::value{nullptr,
                                    true,
                                    false,
                                    0,
                                    1,
                                    -1,
                                    8,
                                    16,
                                    0.5,
                                    0.49,
                                    1.5,
                                    -0.3,
                                    2048,
                                    4096,
                                    1e300,
                                    -1e300,
                                    5e-324,
                                    9007199254740991,
                                    9007199254740992.0,
                                    "",
                                    "auto",
                                    "none",
                                    "drop",
                                    "strong",
                                    "hard",
                                    "transparent",
                                    "#a0B1c2",
                                    "#a0B1c2 ",
                                    "png",
                                    "jpeg",
                                    "bg_remove.builtin",
                                    "' OR 1=1 --",
                                    "%s%n",
                                    "../../etc/passwd",
                                    "\x1b[31m",
                                    "\xe2\x80\xae",
                                    json::array(),
                                    json::array{0, 0, 1, 1},
                                    json::array{0.1, 0.1},
                                    json::array{"a", nullptr},
                                    json::object(),
                                    json::object{{"mode", "auto"}},
                                    json::object{{"bits", 16}},
                                    json::object{{"light", {{"x", 0.5}}}}};
    std::vector<json::value> values(parsed.as_array().begin(), parsed.as_array().end());
    values.emplace_back(std::numeric_limits<std::uint64_t>::max());
    values.emplace_back(std::numeric_limits<std::int64_t>::min());
    values.emplace_back(std::numeric_limits<double>::quiet_NaN());
    values.emplace_back(std::numeric_limits<double>::infinity());
    values.emplace_back(json::string(100'000, 'x'));
    values.emplace_back(json::array(10'000, json::value(0.1)));
    return values;
}

std::vector<std::string> awkward_names(const JobType& type) {
    std::vector<std::string> names = {
        "",     "__proto__", "constructor",          "toString", "V", "v ", "a/b", "~",
        "$ref", "id",        std::string(5'000, 'n')};
    const auto schema = parse_json(type.schema_json);
    for (int twice = 0; twice < 2; ++twice) {
        for (const auto& property : schema->at("properties").as_object()) names.emplace_back(property.key());
    }
    return names;
}

// A seed in a failure's trace repeats it.
TEST(HostileParams, TheSearchForProblemsAndThePublishedSchemaAgreeOnRandomObjects) {
    const auto values = awkward_values();
    int accepted = 0;
    for (const auto& type : TypeCatalogue::builtin().all()) {
        const auto names = awkward_names(type);
        const LeafRule published(parse_json(type.schema_json)->as_object());
        for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
            SCOPED_TRACE(type.name + " seed " + std::to_string(seed));
            std::mt19937 random(seed);
            json::object sent = least_params(type);
            for (auto members = random() % 4; members > 0; --members) {
                sent[names[random() % names.size()]] = values[random() % values.size()];
            }
            const auto clean = with_whole_numbers(sent);
            std::vector<ParamProblem> problems;
            type.params->check(clean, "/params", problems);
            ASSERT_EQ(problems.empty(), !published.violated_by(clean).has_value())
                << canonical_json(clean).substr(0, 500);

            const auto checked = check_params(type, sent, seed);
            if (!checked) {
                ASSERT_FALSE(checked.error().empty());
                for (const auto& problem : checked.error()) ASSERT_LT(problem.detail.size(), 300u);
                continue;
            }
            ++accepted;
            ASSERT_TRUE(problems.empty());
            const auto again = check_params(type, parse_json(checked->effective_json)->as_object(), seed + 1);
            ASSERT_TRUE(again.ok()) << again.error().front().detail;
            ASSERT_EQ(again->effective_json, checked->effective_json);
        }
    }
    EXPECT_GT(accepted, 500);  // the objects are not all nonsense
}

TEST(HostileParams, ValuesAtEveryPlaceAreRefusedOrAcceptedButNeverCrash) {
    for (const auto& type : TypeCatalogue::builtin().all()) {
        for (const auto& name : awkward_names(type)) {
            for (const auto& value : awkward_values()) {
                const auto checked = check_params(type, {{name, value}}, 1);
                EXPECT_TRUE(checked.ok() || checked.error().front().pointer.starts_with("/params/"));
            }
        }
    }
}

TEST(HostileParams, NullIsRefusedWhereItIsNotAValue) {
    for (const auto& type : TypeCatalogue::builtin().all()) {
        const auto schema = parse_json(type.schema_json);
        for (const auto& property : schema->at("properties").as_object()) {
            const std::string name(property.key());
            const bool nullable = name == "seed" || name == "roi" || name == "recipe" || name == "outline" ||
                                  name == "prompt" || name == "negative_prompt";
            json::object params = least_params(type);
            params[name] = nullptr;
            EXPECT_EQ(check_params(type, params, 1).ok(), nullable) << type.name << " " << name;
        }
    }
}

TEST(HostileParams, TheListOfProblemsIsBounded) {
    json::object sent;
    for (int i = 0; i < 100'000; ++i) sent["param" + std::to_string(i)] = i;
    const auto checked = check_params(type("bg_remove"), sent, 1);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().size(), ParamSchema::problems_max);
}

TEST(HostileParams, LongAndForeignTextsAreCutInSentencesButPointersAreExact) {
    std::string name;
    for (int i = 0; i < 1'000; ++i) name += "ä";
    const auto unknown = check_params(type("bg_remove"), {{name, 1}}, 1).error().front();
    EXPECT_EQ(unknown.pointer, "/params/" + name);
    EXPECT_LT(unknown.detail.size(), 100u);
    EXPECT_NE(unknown.detail.find("ä…\""), std::string::npos) << unknown.detail;

    const auto wrong = check_params(type("bg_remove"), {{"edges", std::string(50'000, 'x') + "\x1b[31m"}}, 1)
                           .error()
                           .front();
    EXPECT_LT(wrong.detail.size(), 150u);
    const auto escape = check_params(type("bg_remove"), {{"edges", "\x1b[31m\n"}}, 1).error().front();
    EXPECT_EQ(escape.detail, R"(edges must be one of auto, hard, fine, got "\u001b[31m\n")");
}

TEST(HostileParams, ManyThreadsCheckAtOnce) {
    const auto good =
        parse_json(R"({"background":"#a0b1c2","recipe":"bg_remove.builtin@1","shadow":{"color":"#000000"}})");
    const auto bad = parse_json(R"({"background":"#a0b1cx","recipe":"bg remove"})");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 300; ++i) {
                const auto refused = check_params(type("bg_remove"), bad->as_object(), 1);
                if (!check_params(type("bg_remove"), good->as_object(), 1)) ++wrong;
                if (refused || refused.error().size() != 2) ++wrong;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace darkroom::recipes
