// Hostile JSON is refused with a reason; honest JSON is read exactly.
#include "base/json.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace darkroom {
namespace {

TEST(Json, HonestTextIsRead) {
    const auto read =
        parse_json(R"({"type":"bg_remove","params":{"v":1,"x":[0.5,-3,18446744073709551615]},"n":null})");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(boost::json::serialize(read->at("params").at("x").at(1)), "-3");
}

TEST(Json, HostileTextIsRefusedWithAReason) {
    const std::string deep(1 << 20, '[');
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("{\"a\":1}x"), std::string("{\"a\":1,\"a\":2}"),
          std::string("[NaN]"), std::string("[Infinity]"), std::string("[1e999]"), std::string("[01]"),
          std::string("{'a':1}"), std::string("[1,]"), std::string("// c\n1"), std::string("\"\\u0000\""),
          std::string("{\"\\u0000\":1}"), std::string("\"\xff\""), std::string("\"\\ud800\""),
          std::string("\xef\xbb\xbf{}"), std::string("nul"), deep, std::string(64, '[')}) {
        const auto read = parse_json(text, 2u << 20);
        ASSERT_FALSE(read.ok()) << text.substr(0, 40);
        EXPECT_FALSE(read.error().detail.empty());
    }
}

TEST(Json, DuplicateNamesAreFoundAtEveryDepthAndOnlyThere) {
    EXPECT_FALSE(parse_json(R"({"a":{"b":1,"b":2}})").ok());
    EXPECT_TRUE(parse_json(R"({"a":{"b":1},"b":{"a":1}})").ok());
    EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])").ok());
    EXPECT_FALSE(parse_json(R"({"a":1,"\u0061":2})").ok());
}

TEST(Json, SizeIsBounded) { EXPECT_FALSE(parse_json("[1,2,3]", 6).ok()); }

TEST(Json, StringsAreAlwaysWrittenValid) {
    std::string out;
    append_json_string(out, std::string_view("a\"\\\n\x01\0é\xff\xed\xa0\x80", 12));
    EXPECT_EQ(out.substr(0, 20), "\"a\\\"\\\\\\n\\u0001\\u0000");
    EXPECT_TRUE(parse_json("{\"v\":\"\\u0001\"}").ok());
    std::string text;
    append_json_string(text, "caf\xc3\xa9 \xf0\x9f\x93\xb7 \xff\xed\xa0\x80");
    EXPECT_TRUE(parse_json(text).ok()) << text;
}

TEST(Json, PointerTokensAreEscaped) { EXPECT_EQ(json_pointer_token("a/b~c"), "a~1b~0c"); }

}  // namespace
}  // namespace darkroom
