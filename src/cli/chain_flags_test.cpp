#include "cli/chain_flags.h"

#include <gmock/gmock.h>

#include <boost/json/value.hpp>

#include "cli/json_text.h"
#include "cli/param_flags.h"

namespace darkroom::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<boost::json::array, std::string> steps(const std::string& joined, std::vector<std::string> flags) {
    const auto params = params_from_flags(flags);
    EXPECT_TRUE(params.ok());
    return steps_from_flags(types_of(joined), *params);
}

TEST(ChainFlags, APlusJoinsTypes) {
    EXPECT_THAT(types_of("bg_remove"), ElementsAre("bg_remove"));
    EXPECT_THAT(types_of("a+b+a"), ElementsAre("a", "b", "a"));
    EXPECT_THAT(types_of("a++"), ElementsAre("a", "", ""));
    EXPECT_THAT(types_of(""), ElementsAre(""));
}

TEST(ChainFlags, ParamsGoToTheStepTheyName) {
    const auto made =
        steps("bg_remove+upscale_2k+upscale_2k",
              {"upscale_2k_2.target=2048", "bg_remove.shadow.mode=drop", "bg_remove.crop=true"});
    ASSERT_TRUE(made.ok()) << made.error();
    EXPECT_EQ(json_text(*made),
              R"([{"id":"bg_remove","type":"bg_remove","params":{"shadow":{"mode":"drop"},"crop":true}},)"
              R"({"id":"upscale_2k","type":"upscale_2k"},)"
              R"({"id":"upscale_2k_2","type":"upscale_2k","params":{"target":2048}}])");
}

TEST(ChainFlags, NamesOfStepsFitWhateverTheTypeIsCalled) {
    const auto made = steps("My-Type.v2+" + std::string(64, 'x'), {});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->at(0).at("id").as_string(), "_y__ype_v2");
    EXPECT_EQ(made->at(0).at("type").as_string(), "My-Type.v2");
    EXPECT_LE(made->at(1).at("id").as_string().size(), 40u);
}

TEST(ChainFlags, AParamWithoutItsStepIsRefusedWithTheRightWord) {
    EXPECT_THAT(steps("bg_remove+upscale_2k", {"bg_remov.crop=true"}).error(),
                HasSubstr("did you mean bg_remove?"));
    EXPECT_THAT(steps("bg_remove+upscale_2k", {"crop=true"}).error(), HasSubstr("as in bg_remove.crop"));
    EXPECT_THAT(steps("bg_remove+upscale_2k", {"bg_remove=7"}).error(), HasSubstr("bg_remove.KEY=VALUE"));
}

TEST(ChainFlags, AMaskIsNamedUnlessTheRegionIsSaidOtherwise) {
    boost::json::object params;
    name_mask(params);
    EXPECT_EQ(json_text(params), R"({"region":{"mask":"mask"}})");
    params = {{"region", {{"boxes", {1}}}}};
    const auto before = params;
    name_mask(params);
    EXPECT_EQ(params, before) << "the server says that two are too many";
}

TEST(ParamFlags, MergedParamsChangeOnlyWhatTheyName) {
    boost::json::object params{{"v", 1}, {"shadow", {{"mode", "drop"}, {"blur", 2}}}, {"margin", {1, 2}}};
    merge_params(params, {{"shadow", {{"blur", 3}}}, {"margin", 0}, {"crop", true}});
    EXPECT_EQ(json_text(params), R"({"v":1,"shadow":{"mode":"drop","blur":3},"margin":0,"crop":true})");
    merge_params(params, {{"shadow", nullptr}});
    EXPECT_EQ(json_text(params.at("shadow")), "null");
}

}  // namespace
}  // namespace darkroom::cli
