// Each file of tests/params/<type>/v<n> holds params as sent and as a job runs with them. They stay for ever:
// what a stored job means must not change. The seed that is drawn is 42.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/params.h"

namespace darkroom::recipes {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

TEST(Params, TheGoldenFilesOfEveryTypeHold) {
    std::map<std::string, int> files;
    for (const auto& entry : fs::recursive_directory_iterator(DARKROOM_PARAMS_DIR)) {
        if (entry.path().extension() != ".json") continue;
        SCOPED_TRACE(entry.path().string());
        const auto type_name = entry.path().parent_path().parent_path().filename().string();
        const auto* type = TypeCatalogue::builtin().find(type_name);
        ASSERT_NE(type, nullptr);
        ++files[type_name];
        const auto golden = parse_json(read(entry.path()));
        ASSERT_TRUE(golden.ok());

        const auto checked = check_params(*type, golden->at("sent").as_object(), 42);
        ASSERT_TRUE(checked.ok()) << checked.error().front().detail;
        EXPECT_EQ(checked->effective_json, canonical_json(with_whole_numbers(golden->at("effective"))));
        EXPECT_EQ(checked->recipe, type_name + ".builtin@1");

        // A job can be repeated from what it ran with, whatever would be drawn this time.
        const auto again = check_params(*type, parse_json(checked->effective_json)->as_object(), 777);
        ASSERT_TRUE(again.ok()) << again.error().front().detail;
        EXPECT_EQ(again->effective_json, checked->effective_json);
    }
    for (const auto& type : TypeCatalogue::builtin().all()) EXPECT_GE(files[type.name], 5) << type.name;
}

}  // namespace
}  // namespace darkroom::recipes
