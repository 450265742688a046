#include "recipes/licence_policy.h"

#include <gmock/gmock.h>

#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using fixture::codes;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string a(64, 'a'), b(64, 'b');
constexpr const char* today = "2026-11-22";

TEST(LicencePolicy, KnowsUsageModelsAndGrants) {
    const auto read = read_licence_policy(
        "usage: evaluation\nmodels: [{ sha256: " + a + ", name: A, licence: X, commercial: no }]\n" +
            "grants: [{ sha256: " + b + ", reference: contract 7, until: 2026-11-22 }]\n",
        today);
    EXPECT_THAT(codes(read.findings), IsEmpty()) << fixture::told(read.findings);
    EXPECT_EQ(read.policy.usage, Usage::evaluation);
    EXPECT_EQ(read.policy.registry.at(a), Commercial::no);
    EXPECT_EQ(read.policy.grants.at(b), "contract 7");
}

TEST(LicencePolicy, AGrantThatHasEndedCountsNoMore) {
    const auto read =
        read_licence_policy("grants: [{ sha256: " + b + ", reference: old, until: 2026-11-21 }]", today);
    EXPECT_THAT(codes(read.findings), ElementsAre("grant_ended"));
    EXPECT_THAT(read.policy.grants, IsEmpty());
}

TEST(LicencePolicy, WhatIsNotUnderstoodLoosensNothing) {
    const std::string grant = "grants: [{ sha256: " + b + ", reference: x, until: 2030-01-01 }]\n";
    for (const std::string wrong :
         {"usage: free", "usaje: evaluation", "models: 5", "models: [{ sha256: abc, commercial: yes }]",
          "models: [{ commercial: yes }]", "models: [{ sha256: 5 }]"}) {
        const auto read = read_licence_policy(grant + wrong + "\n", today);
        EXPECT_TRUE(has_errors(read.findings)) << wrong;
        EXPECT_THAT(read.policy.grants, IsEmpty()) << wrong;
        EXPECT_EQ(read.policy.usage, Usage::commercial) << wrong;
    }
    EXPECT_THAT(codes(read_licence_policy("usage: evaluation\nusage: commercial", today).findings),
                ElementsAre("yaml_invalid"));
    EXPECT_THAT(codes(read_licence_policy("grants: [{ sha256: " + b + ", reference: x, until: soon }]", today)
                          .findings),
                ElementsAre("wrong_value"));
    EXPECT_THAT(codes(read_licence_policy("models: [{ sha256: " + a + ", commercial: yes }, { sha256: " + a +
                                              ", commercial: no }]",
                                          today)
                          .findings),
                Contains("wrong_value"));
}

}  // namespace
}  // namespace darkroom::recipes
