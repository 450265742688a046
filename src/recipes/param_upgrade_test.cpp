// The way from older params to today's, played by a type that has come to its third version.
#include "recipes/param_upgrade.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "recipes/params.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

std::shared_ptr<const ParamSchema> schema(const char* properties) {
    const auto parsed = parse_json(R"({"type":"object","additionalProperties":false,"properties":)" +
                                   std::string(properties) + "}");
    return std::make_shared<const ParamSchema>(parsed->as_object());
}

#define DR_SHARED                                                                   \
    R"("engine":{"type":"string","enum":["auto","local","gpu"],"default":"auto"},)" \
    R"("recipe":{"type":["string","null"],"maxLength":80,"default":null},)"

/// Version 1 had a blur in pixels; version 2 has it as a share of 1000 pixels.
json::object blur_in_shares(json::object params) {
    if (auto* blur = params.if_contains("blur")) *blur = blur->to_number<double>() / 1000;
    return params;
}

/// Version 3 calls it softness.
json::object blur_is_softness(json::object params) {
    if (auto* blur = params.if_contains("blur")) {
        params.emplace("softness", *blur);
        params.erase("blur");
    }
    return params;
}

JobType soft_type() {
    JobType type;
    type.name = "soft";
    type.params_version = 3;
    type.params = schema("{" DR_SHARED R"("v":{"type":"integer","minimum":1,"maximum":3,"default":3},)"
                         R"("softness":{"type":"number","minimum":0,"maximum":1,"default":0.1}})");
    type.rules = {[](json::object&) {}, [](const json::object&, std::vector<ParamProblem>&) {}};
    type.upgrades = {{1,
                      schema("{" DR_SHARED R"("v":{"type":"integer","minimum":1,"maximum":1,"default":1},)"
                             R"("blur":{"type":"integer","minimum":0,"maximum":500,"default":100}})"),
                      blur_in_shares},
                     {2,
                      schema("{" DR_SHARED R"("v":{"type":"integer","minimum":1,"maximum":2,"default":2},)"
                             R"("blur":{"type":"number","minimum":0,"maximum":1,"default":0.1}})"),
                      blur_is_softness}};
    Recipe recipe;
    recipe.id = "soft.builtin";
    recipe.engine = "builtin";
    recipe.backends = {"local"};
    type.recipes = {recipe};
    return type;
}

std::string effective(const char* sent) {
    const auto checked = check_params(soft_type(), parse_json(sent)->as_object(), 1);
    if (!checked)
        return checked.error().front().pointer + " " + checked.error().front().code + ": " +
               checked.error().front().detail;
    return checked->effective_json;
}

std::string with(const char* softness) {
    return std::string(R"({"engine":"auto","recipe":null,"softness":)") + softness + R"(,"v":3})";
}

TEST(ParamUpgrade, ParamsOfEveryVersionComeOutAsTodays) {
    EXPECT_EQ(effective(R"({"v":1,"blur":250})"), with("0.25"));
    EXPECT_EQ(effective(R"({"v":2,"blur":0.25})"), with("0.25"));
    EXPECT_EQ(effective(R"({"v":3,"softness":0.25})"), with("0.25"));
    EXPECT_EQ(effective(R"({"v":1})"), with("0.1"));
}

TEST(ParamUpgrade, ParamsWithoutAVersionAreOfTheOldest) {
    EXPECT_EQ(effective(R"({"blur":250})"), with("0.25"));
    EXPECT_EQ(effective("{}"), with("0.1"));
}

TEST(ParamUpgrade, WhatWasSentIsKeptAsItWasSent) {
    const auto checked = check_params(soft_type(), {{"blur", 250.0}}, 1);
    EXPECT_EQ(checked->sent_json, R"({"blur":250,"v":1})");
    const auto again = check_params(soft_type(), parse_json(checked->effective_json)->as_object(), 1);
    EXPECT_EQ(again->effective_json, checked->effective_json);
}

TEST(ParamUpgrade, WrongParamsAreToldInTheWordsOfTheirOwnVersion) {
    EXPECT_EQ(effective(R"({"v":1,"blur":900})"),
              "/params/blur params_invalid: blur must be between 0 and 500, got 900");
    EXPECT_EQ(effective(R"({"v":1,"softness":0.5})"),
              "/params/softness params_unknown_field: unknown param \"softness\"");
    EXPECT_EQ(effective(R"({"v":2,"blur":3})"),
              "/params/blur params_invalid: blur must be between 0 and 1, got 3");
    EXPECT_EQ(effective(R"({"v":3,"blur":0.5})"),
              "/params/blur params_unknown_field: unknown param \"blur\"");
}

TEST(ParamUpgrade, AVersionThatThereIsNotIsRefused) {
    for (const char* sent : {R"({"v":4})", R"({"v":0})", R"({"v":-1})", R"({"v":18446744073709551615})"}) {
        const auto problem = effective(sent);
        EXPECT_THAT(problem, testing::StartsWith("/params/v params_version_unsupported: soft takes params of "
                                                 "versions 1 to 3, got "));
    }
    EXPECT_THAT(effective(R"({"v":1.5})"), testing::HasSubstr("v must be a whole number"));
}

}  // namespace
}  // namespace darkroom::recipes
