#include "core/input_url.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::core {
namespace {

std::string canonical(std::string_view text) {
    const auto url = parse_input_url(text);
    return url ? url->str() : "refused: " + url.error();
}

std::string followed(std::string_view from, std::string_view location) {
    const auto url = follow_location(*parse_input_url(from), location);
    return url ? url->str() : "refused";
}

TEST(InputUrl, IsTakenApart) {
    const auto url = parse_input_url("HTTPS://Shop.Example:8443/a%20b/c.png?X-Amz-Signature=abc&v=1");
    ASSERT_TRUE(url) << url.error();
    EXPECT_TRUE(url->https);
    EXPECT_EQ(url->host, "shop.example");
    EXPECT_FALSE(url->address);
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a%20b/c.png?X-Amz-Signature=abc&v=1");
    EXPECT_EQ(url->str(), "https://shop.example:8443/a%20b/c.png?X-Amz-Signature=abc&v=1");
    EXPECT_EQ(parse_input_url("http://[2a00:1450::1]:81/x")->address, IpAddress::parse("2a00:1450::1"));
    EXPECT_EQ(parse_input_url("http://8.8.8.8/x")->address, IpAddress::parse("8.8.8.8"));
}

TEST(InputUrl, HasOneWayToBeWritten) {
    EXPECT_EQ(canonical("https://a.example"), "https://a.example/");
    EXPECT_EQ(canonical("https://a.example?x=1"), "https://a.example/?x=1");
    EXPECT_EQ(canonical("https://A.EXAMPLE:443/X"), "https://a.example/X");
    EXPECT_EQ(canonical("http://a.example:80/"), "http://a.example/");
    EXPECT_EQ(canonical("http://a.example:443/"), "http://a.example:443/");
    EXPECT_EQ(canonical("https://[2a00:1450::1]/"), "https://[2a00:1450::1]/");
    EXPECT_EQ(canonical("https://xn--bcher-kva.example/"), "https://xn--bcher-kva.example/");
    EXPECT_EQ(canonical("https://my_bucket.s3.example/a|b[1]"), "https://my_bucket.s3.example/a|b[1]");
}

TEST(InputUrl, ThatAnybodyCouldReadInTwoWaysIsRefused) {
    for (const std::string text : {"",
                                   " ",
                                   "https:",
                                   "https:/",
                                   "https://",
                                   "https:///",
                                   "https:///x",
                                   "https:a.example/",
                                   "//a.example/",
                                   "a.example/x.png",
                                   "/x.png",
                                   "ftp://a.example/",
                                   "httpsx://a.example/",
                                   "https ://a.example/",
                                   " https://a.example/",
                                   "https://a.example/ ",
                                   "https://a.example/a b",
                                   "https://a.example/\n",
                                   "https://a.example/\t",
                                   "https://a.example\r\nHost: b/",
                                   "https://a.example\\@b.example/",
                                   "https:\\\\a.example\\",
                                   "https://a.example/#x",
                                   "https://a.example#@b.example/",
                                   "https://user@a.example/",
                                   "https://user:pw@a.example/",
                                   "https://@a.example/",
                                   "https://a@b@c.example/",
                                   "https://a.example:/",
                                   "https://a.example:0/",
                                   "https://a.example:00443/",
                                   "https://a.example:0443/",
                                   "https://a.example:65536/",
                                   "https://a.example:99999/",
                                   "https://a.example:443443/",
                                   "https://a.example:4x/",
                                   "https://a.example:+1/",
                                   "https://a.example:-1/",
                                   "https://a.example:80:80/",
                                   "https://a.example.:443/",
                                   "https://a.example./",
                                   "https://.a.example/",
                                   "https://a..example/",
                                   "https://-a.example/",
                                   "https://a-.example/",
                                   "https://a.example%2e/",
                                   "https://a%2eexample/",
                                   "https://b\xc3\xbc.example/",
                                   "https://a.example/\xc3\xbc",
                                   "https://a!b.example/",
                                   "https://a.example,b.example/",
                                   "https://a.example;b/",
                                   "https://a&b.example/",
                                   "https://127.1/",
                                   "https://0x7f.1/",
                                   "https://0x7f000001/",
                                   "https://2130706433/",
                                   "https://0177.0.0.1/",
                                   "https://127.0.0.1./",
                                   "https://256.0.0.1/",
                                   "https://1.2.3.4.5/",
                                   "https://a.1/",
                                   "https://a.0x7f/",
                                   "https://[::1/",
                                   "https://::1/",
                                   "https://::1]/",
                                   "https://[::1]]/",
                                   "https://[[::1]]/",
                                   "https://[]/",
                                   "https://[::1]a/",
                                   "https://a[::1]/",
                                   "https://[::1%25lo]/",
                                   "https://[::1%lo]/",
                                   "https://[0::1]/",
                                   "https://[2A00::1]/",
                                   "https://[::ffff:1.2.3.4]/",
                                   "https://[1.2.3.4]/",
                                   "https://[v1.x]/",
                                   "https://a.example/%",
                                   "https://a.example/%4",
                                   "https://a.example/%zz",
                                   "https://a.example/<x>",
                                   "https://a.example/\"x\"",
                                   "https://a.example/{x}",
                                   "https://a.example/`x`",
                                   "https://a.example/x^"}) {
        EXPECT_FALSE(parse_input_url(text)) << text;
    }
    EXPECT_FALSE(parse_input_url(std::string_view("https://a.example/\0x", 20)));
    EXPECT_FALSE(parse_input_url(std::string_view("https://a.example\0.b.example/", 29)));
}

TEST(InputUrl, LongerThanItsLimitsIsRefused) {
    const std::string begin = "https://a.example/";
    EXPECT_TRUE(parse_input_url(begin + std::string(input_url_bytes_max - begin.size(), 'x')));
    EXPECT_FALSE(parse_input_url(begin + std::string(input_url_bytes_max - begin.size() + 1, 'x')));
    EXPECT_FALSE(parse_input_url(begin + std::string(1'000'000, 'x')));
    EXPECT_TRUE(parse_input_url("https://" + std::string(63, 'a') + ".example/"));
    EXPECT_FALSE(parse_input_url("https://" + std::string(64, 'a') + ".example/"));
    std::string name;
    while (name.size() < 253 - 8) name += "abcdef.";
    EXPECT_TRUE(parse_input_url("https://" + name + "example/")) << name.size();
    EXPECT_FALSE(parse_input_url("https://abc.def.g." + name + "example/"));
}

TEST(InputUrl, RefusalsSayWhatIsWrongAndRepeatNothingOfTheQuery) {
    EXPECT_EQ(canonical("ftp://a.example/"), "refused: The URL does not begin with https://.");
    EXPECT_EQ(canonical("https://u:p@a.example/"), "refused: The URL has a user name or password.");
    EXPECT_EQ(canonical("https://a.example/x#y"),
              "refused: The URL has a fragment (#), which is never sent to a server.");
    EXPECT_EQ(canonical("https://a.example/?secret=\"").find("secret"), std::string::npos);
}

TEST(InputUrl, LocationsLeadWhereRfc3986Says) {
    const auto* const from = "https://a.example/dir/sub/x.png?sig=1";
    EXPECT_EQ(followed(from, "https://b.example/y.png"), "https://b.example/y.png");
    EXPECT_EQ(followed(from, "http://b.example/"), "http://b.example/");
    EXPECT_EQ(followed(from, "//b.example:444/y"), "https://b.example:444/y");
    EXPECT_EQ(followed(from, "/y.png?z"), "https://a.example/y.png?z");
    EXPECT_EQ(followed(from, "y.png"), "https://a.example/dir/sub/y.png");
    EXPECT_EQ(followed(from, "./y.png"), "https://a.example/dir/sub/y.png");
    EXPECT_EQ(followed(from, "../y.png"), "https://a.example/dir/y.png");
    EXPECT_EQ(followed(from, "../../../../y.png?.."), "https://a.example/y.png?..");
    EXPECT_EQ(followed(from, "/a/./b/.."), "https://a.example/a/");
    EXPECT_EQ(followed(from, "?sig=2"), "https://a.example/dir/sub/x.png?sig=2");
    EXPECT_EQ(followed("https://a.example", "y"), "https://a.example/y");
    for (const auto* const location :
         {"", " ", "#x", "y#x", "file:///etc/passwd", "gopher://x/", "javascript:x", "data:,x",
          "\\\\b.example\\", "//127.1/", "///b.example/", "http:b.example", "//u@b.example/", "y z",
          "y\r\nX: 1", "//", "%", "//[::1"})
        EXPECT_EQ(followed(from, location), "refused") << location;
}

// What was read is read again from its canonical form as the same: no second parser can be told another
// story by what Darkroom hands on.
TEST(InputUrl, CanonicalFormIsReadAsTheSame) {
    constexpr std::string_view pieces[] = {
        "https://", "http://", "a", "b.example", ".",       ":",  "443", "/",  "?", "@", "[",
        "]",        "::1",     "%", "41",        "1.2.3.4", "\\", "#",   "..", "-", "x", "0x7f"};
    std::mt19937 random(1);
    int read = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string text(pieces[random() % 2]);
        for (auto count = random() % 7; count > 0; --count) text += pieces[random() % std::size(pieces)];
        const auto url = parse_input_url(text);
        if (!url) continue;
        ++read;
        const auto again = parse_input_url(url->str());
        ASSERT_TRUE(again) << text;
        ASSERT_EQ(*again, *url) << text;
        ASSERT_EQ(again->str(), url->str());
    }
    EXPECT_GT(read, 1'000);
}

}  // namespace
}  // namespace darkroom::core
