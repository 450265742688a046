#include "http/target.h"

#include <gtest/gtest.h>

namespace darkroom::http {
namespace {

TEST(Target, KeepsThePathAndDecodesTheQuery) {
    const auto target = parse_target("/jobs/%41?status=a+b&x=%C3%A4%26&status=2&flag&=v&&e=");
    ASSERT_TRUE(target.has_value());
    EXPECT_EQ(target->path, "/jobs/%41");
    const ports::HttpFields expected{{"status", "a b"}, {"x", "\xc3\xa4&"}, {"status", "2"},
                                     {"flag", ""},      {"", "v"},          {"e", ""}};
    EXPECT_EQ(target->query, expected);
}

TEST(Target, TakesTheAbsoluteFormApart) {
    EXPECT_EQ(parse_target("http://a:80/x/y?z=1")->path, "/x/y");
    EXPECT_EQ(parse_target("http://a:80/x/y?z=1")->query.size(), 1U);
    EXPECT_EQ(parse_target("http://a")->path, "/");
    EXPECT_EQ(parse_target("http://a?b=1")->path, "/");
    EXPECT_EQ(parse_target("*")->path, "*");
}

TEST(Target, RefusesBrokenEscapes) {
    for (const auto* target : {"", "/?a=%", "/?a=%4", "/?a=%zz", "/?%4=1", "/?a=%00", "nonsense"}) {
        EXPECT_FALSE(parse_target(target).has_value()) << target;
    }
}

}  // namespace
}  // namespace darkroom::http
