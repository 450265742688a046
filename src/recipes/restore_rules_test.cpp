// What restore's built-in recipe refuses.
#include <gtest/gtest.h>

#include "base/json.h"
#include "recipes/params.h"

namespace darkroom::recipes {
namespace {

std::string first_problem(const char* params) {
    const auto& type = *TypeCatalogue::builtin().find("restore");
    const auto checked = check_params(type, parse_json(params)->as_object(), 1);
    if (checked) return "accepted";
    return checked.error().front().pointer + " " + checked.error().front().code;
}

TEST(RestoreParams, WordsForAModelAreRefusedNotIgnored) {
    EXPECT_EQ(first_problem(R"({"prompt":"a castle"})"), "/params/prompt params_invalid");
    EXPECT_EQ(first_problem(R"({"negative_prompt":""})"), "/params/negative_prompt params_invalid");
    EXPECT_EQ(first_problem(R"({"prompt":null})"), "accepted");
}

TEST(RestoreParams, RangesHoldAtBothEnds) {
    for (const char* good :
         {R"({"denoise":0,"megapixels":0.25,"grain":0})", R"({"denoise":1,"megapixels":4,"grain":1})"}) {
        EXPECT_EQ(first_problem(good), "accepted");
    }
    EXPECT_EQ(first_problem(R"({"dennoise":0.5})"), "/params/dennoise params_unknown_field");
    EXPECT_EQ(first_problem(R"({"denoise":1.01})"), "/params/denoise params_invalid");
    EXPECT_EQ(first_problem(R"({"megapixels":0.2})"), "/params/megapixels params_invalid");
    EXPECT_EQ(first_problem(R"({"colour":"colourise"})"), "/params/colour params_invalid");
}

}  // namespace
}  // namespace darkroom::recipes
