#include "recipes/type_catalogue.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "recipes/params.h"
#include "recipes/testing/least_params.h"

namespace darkroom::recipes {
namespace {

TEST(TypeCatalogue, HoldsTheTypesThatDarkroomCanDoByItself) {
    std::vector<std::string> names;
    for (const auto& type : TypeCatalogue::builtin().all()) {
        names.push_back(type.name);
        EXPECT_NE(type.title, "");
        EXPECT_NE(type.description, "");
        ASSERT_EQ(type.recipes.size(), 1u);
        EXPECT_EQ(type.recipes.front().name(), type.name + ".builtin@1");
        EXPECT_TRUE(type.recipes.front().runs_on("local"));
        EXPECT_TRUE(type.recipes.front().runs_on("serverless"));
        EXPECT_FALSE(type.recipes.front().runs_on("pod"));
        EXPECT_EQ(type.backends, (std::vector<std::string>{"local", "serverless"}));
        EXPECT_EQ(TypeCatalogue::builtin().find(type.name), &type);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"bg_remove", "cutout_subject", "jpeg_to_png", "object_remove",
                                               "restore", "upscale_2k", "white_bg_ecomm"}));
}

TEST(TypeCatalogue, KnowsNoOtherNames) {
    for (const char* name : {"", "BG_REMOVE", "bg_remove ", "restored", "__proto__", "bg_remove\n"}) {
        EXPECT_EQ(TypeCatalogue::builtin().find(name), nullptr) << name;
    }
}

TEST(TypeCatalogue, SuggestsTheTypeThatWasMeant) {
    const auto& catalogue = TypeCatalogue::builtin();
    EXPECT_EQ(catalogue.nearest("bgremove"), "bg_remove");
    EXPECT_EQ(catalogue.nearest("jpg_to_png"), "jpeg_to_png");
    EXPECT_EQ(catalogue.nearest("upscale_4k"), "upscale_2k");
    EXPECT_EQ(catalogue.nearest("retsore"), "restore");
    EXPECT_EQ(catalogue.nearest("colourise"), std::nullopt);
    EXPECT_EQ(catalogue.nearest(std::string(1'000'000, 'x')), std::nullopt);
}

TEST(TypeCatalogue, PublishesClosedSchemasInWhichEveryParamHasADefault) {
    for (const auto& type : TypeCatalogue::builtin().all()) {
        SCOPED_TRACE(type.name);
        const auto schema = parse_json(type.schema_json);
        ASSERT_TRUE(schema.ok());
        EXPECT_EQ(schema->at("$schema"), "http://json-schema.org/draft-04/schema#");
        EXPECT_EQ(schema->at("additionalProperties"), false);
        const auto& properties = schema->at("properties").as_object();
        for (const char* shared :
             {"v", "output_format", "quality", "max_output_mp", "metadata", "engine", "recipe", "preview"}) {
            EXPECT_TRUE(properties.contains(shared)) << shared;
        }
        const auto checked = check_params(type, least_params(type), 0);
        ASSERT_TRUE(checked.ok());
        EXPECT_EQ(parse_json(checked->effective_json)->as_object().size(), properties.size());
        for (const auto& property : properties) {
            EXPECT_TRUE(property.value().as_object().contains("default")) << property.key();
        }
    }
}

}  // namespace
}  // namespace darkroom::recipes
