#include "runpod/protocol/json_members.h"

#include <gtest/gtest.h>

namespace darkroom::runpod {
namespace {

Result<JsonMembers, ProtocolError> pick(std::string_view text) {
    return pick_json_members(text, {{"a", 64}, {"b", 64}}, 1u << 20);
}

TEST(JsonMembers, KeepsTheTextOfAValueAsItCame) {
    for (const std::string_view value :
         {"1", "-0", "1.50", "1e3", "18446744073709551615", "123456789012345678901234567890", "true", "{}",
          "[]", "[1,[2,{\"x\":[]}],\"y\"]", "{\"x\":{\"y\":1.0},\"z\":\"\\n\\u0000\xc3\xa4\"}", "\"\"",
          "\"\\\"\\\\\""}) {
        SCOPED_TRACE(value);
        auto members = pick("{\"skipped\":[{\"a\":7}],\"a\":" + std::string(value) + ",\"c\":\"d\"}");
        ASSERT_TRUE(members.ok()) << members.error().detail;
        EXPECT_EQ(members->take_json("a"), value);
        EXPECT_EQ(members->take_json("b"), std::nullopt);
    }
}

TEST(JsonMembers, ReadsTheSameHoweverTheTextIsCut) {
    const std::string text =
        " {\"x\":{\"a\":\"no\"},\"a\":{\"k\\u00e9y\":[12.25,-3,\"\\ud83d\\ude00 "
        "\xf0\x9f\x98\x80\"]},\"b\":12345} \n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        SCOPED_TRACE(cut);
        JsonMembers members({{"a", 64}, {"b", 64}}, 1u << 20);
        ASSERT_TRUE(members.feed(std::string_view(text).substr(0, cut)));
        ASSERT_TRUE(members.feed(std::string_view(text).substr(cut)));
        ASSERT_TRUE(members.finish().ok());
        EXPECT_EQ(members.take_json("a"),
                  "{\"k\xc3\xa9y\":[12.25,-3,\"\xf0\x9f\x98\x80 \xf0\x9f\x98\x80\"]}");
        EXPECT_EQ(members.take_count("b"), 12345);
    }
    JsonMembers members({{"a", 64}, {"b", 64}}, 1u << 20);
    for (const char c : text) ASSERT_TRUE(members.feed({&c, 1}));
    ASSERT_TRUE(members.finish().ok());
    EXPECT_EQ(members.take_count("b"), 12345);
}

TEST(JsonMembers, RefusesWhatIsNoSingleObject) {
    for (const std::string_view text : {"",
                                        " ",
                                        "1",
                                        "\"a\"",
                                        "null",
                                        "[]",
                                        "[{\"a\":1}]",
                                        "{",
                                        "{}x",
                                        "{}{}",
                                        "{\"a\":1,}",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\" 1}",
                                        "{'a':1}",
                                        "{\"a\":01}",
                                        "{\"a\":1e999}",
                                        "{\"a\":NaN}",
                                        "{\"a\":\"\xff\"}",
                                        "\xef\xbb\xbf{}",
                                        "{\"a\":\"\\ud800\"}",
                                        "<html>502 Bad Gateway</html>"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(pick(text).ok());
    }
}

TEST(JsonMembers, RefusesWhatFollowsInALaterPiece) {
    for (const std::string_view rest : {"x", "{}", " {", "\"", "0"}) {
        JsonMembers members({{"a", 64}}, 1000);
        EXPECT_TRUE(members.feed("{\"a\":1} "));
        EXPECT_FALSE(members.feed(rest)) << rest;
        EXPECT_FALSE(members.finish().ok()) << rest;
    }
}

TEST(JsonMembers, RefusesEveryTruncation) {
    const std::string text = R"({"a":{"x":[1,2.5,"y"]},"c":[[]],"b":"z"})";
    ASSERT_TRUE(pick(text).ok());
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(pick(std::string_view(text).substr(0, size)).ok()) << size;
}

TEST(JsonMembers, RefusesNestingWithoutEndAndTakesSixtyLevels) {
    const auto nested = [](int depth) {
        return "{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') +
               std::string(static_cast<std::size_t>(depth), ']') + "}";
    };
    EXPECT_TRUE(pick_json_members(nested(60), {{"a", 200}}, 1u << 20).ok());
    EXPECT_FALSE(pick_json_members(nested(65), {{"a", 200}}, 1u << 20).ok());
    EXPECT_FALSE(pick_json_members(nested(100'000), {{"a", 200}}, 1u << 20).ok());
}

TEST(JsonMembers, TellsWhatWasTooLargeAndGoesOnReading) {
    auto members = pick("{\"a\":\"" + std::string(100, 'x') + "\",\"b\":1}");
    ASSERT_TRUE(members.ok());
    EXPECT_TRUE(members->too_large("a"));
    EXPECT_EQ(members->take_json("a"), std::nullopt);
    EXPECT_EQ(members->take_text("a"), std::nullopt);
    EXPECT_FALSE(members->too_large("b"));
    EXPECT_EQ(members->take_count("b"), 1);
    // The limit holds for the JSON text, quotes included.
    EXPECT_FALSE(pick("{\"a\":\"" + std::string(62, 'x') + "\"}")->too_large("a"));
    EXPECT_TRUE(pick("{\"a\":\"" + std::string(63, 'x') + "\"}")->too_large("a"));
}

TEST(JsonMembers, RefusesMoreThanTheBodyMayHave) {
    JsonMembers members({{"a", 64}}, 10);
    EXPECT_TRUE(members.feed("{\"a\":1}   "));
    EXPECT_FALSE(members.feed(" "));
    EXPECT_FALSE(members.finish().ok());
}

TEST(JsonMembers, TakesCountsAndTextsOnlyForWhatTheyAre) {
    struct Case {
        std::string_view json;
        std::optional<std::int64_t> count;
        std::optional<std::string> text;
    };
    for (const auto& one : {Case{"5", 5, {}}, Case{"5.0", 5, {}}, Case{"5.5", {}, {}}, Case{"-1", {}, {}},
                            Case{"9223372036854775807", 9223372036854775807, {}},
                            Case{"9223372036854775808", {}, {}}, Case{"\"5\"", {}, "5"}, Case{"null", {}, {}},
                            Case{"\"a\\u0000b\"", {}, {}}, Case{"[5]", {}, {}}, Case{"true", {}, {}}}) {
        SCOPED_TRACE(one.json);
        auto members = pick("{\"a\":" + std::string(one.json) + "}");
        ASSERT_TRUE(members.ok());
        EXPECT_EQ(members->take_count("a"), one.count);
        EXPECT_EQ(members->take_text("a"), one.text);
    }
}

TEST(JsonMembers, SplitsAnArrayIntoTheTextsOfItsElements) {
    const auto split = split_json_array(" [ {\"a\" : [1, 2.0]}, 3, \"x\", [ ], null ] ", 1000, 5);
    ASSERT_TRUE(split.ok()) << split.error().detail;
    EXPECT_EQ(*split, (std::vector<std::string>{"{\"a\":[1,2.0]}", "3", "\"x\"", "[]", "null"}));
    EXPECT_TRUE(split_json_array("[]", 1000, 0)->empty());
    for (const std::string_view text : {"", "{}", "[", "[1", "[1,]", "[1]]", "1", "[1,2,3,4,5,6]"})
        EXPECT_FALSE(split_json_array(text, 1000, 5).ok()) << text;
}

}  // namespace
}  // namespace darkroom::runpod
