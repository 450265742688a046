// What the writer writes, the strict parser reads.
#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(JsonWriter, WritesNestedValuesWithCommasWhereTheyBelong) {
    JsonWriter json;
    json.begin_object()
        .member("a", 1)
        .member("text", "q\"\n")
        .raw_member("params", R"({"v":1})")
        .null_member("none");
    json.key("list")
        .begin_array()
        .value(true)
        .begin_object()
        .end_object()
        .value(std::uint64_t{1} << 63)
        .end_array();
    json.member("missing", std::optional<std::string_view>()).member("at", from_unix_ms(0)).end_object();
    const auto text = json.take();
    EXPECT_EQ(text,
              R"({"a":1,"text":"q\"\n","params":{"v":1},"none":null,"list":[true,{},9223372036854775808],)"
              R"("missing":null,"at":"1970-01-01T00:00:00.000Z"})");
    EXPECT_TRUE(parse_json(text).ok());
}

}  // namespace
}  // namespace darkroom
