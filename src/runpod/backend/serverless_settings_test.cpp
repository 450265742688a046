#include "runpod/backend/serverless_settings.h"

#include <gmock/gmock.h>

namespace darkroom::runpod {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ServerlessSettings good() {
    ServerlessSettings settings;
    settings.public_base_url = "https://darkroom.example/";
    settings.client.base_url = "https://api.runpod.ai/v2/";
    settings.client.endpoint_id = "abc-1";
    settings.client.api_key = "rpa_SECRET";
    return settings;
}

TEST(ServerlessSettings, GoodOnesHaveNoProblems) {
    EXPECT_THAT(problems(good()), IsEmpty());
    auto alone = good();
    alone.public_base_url.clear();
    EXPECT_THAT(problems(alone), IsEmpty()) << "without an address of its own Darkroom polls";
}

TEST(ServerlessSettings, EachWrongOneIsToldAndNoKeyIs) {
    const std::vector<void (*)(ServerlessSettings&)> spoilers{
        [](auto& s) { s.inflight_max = 0; },
        [](auto& s) { s.weight = 0; },
        [](auto& s) { s.micro_usd_per_second = -1; },
        [](auto& s) { s.public_base_url = "ftp://x"; },
        [](auto& s) { s.public_base_url = "https://u:p@host"; },
        [](auto& s) { s.public_base_url = "https://host/?a=b"; },
        [](auto& s) { s.public_base_url = "https://h/" + std::string(2000, 'x'); },
        [](auto& s) { s.queue_budget = Milliseconds(0); },
        [](auto& s) { s.queue_budget = Milliseconds(8LL * 24 * 3'600'000); },
        [](auto& s) { s.execution_max = Milliseconds(-1); },
        [](auto& s) { s.url_life_max = Milliseconds(0); },
        [](auto& s) { s.client.endpoint_id = "a/b"; },
    };
    for (const auto spoil : spoilers) {
        auto settings = good();
        spoil(settings);
        const auto found = problems(settings);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_THAT(found[0], Not(HasSubstr("SECRET")));
    }
}

TEST(ServerlessSettings, ATargetNamesThePlaceAndNoKey) {
    EXPECT_EQ(target_of(good()), "https://api.runpod.ai/v2|abc-1");
    auto renamed = good();
    renamed.client.endpoint_id = "new-2";
    const auto old = settings_for_target(renamed, target_of(good()));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->client.endpoint_id, "abc-1");
    EXPECT_EQ(old->client.api_key, "rpa_SECRET");
    EXPECT_EQ(target_of(*old), target_of(good()));
}

TEST(ServerlessSettings, AKeyGoesToNoOtherServer) {
    for (const auto* target : {"http://api.runpod.ai/v2|abc-1", "https://api.runpod.ai.evil.example/v2|abc-1",
                               "https://api.runpod.ai/v2|../x", "https://api.runpod.ai/v2|",
                               "https://api.runpod.ai/v2", "|", "", "https://api.runpod.ai/v2|a|b"})
        EXPECT_FALSE(settings_for_target(good(), target)) << target;
}

TEST(ServerlessSettings, PublicUrlsBeginAtTheBaseHoweverItEnds) {
    auto settings = good();
    EXPECT_EQ(public_url(settings, "/webhooks/runpod"), "https://darkroom.example/webhooks/runpod");
    settings.public_base_url = "https://darkroom.example/app";
    EXPECT_EQ(public_url(settings, "/a"), "https://darkroom.example/app/a");
    settings.public_base_url.clear();
    EXPECT_EQ(public_url(settings, "/a"), "");
}

}  // namespace
}  // namespace darkroom::runpod
