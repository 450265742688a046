#include "cli/json_text.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom::cli {
namespace {

TEST(JsonText, ReadsAsItWasWritten) {
    for (const auto* text : {"null", "true", "-3", "18446744073709551615", "0.02", "8.5", "1.0", "1e+300",
                             "-0.1", R"("Größe \"x\"\n")", "[]", "{}", R"({"b":[1,{"z":null}],"a":0.3})"}) {
        const auto value = parse_json(text);
        ASSERT_TRUE(value) << text;
        EXPECT_EQ(json_text(*value), text);
        EXPECT_EQ(*parse_json(json_text(*value)), *value);
    }
}

}  // namespace
}  // namespace darkroom::cli
