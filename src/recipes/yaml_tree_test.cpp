#include "recipes/yaml_tree.h"

#include <gmock/gmock.h>

#include "recipes/canonical_json.h"

namespace darkroom::recipes {
namespace {

using testing::HasSubstr;

std::string json_of(std::string_view yaml) {
    const auto tree = read_yaml(yaml);
    return tree ? canonical_json(to_json(*tree)) : "refused: " + tree.error().detail;
}

YamlProblem refused(std::string_view yaml) {
    const auto tree = read_yaml(yaml);
    return tree ? YamlProblem{{-1, -1}, "taken"} : tree.error();
}

TEST(YamlTree, PlainValuesMeanWhatYaml12SaysAndNothingElse) {
    EXPECT_EQ(json_of("{a: 1, b: -2, c: 1.5, d: 1e3, e: true, f: ~, g: null, h: }"),
              R"({"a":1,"b":-2,"c":1.5,"d":1000,"e":true,"f":null,"g":null,"h":null})");
    EXPECT_EQ(json_of("[yes, no, off, 007, 0x1F, 12:30, .inf, .nan, 1_000, +7, 2026-11-22]"),
              R"(["yes","no","off","007","0x1F","12:30",".inf",".nan","1_000","+7","2026-11-22"])");
    EXPECT_EQ(json_of(R"(["1", 'true', "", "a\u00e9\n"])"), "[\"1\",\"true\",\"\",\"aé\\n\"]");
    EXPECT_EQ(json_of("a: |\n  two\n  lines\nb: >\n  one\n  line\n"),
              R"({"a":"two\nlines\n","b":"one line\n"})");
    EXPECT_EQ(json_of("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(json_of("18446744073709551616"), "\"18446744073709551616\"");
}

TEST(YamlTree, EveryValueKnowsItsLineAndColumn) {
    const auto tree = read_yaml("# first\na: 1\nb:\n  - x\n  - { c: 2 }\n");
    ASSERT_TRUE(tree.ok());
    EXPECT_EQ(tree->find("a")->place, (TextPlace{2, 4}));
    EXPECT_EQ(tree->members[1].place, (TextPlace{3, 1}));
    EXPECT_EQ(tree->find("b")->items[1].find("c")->place, (TextPlace{5, 10}));
}

TEST(YamlTree, AliasesAnchorsTagsAndRepeatedNamesAreRefusedWhereTheyStand) {
    EXPECT_THAT(refused("a: &x 1\nb: 2").detail, HasSubstr("anchors"));
    EXPECT_THAT(refused("a: 1\nb: *x").detail, HasSubstr("aliases"));
    EXPECT_THAT(refused("a: 1\n*x : 2").detail, HasSubstr("aliases"));
    EXPECT_THAT(refused("a: !!python/object:os.system x").detail, HasSubstr("tags"));
    EXPECT_THAT(refused("a: !!map {}").detail, HasSubstr("tags"));
    EXPECT_THAT(refused("? [a, b]\n: 1").detail, HasSubstr("a name was expected"));
    const auto twice = refused("a: 1\nb: 2\na: 3\n");
    EXPECT_EQ(twice.place, (TextPlace{3, 1}));
    EXPECT_THAT(twice.detail, HasSubstr("first in line 1"));
}

TEST(YamlTree, ABombOfAliasesIsRefusedAtItsFirstAnchor) {
    std::string bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for (int i = 1; i < 30; ++i) {
        const auto name = "a" + std::to_string(i), before = "*a" + std::to_string(i - 1);
        bomb.append(name).append(": &").append(name).append(" [").append(before).append(", ");
        bomb.append(before).append("]\n");
    }
    EXPECT_EQ(refused(bomb).place, (TextPlace{1, 5}));
}

TEST(YamlTree, TooDeepTooManyAndTooLongAreRefused) {
    EXPECT_THAT(refused(std::string(100'000, '[')).detail, HasSubstr("deep"));
    EXPECT_THAT(refused(std::string(100'000, '{')).detail, testing::Not("taken"));
    std::string nested;
    for (int i = 0; i < 100; ++i) nested += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    EXPECT_THAT(refused(nested).detail, HasSubstr("deep"));
    std::string many = "[";
    for (int i = 0; i < 30'000; ++i) many += "1,";
    EXPECT_THAT(refused(many + "1]").detail, HasSubstr("more values"));
    EXPECT_THAT(refused(std::string(yaml_bytes_max + 1, 'a')).detail, HasSubstr("larger than 256 KiB"));
}

TEST(YamlTree, WhatIsNoYamlIsRefusedWithAPlace) {
    EXPECT_THAT(refused("").detail, HasSubstr("empty"));
    EXPECT_THAT(refused("# only a comment\n").detail, HasSubstr("empty"));
    EXPECT_EQ(refused("a: 1\n b: 2\n").place.line, 2);
    EXPECT_EQ(refused("a: [1, 2\nb: 3\n").place.line, 2);
    EXPECT_EQ(refused("a:\n\t- b\n").place.line, 2);
    EXPECT_THAT(refused("a: 1\n---\nb: 2\n").detail, HasSubstr("second document"));
    EXPECT_THAT(refused(std::string("a: \0b", 5)).detail, HasSubstr("at byte"));
    EXPECT_THAT(refused("a: \xff\xfe").detail, HasSubstr("at byte 3"));
    EXPECT_THAT(refused("a: \x1b[2J").detail, HasSubstr("at byte"));
    EXPECT_THAT(refused("a: \"\\0\"").detail, HasSubstr("NUL"));
    EXPECT_THAT(refused("a: \"open").detail, testing::Not("taken"));
}

TEST(YamlTree, EveryBeginningOfAFileIsTakenOrRefusedButNeverMore) {
    const std::string whole = "a: {b: [1, 'x', \"y\"], c: |\n  text\n}\n? d\n: &x !t *y\n--- %e\n";
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        const auto tree = read_yaml(whole.substr(0, length));
        EXPECT_TRUE(tree.ok() || !tree.error().detail.empty()) << length;
    }
}

}  // namespace
}  // namespace darkroom::recipes
