// Each way in which a pod is not what a gateway needs is one line that names its cause, before any job is
// sent there.
#include "app/pod_doctor.h"

#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "recipes/shipped_recipes.h"
#include "tests/support/comfyui_server.h"
#include "tests/support/real_clock.h"

namespace darkroom::app {
namespace {

using Level = upkeep::Finding::Level;

class PodDoctor : public ::testing::Test {
protected:
    PodDoctor() { settings_.pods = *parse_pods(pod_.url() + ";name=desk;bearer=s3cret"); }
    std::vector<upkeep::Finding> examine() {
        auto findings = examine_pods(settings_, &book_, http_, clock_);
        for (const auto& finding : findings) {
            EXPECT_EQ(finding.about, "pod desk");
            EXPECT_EQ(finding.detail.find("s3cret"), std::string::npos) << finding.detail;
        }
        return findings;
    }

    testing::ComfyuiServer pod_;
    const recipes::RecipeBook book_{recipes::shipped_recipes(), recipes::LicencePolicy{}};
    http::CurlClient http_;
    testing::RealClock clock_{testing::RealClock::Waits::skipped};
    Settings settings_;
};

TEST_F(PodDoctor, APodThatCanDoTheRecipesIsToldWithItsVersionAndGpu) {
    const auto findings = examine();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].level, Level::ok);
    EXPECT_EQ(findings[0].detail, "ComfyUI 0.38.1, cuda:0 Stand-in with 24 GiB");
    EXPECT_EQ(findings[1].level, Level::ok);
    EXPECT_EQ(findings[1].detail, "has the nodes and models of restore.comfy@1");
}

TEST_F(PodDoctor, WhatAPodLacksIsTold) {
    pod_.play(R"({"set":{"models_gone":["sd_xl_base_1.0.safetensors"],"version":"0.3.40"}})");
    const auto findings = examine();
    ASSERT_EQ(findings.size(), 3u);
    EXPECT_EQ(findings[1].level, Level::warning);
    EXPECT_NE(findings[1].detail.find("older than 0.3.57"), std::string::npos);
    EXPECT_EQ(findings[2].level, Level::failed);
    EXPECT_NE(findings[2].detail.find("no model ckpt_name: sd_xl_base_1.0.safetensors"), std::string::npos)
        << findings[2].detail;
}

TEST_F(PodDoctor, APodThatDoesNotTellOfItsNodesIsAWarning) {
    pod_.play(R"({"set":{"object_info":false}})");
    const auto findings = examine();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[1].level, Level::warning);
}

TEST_F(PodDoctor, NobodyAndSomebodyElseAtTheAddressAreToldApart) {
    pod_.kill();
    const auto gone = examine();
    ASSERT_EQ(gone.size(), 1u);
    EXPECT_EQ(gone[0].level, Level::failed);
    EXPECT_NE(gone[0].detail.find("no ComfyUI answers at " + settings_.pods[0].url), std::string::npos)
        << gone[0].detail;
}

}  // namespace
}  // namespace darkroom::app
