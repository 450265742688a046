#include "http/router.h"

#include <gtest/gtest.h>

namespace darkroom::http {
namespace {

using ports::HttpMethod;

constexpr const char* uuid = "01234567-89ab-4cde-8f01-23456789abcd";

ports::HttpRoute route(HttpMethod method, std::string pattern) {
    ports::HttpRoute made;
    made.method = method;
    made.pattern = std::move(pattern);
    return made;
}

Router jobs_router() {
    return Router({route(HttpMethod::get, "/"), route(HttpMethod::get, "/jobs"),
                   route(HttpMethod::post, "/jobs"), route(HttpMethod::get, "/jobs/{uuid}"),
                   route(HttpMethod::post, "/jobs/{uuid}/cancel"), route(HttpMethod::get, "/types/{word}"),
                   route(HttpMethod::post, "/types/special"), route(HttpMethod::put, "/files/{token}"),
                   route(HttpMethod::get, "/users/{user}/share")});
}

std::string pattern_of(const Router& router, HttpMethod method, std::string_view path) {
    const auto match = router.match(method, path);
    return match.route == nullptr ? "" : match.route->pattern;
}

TEST(Router, TheMediaTypeChoosesBetweenRoutesOfOnePath) {
    auto form = route(HttpMethod::post, "/jobs");
    form.media_type = "multipart/form-data";
    const Router router({route(HttpMethod::post, "/jobs"), form});
    const auto media_of = [&](std::string_view content_type) {
        return router.match(HttpMethod::post, "/jobs", content_type).route->media_type;
    };
    EXPECT_EQ(media_of("multipart/form-data; boundary=x"), "multipart/form-data");
    EXPECT_EQ(media_of("Multipart/Form-Data;boundary=x"), "multipart/form-data");
    EXPECT_EQ(media_of("application/json"), "");
    EXPECT_EQ(media_of("multipart/form-data-not"), "");
    EXPECT_EQ(media_of(""), "");
}

TEST(Router, FindsLiteralAndTypedPaths) {
    const auto router = jobs_router();
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/"), "/");
    EXPECT_EQ(pattern_of(router, HttpMethod::post, "/jobs"), "/jobs");
    const auto job = router.match(HttpMethod::get, std::string("/jobs/") + uuid);
    ASSERT_NE(job.route, nullptr);
    EXPECT_EQ(job.params, std::vector<std::string>{uuid});
    EXPECT_EQ(pattern_of(router, HttpMethod::post, std::string("/jobs/") + uuid + "/cancel"),
              "/jobs/{uuid}/cancel");
}

TEST(Router, DoesNotFindPathsWhoseParametersDoNotFit) {
    const auto router = jobs_router();
    for (const std::string path : {"/jobs/1", "/jobs/", "/jobs//", "//jobs", "/Jobs", "/types/", "/types/.",
                                   "/types/..", "/types/%2e%2e", "/types/a%2Fb", "/types/a%00", "/types/a%2",
                                   "/types/a b", "/files/", "/nothing", "", "jobs", "*"}) {
        const auto match = router.match(HttpMethod::get, path);
        EXPECT_EQ(match.route, nullptr) << path;
        EXPECT_EQ(match.allow, "") << path;
    }
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/types/" + std::string(64, 'a')), "/types/{word}");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/types/" + std::string(65, 'a')), "");
    EXPECT_EQ(pattern_of(router, HttpMethod::put, "/files/" + std::string(4096, 'a')), "/files/{token}");
    EXPECT_EQ(pattern_of(router, HttpMethod::put, "/files/" + std::string(4097, 'a')), "");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/users/ann@shop.example:7/share"), "/users/{user}/share");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/users/ann%20b/share"), "");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/users/" + std::string(129, 'a') + "/share"), "");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/users//share"), "");
    EXPECT_EQ(pattern_of(router, HttpMethod::put, "/files/a.b-c_d"), "/files/{token}");
}

TEST(Router, DecodesParametersAndLiterals) {
    const auto router = jobs_router();
    EXPECT_EQ(router.match(HttpMethod::get, "/types/bg%5fremove").params,
              std::vector<std::string>{"bg_remove"});
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/%6aobs"), "/jobs");
}

TEST(Router, PrefersLiteralSegmentsButStillServesTheOthersMethods) {
    const auto router = jobs_router();
    EXPECT_EQ(pattern_of(router, HttpMethod::post, "/types/special"), "/types/special");
    EXPECT_EQ(pattern_of(router, HttpMethod::get, "/types/special"), "/types/{word}");
}

TEST(Router, NamesTheMethodsThatWouldHaveWorked) {
    const auto router = jobs_router();
    EXPECT_EQ(router.match(HttpMethod::del, "/jobs").allow, "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(router.match(std::nullopt, "/jobs").allow, "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(router.match(HttpMethod::options, "/files/x").allow, "PUT, OPTIONS");
    EXPECT_EQ(pattern_of(router, HttpMethod::head, "/jobs"), "/jobs");
    EXPECT_EQ(router.match(HttpMethod::head, "/files/x").route, nullptr);
}

TEST(RouterDeathTest, TwoRoutesForOneRequestAreABug) {
    EXPECT_DEATH(Router({route(HttpMethod::get, "/a"), route(HttpMethod::get, "/a")}), "bug");
    EXPECT_DEATH(Router({route(HttpMethod::get, "/{number}")}), "bug");
    EXPECT_DEATH(Router({route(HttpMethod::get, "a")}), "bug");
}

}  // namespace
}  // namespace darkroom::http
