// What object_remove's region may be, and in which words it is refused.
#include <gtest/gtest.h>

#include "base/json.h"
#include "recipes/params.h"

namespace darkroom::recipes {
namespace {

// Pointer and code of every problem, a line each.
std::string problems(const std::string& params) {
    const auto parsed = parse_json(params);
    EXPECT_TRUE(parsed.ok()) << params;
    const auto& type = *TypeCatalogue::builtin().find("object_remove");
    const auto checked = check_params(type, parsed->as_object(), 1);
    if (checked) return "accepted";
    std::string lines;
    for (const auto& problem : checked.error()) {
        lines += (lines.empty() ? "" : "\n") + problem.pointer + " " + problem.code;
        EXPECT_LT(problem.detail.size(), 200u);
    }
    return lines;
}

TEST(RemovalRegion, HasToBeGivenByExactlyOneShape) {
    EXPECT_EQ(problems("{}"), "/params/region region_missing");
    EXPECT_EQ(problems(R"({"region":{}})"), "/params/region region_missing");
    EXPECT_EQ(problems(R"({"region":{"boxes":null}})"), "/params/region region_missing");
    EXPECT_EQ(problems(R"({"region":{"boxes":[[0,0,1,1]],"polygons":[[[0,0],[1,0],[1,1]]]}})"),
              "/params/region params_invalid");
    EXPECT_EQ(problems(R"({"region":null})"), "/params/region params_invalid");
    EXPECT_EQ(problems(R"({"region":{"lasso":[]}})"), "/params/region/lasso params_unknown_field");
}

TEST(RemovalRegion, MayBeAnInputByItsName) {
    EXPECT_EQ(problems(R"({"region":{"mask":"mask"}})"), "accepted");
    EXPECT_EQ(problems(R"({"region":{"mask":"the.mask-2_b"},"units":"px"})"), "accepted");
    EXPECT_EQ(problems(R"({"region":{"mask":"mask","boxes":[[0,0,1,1]]}})"), "/params/region params_invalid");
    for (const auto* name : {R"("")", R"("../mask")", R"("a mask")", "1", "[]", "true"})
        EXPECT_EQ(problems(R"({"region":{"mask":)" + std::string(name) + "}}"),
                  "/params/region/mask params_invalid")
            << name;
    EXPECT_EQ(problems(R"({"region":{"mask":")" + std::string(65, 'm') + "\"}}"),
              "/params/region/mask params_invalid");
}

TEST(RemovalRegion, LiesInsideThePictureWhereCoordinatesAreShares) {
    EXPECT_EQ(problems(R"({"region":{"boxes":[[0.7,0,0.3,1],[0,0,1,1]]}})"), "accepted");
    EXPECT_EQ(problems(R"({"region":{"boxes":[[0,0,1,1],[0.5,0.5,0.6,0.1]]}})"),
              "/params/region/boxes/1 region_out_of_bounds");
    EXPECT_EQ(problems(R"({"region":{"boxes":[[-0.1,0,0.5,0.5]]}})"),
              "/params/region/boxes/0 region_out_of_bounds");
    EXPECT_EQ(problems(R"({"region":{"boxes":[[10,10,200,100]]}})"),
              "/params/region/boxes/0 region_out_of_bounds");
    EXPECT_EQ(problems(R"({"region":{"boxes":[[10,10,200,100]]},"units":"px"})"), "accepted");
    EXPECT_EQ(problems(R"({"region":{"polygons":[[[0,0],[1,0],[1,1.5]]]}})"),
              "/params/region/polygons/0 region_out_of_bounds");
    EXPECT_EQ(problems(R"({"region":{"strokes":[{"points":[[0.5,1e300]],"width":0.1}]}})"),
              "/params/region/strokes/0 region_out_of_bounds");
}

TEST(RemovalRegion, HasTheShapeThatItsNameSays) {
    for (const char* bad :
         {R"({"boxes":[]})", R"({"boxes":[[0,0,1]]})", R"({"boxes":[[0,0,1,"1"]]})", R"({"boxes":[0,0,1,1]})",
          R"({"boxes":{}})", R"({"boxes":[[0,0,0,1]]})", R"({"boxes":[[0,0,1,-1]]})",
          R"({"polygons":[[[0,0],[1,1]]]})", R"({"polygons":[[[0,0],[1,1],[1]]]})",
          R"({"polygons":[[0,0],[1,1],[1,0]]})", R"({"strokes":[{"points":[[0,0]]}]})",
          R"({"strokes":[{"width":0.1}]})", R"({"strokes":[{"points":[],"width":0.1}]})",
          R"({"strokes":[{"points":[[0,0]],"width":0}]})",
          R"({"strokes":[{"points":[[0,0]],"width":0.1,"colour":1}]})"}) {
        EXPECT_TRUE(problems(R"({"region":)" + std::string(bad) + "}").starts_with("/params/region/")) << bad;
    }
    std::string many = "[0,0,1,1]";
    for (int i = 0; i < 64; ++i) many += ",[0,0,1,1]";
    EXPECT_EQ(problems(R"({"region":{"boxes":[)" + many + "]}}"), "/params/region/boxes params_invalid");
}

}  // namespace
}  // namespace darkroom::recipes
