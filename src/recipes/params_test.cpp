// What check_params refuses, and in which words. What it accepts is in params_golden_test.cpp.
#include "recipes/params.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom::recipes {
namespace {

const JobType& type(std::string_view name) { return *TypeCatalogue::builtin().find(name); }

boost::json::object object(const std::string& text) {
    auto parsed = parse_json(text);
    EXPECT_TRUE(parsed.ok()) << text;
    return parsed.ok() ? parsed->as_object() : boost::json::object();
}

// Every problem on a line of its own: pointer, code, detail.
std::string problems(std::string_view name, const std::string& params, std::string_view backend = {}) {
    const auto checked = check_params(type(name), object(params), 1, backend);
    if (checked) return "accepted";
    std::string lines;
    for (const auto& problem : checked.error()) {
        lines += (lines.empty() ? "" : "\n") + problem.pointer + " " + problem.code + ": " + problem.detail;
    }
    return lines;
}

struct Refusal {
    const char* type;
    const char* params;
    const char* problems;
};

class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, AreToldInASentence) {
    EXPECT_EQ(problems(GetParam().type, GetParam().params), GetParam().problems);
}

const Refusal shared_keys[] = {
    {"bg_remove", R"({"tolerence":1})",
     R"(/params/tolerence params_unknown_field: unknown param "tolerence")"},
    {"jpeg_to_png", R"({"tolerence":1})",
     R"(/params/tolerence params_unknown_field: unknown param "tolerence"; did you mean "tolerance"?)"},
    {"jpeg_to_png", R"({"Key":"auto"})",
     R"(/params/Key params_unknown_field: unknown param "Key"; did you mean "key"?)"},
    {"jpeg_to_png", R"({"tolerance":99})",
     "/params/tolerance params_invalid: tolerance must be between 0 and 60, got 99"},
    {"jpeg_to_png", R"({"tolerance":"8"})",
     R"(/params/tolerance params_invalid: tolerance must be a number between 0 and 60, got "8")"},
    {"bg_remove", R"({"output_format":"bmp"})",
     "/params/output_format params_invalid: "
     R"(output_format must be one of auto, png, webp, jpeg, got "bmp")"},
    {"bg_remove", R"({"output_format":"PNG"})",
     "/params/output_format params_invalid: "
     R"(output_format must be one of auto, png, webp, jpeg, got "PNG")"},
    {"upscale_2k", R"({"output_format":null})",
     "/params/output_format params_invalid: output_format must be one of auto, png, webp, jpeg, tiff, got "
     "null"},
    {"upscale_2k", R"({"quality":92.5})",
     "/params/quality params_invalid: quality must be a whole number between 1 and 100, got 92.5"},
    {"upscale_2k", R"({"quality":true})",
     "/params/quality params_invalid: quality must be a whole number between 1 and 100, got true"},
    {"upscale_2k", R"({"preview":"true"})",
     R"(/params/preview params_invalid: preview must be true or false, got "true")"},
    {"upscale_2k", R"({"preview":1})",
     "/params/preview params_invalid: preview must be true or false, got 1"},
    {"upscale_2k", R"({"max_output_mp":1e300})",
     "/params/max_output_mp params_invalid: max_output_mp must be between 0.05 and 64, got 1e+300"},
    {"upscale_2k", R"({"recipe":"Not A Name"})",
     "/params/recipe params_invalid: recipe must be the id of a recipe, perhaps with its version, as in "
     R"(bg_remove.builtin@1, or null, got "Not A Name")"},
    {"upscale_2k", R"({"recipe":["a"]})",
     "/params/recipe params_invalid: recipe must be the id of a recipe, perhaps with its version, as in "
     "bg_remove.builtin@1, or null, got an array of 1"},
};
INSTANTIATE_TEST_SUITE_P(OfSharedKeys, Refusals, testing::ValuesIn(shared_keys));

const Refusal versions[] = {
    {"bg_remove", R"({"v":2})",
     "/params/v params_version_unsupported: bg_remove takes params of version 1, got 2"},
    {"bg_remove", R"({"v":0,"whatever":1})",
     "/params/v params_version_unsupported: bg_remove takes params of version 1, got 0"},
    {"bg_remove", R"({"v":-1})",
     "/params/v params_version_unsupported: bg_remove takes params of version 1, got -1"},
    {"bg_remove", R"({"v":18446744073709551615})",
     "/params/v params_version_unsupported: bg_remove takes params of version 1, got 18446744073709551615"},
    {"bg_remove", R"({"v":"1"})", R"(/params/v params_invalid: v must be a whole number, got "1")"},
    {"bg_remove", R"({"v":1.5})", "/params/v params_invalid: v must be a whole number, got 1.5"},
    {"bg_remove", R"({"v":null})", "/params/v params_invalid: v must be a whole number, got null"},
    {"bg_remove", R"({"v":true})", "/params/v params_invalid: v must be a whole number, got true"},
};
INSTANTIATE_TEST_SUITE_P(OfVersions, Refusals, testing::ValuesIn(versions));

const Refusal bg_remove[] = {
    {"bg_remove", R"({"halo":"auto"})",
     R"(/params/halo params_invalid: halo must be true or false, or an object, got "auto")"},
    {"bg_remove", R"({"halo":null})",
     "/params/halo params_invalid: halo must be true or false, or an object, got null"},
    {"bg_remove", R"({"halo":[]})",
     "/params/halo params_invalid: halo must be true or false, or an object, got an array of 0"},
    {"bg_remove", R"({"halo":{"mode":"soft","shrink":1,"feather_px":-1}})",
     "/params/halo/mode params_invalid: halo.mode must be one of off, auto, strong, got \"soft\"\n"
     "/params/halo/shrink params_unknown_field: unknown param \"shrink\" in halo; did you mean "
     "\"shrink_px\"?\n"
     "/params/halo/feather_px params_invalid: halo.feather_px must be between 0 and 16, got -1"},
    {"bg_remove", R"({"shadow":"dorp"})",
     R"(/params/shadow params_invalid: shadow must be one of none, keep, drop, contact, soft, got "dorp")"},
    {"bg_remove", R"({"shadow":{"light":{"x":2}}})",
     "/params/shadow/light/x params_invalid: shadow.light.x must be between -1 and 1, got 2"},
    {"bg_remove", R"({"shadow":{"light":3}})",
     "/params/shadow/light params_invalid: shadow.light must be an object, got 3"},
    {"bg_remove", R"({"shadow":{"offset":[0,0.6]}})",
     "/params/shadow/offset/1 params_invalid: shadow.offset[1] must be between -0.5 and 0.5, got 0.6"},
    {"bg_remove", R"({"shadow":{"offset":[0]}})",
     "/params/shadow/offset params_invalid: shadow.offset must be 2 numbers, each between -0.5 and 0.5, got "
     "an "
     "array of 1"},
    {"bg_remove", R"({"shadow":{"color":"red"}})",
     R"(/params/shadow/color params_invalid: shadow.color must be a colour as #RRGGBB, got "red")"},
    {"bg_remove", R"({"background":"#FFF"})",
     "/params/background params_invalid: "
     R"(background must be transparent, or a colour as #RRGGBB, got "#FFF")"},
    {"bg_remove", R"({"background":"#FFFFFF\n"})",
     "/params/background params_invalid: background must be transparent, or a colour as #RRGGBB, got "
     R"("#FFFFFF\n")"},
    {"bg_remove", R"({"crop":true,"margin":0.5})",
     "/params/margin params_invalid: margin must be between 0 and 0.49, got 0.5"},
    {"bg_remove", R"({"crop":true,"margin":"5%"})",
     "/params/margin params_invalid: margin must be a number between 0 and 0.49, or 4 numbers, each between "
     "0 "
     R"(and 0.49, got "5%")"},
    {"bg_remove", R"({"crop":true,"margin":[0,0,"x",0]})",
     R"(/params/margin/2 params_invalid: margin[2] must be a number between 0 and 0.49, got "x")"},
    {"bg_remove", R"({"crop":true,"margin":[0,0,0,0,0]})",
     "/params/margin params_invalid: margin must be 4 numbers, each between 0 and 0.49, got an array of 5"},
    {"bg_remove", R"({"margin":0.1})",
     "/params/margin params_invalid: margin has a meaning only with crop: true"},
    {"bg_remove", R"({"margin":[0,0,0,0.1],"crop":false})",
     "/params/margin params_invalid: margin has a meaning only with crop: true"},
    {"bg_remove", R"({"roi":{"x":0}})",
     "/params/roi params_invalid: roi must be 4 numbers, each between 0 and 1, or null, got an object"},
    {"bg_remove", R"({"roi":[0,0,0,1]})",
     "/params/roi params_invalid: roi must have a width and a height above 0"},
    {"bg_remove", R"({"roi":[0.5,0,0.6,1]})",
     "/params/roi params_invalid: roi reaches outside the picture: x + width and y + height must be at most "
     "1"},
    {"bg_remove", R"({"roi":[0,1,1,0.01]})",
     "/params/roi params_invalid: roi reaches outside the picture: x + width and y + height must be at most "
     "1"},
    {"bg_remove", R"({"output_format":"jpeg"})",
     "/params/output_format params_invalid: jpeg has no transparency: choose a background colour, or png or "
     "webp"},
    {"bg_remove", R"({"output_format":"tiff"})",
     "/params/output_format params_invalid: "
     R"(output_format must be one of auto, png, webp, jpeg, got "tiff")"},
};
INSTANTIATE_TEST_SUITE_P(OfBgRemove, Refusals, testing::ValuesIn(bg_remove));

const Refusal others[] = {
    {"upscale_2k", R"({"target":511})",
     "/params/target params_invalid: target must be between 512 and 4096, got 511"},
    {"upscale_2k", R"({"target":2048.5})",
     "/params/target params_invalid: target must be a whole number between 512 and 4096, got 2048.5"},
    {"upscale_2k", R"({"target":1e99})",
     "/params/target params_invalid: target must be a whole number between 512 and 4096, got 1e+99"},
    {"upscale_2k", R"({"seed":-1})",
     "/params/seed params_invalid: seed must be between 0 and 9007199254740991, got -1"},
    {"upscale_2k", R"({"seed":9007199254740992})",
     "/params/seed params_invalid: seed must be between 0 and 9007199254740991, got 9007199254740992"},
    {"upscale_2k", R"({"seed":18446744073709551615})",
     "/params/seed params_invalid: seed must be between 0 and 9007199254740991, got 18446744073709551615"},
    {"upscale_2k", R"({"seed":"42"})",
     "/params/seed params_invalid: "
     R"(seed must be a whole number between 0 and 9007199254740991, or null, got "42")"},
    {"upscale_2k", R"({"crop":true})", R"(/params/crop params_unknown_field: unknown param "crop")"},
    {"jpeg_to_png", R"({"method":"color_key"})",
     "/params/method params_invalid: "
     R"(method must be one of auto, colour_key, unmix, matte, got "color_key")"},
    {"jpeg_to_png", R"({"key":"#12345g"})",
     R"(/params/key params_invalid: key must be auto, or a colour as #RRGGBB, got "#12345g")"},
    {"jpeg_to_png", R"({"png":{"bits":12,"compression":10,"palette":null}})",
     "/params/png/bits params_invalid: png.bits must be one of 8, 16, got 12\n"
     "/params/png/compression params_invalid: png.compression must be between 0 and 9, got 10\n"
     "/params/png/palette params_invalid: png.palette must be true or false, got null"},
    {"jpeg_to_png", R"({"png":true})", "/params/png params_invalid: png must be an object, got true"},
    {"jpeg_to_png", R"({"output_format":"jpeg"})",
     "/params/output_format params_invalid: jpeg has no transparency, and that is what this type makes: "
     "choose "
     "png, webp or tiff"},
};
INSTANTIATE_TEST_SUITE_P(OfTheOthers, Refusals, testing::ValuesIn(others));

TEST(Params, EveryUnknownNameIsReported) {
    EXPECT_EQ(problems("bg_remove", R"({"dennoise":1,"edges":"hard","a/b~c":2,"crap":true})"),
              "/params/dennoise params_unknown_field: unknown param \"dennoise\"\n"
              "/params/a~1b~0c params_unknown_field: unknown param \"a/b~c\"\n"
              "/params/crap params_unknown_field: unknown param \"crap\"; did you mean \"crop\"?");
}

TEST(Params, BothEndsOfEveryRangeAreAccepted) {
    for (const char* params :
         {R"({"tolerance":0,"softness":0,"quality":1,"max_output_mp":0.05,"png":{"compression":0}})",
          R"({"tolerance":60,"softness":30,"quality":100,"max_output_mp":64,"png":{"compression":9}})"}) {
        EXPECT_EQ(problems("jpeg_to_png", params), "accepted");
    }
    for (const char* params :
         {R"({"target":512,"sharpen":0,"denoise":0,"max_scale":1,"seed":0})",
          R"({"target":4096,"sharpen":1,"denoise":1,"max_scale":8,"seed":9007199254740991})"}) {
        EXPECT_EQ(problems("upscale_2k", params), "accepted");
    }
}

TEST(Params, WhatLiesJustOutsideARangeIsRefused) {
    for (const char* params : {R"({"tolerance":-0.001})", R"({"tolerance":60.001})", R"({"softness":30.5})",
                               R"({"quality":0})", R"({"quality":101})", R"({"max_output_mp":0.0499})",
                               R"({"max_output_mp":64.01})", R"({"png":{"compression":-1}})"}) {
        EXPECT_NE(problems("jpeg_to_png", params), "accepted") << params;
    }
    for (const char* params : {R"({"sharpen":1.01})", R"({"denoise":-0.01})", R"({"max_scale":0.99})",
                               R"({"max_scale":8.01})", R"({"target":4097})"}) {
        EXPECT_NE(problems("upscale_2k", params), "accepted") << params;
    }
}

TEST(Params, ADrawnSeedFitsEveryJsonReaderAndASentOneIsKept) {
    const auto seed_of = [](const std::string& params, std::uint64_t random) {
        const auto checked = check_params(type("upscale_2k"), object(params), random);
        return parse_json(checked.value().effective_json)->at("seed").to_number<std::uint64_t>();
    };
    EXPECT_EQ(seed_of("{}", ~std::uint64_t{0}), (std::uint64_t{1} << 53) - 1);
    EXPECT_EQ(seed_of(R"({"seed":null})", 41), 41u);
    EXPECT_EQ(seed_of(R"({"seed":7})", 41), 7u);
}

TEST(Params, WhatWasSentIsKeptWithItsVersionWrittenOut) {
    const auto sent = [](const char* params) {
        return check_params(type("bg_remove"), object(params), 1).value().sent_json;
    };
    EXPECT_EQ(sent("{}"), R"({"v":1})");
    EXPECT_EQ(sent(R"({"v":1.0,"shadow":"drop","halo":true,"crop":true,"margin":0.1})"),
              R"({"crop":true,"halo":true,"margin":0.1,"shadow":"drop","v":1})");
}

TEST(Params, ARecipeThatDoesNotExistIsNamedWithWhatThereIs) {
    EXPECT_EQ(
        problems("bg_remove", R"({"recipe":"comfy"})"),
        R"(/params/recipe recipe_not_found: bg_remove has no recipe "comfy"; it has bg_remove.builtin@1)");
    EXPECT_EQ(
        problems("bg_remove", R"({"recipe":"bg_remove.builtin@2"})"),
        R"(/params/recipe recipe_not_found: bg_remove has no recipe "bg_remove.builtin@2"; did you mean )"
        R"("bg_remove.builtin@1"?)");
    for (const char* recipe : {"upscale_2k.builtin", "bg_remove.builtin@99999999999999999999", "bg_remove",
                               "bg_remove.builtin@0", "..", "-"}) {
        const auto found = problems("bg_remove", R"({"recipe":")" + std::string(recipe) + R"("})");
        EXPECT_TRUE(found.starts_with("/params/recipe recipe_not_found: ")) << found;
    }
}

TEST(Params, AnEngineOrBackendWithoutARecipeIsRefused) {
    EXPECT_EQ(problems("bg_remove", R"({"engine":"gpu"})"),
              "/params/engine recipe_not_found: no recipe of bg_remove runs on a GPU; choose another engine, "
              "or auto");
    EXPECT_EQ(
        problems("bg_remove", R"({"engine":"gpu","recipe":"bg_remove.builtin"})"),
        "/params/engine recipe_not_found: recipe \"bg_remove.builtin\" does not run on a GPU; choose another "
        "engine, or auto");
    EXPECT_EQ(problems("bg_remove", "{}", "pod"),
              "/backend recipe_not_found: no recipe of bg_remove runs on backend \"pod\"");
    EXPECT_EQ(problems("bg_remove", "{}", "local"), "accepted");
    EXPECT_EQ(problems("bg_remove", "{}", "serverless"), "accepted");
    EXPECT_EQ(problems("bg_remove", R"({"engine":"local"})", "local"), "accepted");
}

}  // namespace
}  // namespace darkroom::recipes
