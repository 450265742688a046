// The list of hostile URLs against the guard, with nothing to connect to: a request that was made would be
// seen. tests/integration/input_url_test.cpp does the same with a real client and listeners.
#include "intake/url_guard.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "intake/url_fetch.h"
#include "tests/support/input_url_corpus.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/scripted_web.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::intake {
namespace {

using darkroom::testing::hostile_urls;
using darkroom::testing::ScriptedResolver;

constexpr auto own_name = "gateway-7";

class UrlGuard : public ::testing::Test {
protected:
    UrlGuard() {
        log::configure(log::Level::off, log::Format::text);
        set_up_names(resolver_, own_name);
    }

    /// "" = it was asked.
    std::string refusal_of(const std::string& url, const core::InputUrlRules& rules) {
        UrlFetchLimits limits;
        limits.rules = rules;
        limits.spool_dir = folder_.path();
        const auto got = UrlFetch(web_, resolver_, clock_, random_, limits).fetch(url);
        if (got) return "";
        const auto* const refused = std::get_if<UrlRefused>(&got.error());
        return refused != nullptr ? refused->why : "";
    }

    darkroom::testing::TempDir folder_;
    darkroom::testing::ManualClock clock_;
    darkroom::testing::SeededRandom random_{3};
    ScriptedResolver resolver_;
    darkroom::testing::ScriptedWeb web_;
};

std::string as_https(const std::string& url) {
    return url.substr(0, 5) == "http:" ? "https:" + url.substr(5) : url;
}

// With http allowed the scheme is no reason; with some network allowed, neither scheme nor port are reasons
// before the addresses were looked at.
TEST_F(UrlGuard, RefusesEveryHostileUrlUnderAllRules) {
    core::InputUrlRules with_http;
    with_http.http = true;
    auto with_network = *core::parse_input_url_allow("198.18.77.0/24,fd77::/16");
    with_network.http = true;
    const auto with_host = *core::parse_input_url_allow("files.internal:9000");
    int tried = 0;
    for (const auto& [number, url] : hostile_urls(own_name)) {
        SCOPED_TRACE("Z-" + std::to_string(number) + " " + url);
        for (const auto& rules : {core::InputUrlRules(), with_http, with_network, with_host}) {
            EXPECT_NE(refusal_of(url, rules), "");
            EXPECT_NE(refusal_of(as_https(url), rules), "");
            tried += 2;
        }
    }
    EXPECT_GE(tried, 100 * 8);
    EXPECT_TRUE(web_.requests().empty());
}

TEST_F(UrlGuard, NeverConnectsToWhatARebindingNameSometimesMeans) {
    resolver_.set_in_turn("rebinding.example", {{"93.184.216.34"}, {"127.0.0.1"}});
    int asked = 0;
    for (int i = 0; i < 1'000; ++i) asked += refusal_of("https://rebinding.example/", {}).empty() ? 1 : 0;
    EXPECT_EQ(asked, 500);
    EXPECT_EQ(resolver_.questions(), 1'000);  // once each
    ASSERT_EQ(web_.requests().size(), 500u);
    for (const auto& request : web_.requests()) EXPECT_EQ(request.connect_address, "93.184.216.34");
}

TEST_F(UrlGuard, RefusesANameWithOnePrivateAddressAmongPublicOnes) {
    resolver_.set("many.example", {"93.184.216.34", "2606:4700::1111", "93.184.216.35", "10.0.0.1"});
    EXPECT_EQ(refusal_of("https://many.example/", {}), "The host of the URL is not on the public Internet.");
    EXPECT_TRUE(web_.requests().empty());
}

TEST_F(UrlGuard, TellsTheClientNothingOfWhatANameMeansInside) {
    const auto why = refusal_of("https://loopback-v4.example/?secret=1", {});
    EXPECT_NE(why, "");
    EXPECT_EQ(why.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(why.find("secret"), std::string::npos);
}

TEST_F(UrlGuard, LetsPublicHostsThroughAtTheAddressThatWasChecked) {
    for (const auto& [url, address] : std::initializer_list<std::pair<const char*, const char*>>{
             {"https://93.184.216.34/a", "93.184.216.34"},
             {"https://[2606:4700::1111]/a", "2606:4700::1111"},
             {"https://good.example/a", "93.184.216.34"}}) {
        EXPECT_EQ(refusal_of(url, {}), "") << url;
        ASSERT_FALSE(web_.requests().empty());
        EXPECT_EQ(web_.requests().back().url, url);
        EXPECT_EQ(web_.requests().back().connect_address, address);
    }
}

TEST_F(UrlGuard, WithoutAnyAddressSaysThatTheHostWasNotFound) {
    const auto missing = check_url(*core::parse_input_url("https://nowhere.example/"), {}, resolver_);
    ASSERT_FALSE(missing);
    const auto* const failed = std::get_if<UrlFailed>(&missing.error());
    ASSERT_NE(failed, nullptr);
    EXPECT_EQ(failed->why, "The host of the URL was not found.");
    EXPECT_TRUE(failed->retryable);
    resolver_.set("empty.example", {});
    const auto empty = check_url(*core::parse_input_url("https://empty.example/"), {}, resolver_);
    ASSERT_FALSE(empty);
    EXPECT_TRUE(std::holds_alternative<UrlFailed>(empty.error()));
}

}  // namespace
}  // namespace darkroom::intake
