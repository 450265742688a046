// Links that a worker names: where they may lead, and what may come from there.
#include "runpod/backend/link_reader.h"

#include <gmock/gmock.h>

#include "runpod/client/testing/scripted_api.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"

namespace darkroom::runpod {
namespace {

using ports::ObjectErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;

class LinkReaderTest : public ::testing::Test {
protected:
    LinkReaderTest() {
        resolver.set("b.example", {"93.184.216.34"});
        resolver.set("inside.example", {"10.1.2.3"});
    }
    ports::ObjectError error(const std::string& link) {
        const auto opened = LinkReader(web, resolver, clock, rules).open(link);
        EXPECT_FALSE(opened.ok()) << link;
        return opened ? ports::ObjectError{} : opened.error();
    }
    ports::ObjectError error_of_page(darkroom::testing::WebPage page) {
        web.set(url, std::move(page));
        return error(url);
    }

    const std::string url = "https://b.example/a.png?sig=secret";
    darkroom::testing::ScriptedWeb web;
    darkroom::testing::ScriptedResolver resolver;
    testing::JumpingClock clock;
    core::InputUrlRules rules;
};

TEST_F(LinkReaderTest, NothingPrivateIsConnectedToUnlessTheOperatorAllowsIt) {
    for (const auto* link :
         {"https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest/meta-data",
          "https://inside.example/x", "http://b.example/x", "https://b.example:8443/x", "ftp://b.example/x",
          "https://b.example/\x01", "not a link"})
        EXPECT_EQ(error(link).kind, ObjectErrorKind::missing) << link;
    EXPECT_TRUE(web.requests().empty());
    rules = *core::parse_input_url_allow("10.0.0.0/8");
    web.set("http://inside.example:9000/x", {.headers = {{"Content-Length", "2"}}, .body = "ok"});
    const auto opened = LinkReader(web, resolver, clock, rules).open("http://inside.example:9000/x");
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    EXPECT_EQ((*opened)->bytes(), 2u);
}

TEST_F(LinkReaderTest, WhatHelpsToAskAgainIsToldApartFromWhatDoesNot) {
    EXPECT_EQ(error_of_page({.status = 403}).kind, ObjectErrorKind::missing) << "expired";
    EXPECT_EQ(error_of_page({.status = 302, .headers = {{"Location", "https://c.example/"}}}).kind,
              ObjectErrorKind::missing);
    EXPECT_EQ(error_of_page({.status = 200, .body = "x"}).kind, ObjectErrorKind::missing) << "no length";
    EXPECT_EQ(error_of_page({.headers = {{"Content-Length", "1"}, {"Content-Encoding", "gzip"}}}).kind,
              ObjectErrorKind::missing);
    EXPECT_EQ(error_of_page({.headers = {{"Content-Length", "-1"}}}).kind, ObjectErrorKind::missing);
    EXPECT_EQ(error_of_page({.status = 503}).kind, ObjectErrorKind::unavailable);
    EXPECT_EQ(error_of_page({.status = 429}).kind, ObjectErrorKind::unavailable);
    web.break_address("93.184.216.34", ports::FetchError::unreachable);
    EXPECT_EQ(error(url).kind, ObjectErrorKind::unavailable);
    EXPECT_THAT(error(url).detail, Not(HasSubstr("secret")));
}

TEST_F(LinkReaderTest, APictureThatDripsOrBreaksOffIsGivenUp) {
    web.set(url, {.headers = {{"Content-Length", "1000"}}, .body = "x", .endless = true, .before_piece = [&] {
                      clock.advance(Milliseconds(10'000));
                  }});
    auto dripping = LinkReader(web, resolver, clock, rules).open(url);
    ASSERT_TRUE(dripping.ok());
    std::string buffer(1, '\0');
    int pieces = 0;
    ports::ObjectResult<std::size_t> got = std::size_t{1};
    while (got && pieces < 1'000) {
        got = (*dripping)->read(buffer);
        ++pieces;
    }
    EXPECT_FALSE(got.ok());
    EXPECT_EQ(pieces, 19) << "three minutes of ten seconds each, and then the end";
    web.set(
        url,
        {.headers = {{"Content-Length", "10"}}, .body = "x", .breaks_off = ports::FetchError::interrupted});
    auto broken = LinkReader(web, resolver, clock, rules).open(url);
    ASSERT_TRUE(broken.ok());
    EXPECT_TRUE((*broken)->read(buffer).ok());
    EXPECT_EQ((*broken)->read(buffer).error().kind, ObjectErrorKind::unavailable);
}

}  // namespace
}  // namespace darkroom::runpod
