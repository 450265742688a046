// The same job on a pod, on this machine, and on the pod again after the gateway's settings have changed.
#include "base/json.h"
#include "tests/pod/pod_fixture.h"

namespace darkroom::e2e {
namespace {

TEST_F(PodTest, APhotoIsRestoredOnAPodWithNoMoreThanItsAddress) {
    const auto job = restored();
    expect_restored(job);
    EXPECT_EQ(text_at(job, "/backend"), "pod");
    EXPECT_EQ(text_at(job, "/attempts/0/endpoint"), "desk");
    EXPECT_EQ(text_at(job, "/attempts/0/completed_via"), "poll");
    EXPECT_EQ(text_at(job, "/attempts/0/models/0/name"), "Stable Diffusion XL base") << job;
    const auto size = decoded_size(picture_of(job), ".png");
    EXPECT_EQ(size.width, 64);
    EXPECT_EQ(size.height, 48);
}

TEST_F(PodTest, AJobMayAskForThisMachineInsteadAndATypeThatNoPodDoesGoesThere) {
    const auto upload = server_.client().upload(disc_png(96, 64));
    const auto created = server_.client().post(
        "/api/v1/jobs", R"({"type":"restore","backend":"local","inputs":[{"upload":")" + upload + R"("}]})");
    ASSERT_EQ(created.status, 201) << created.body();
    const auto here = ended(text_at(created.json(), "/id"));
    EXPECT_EQ(text_at(here, "/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(here, "/attempts/0/backend"), "local");
    const auto png = ended(server_.client().create_with("jpeg_to_png", disc_png(96, 64)));
    EXPECT_EQ(text_at(png, "/status"), "SUCCEEDED");
    EXPECT_EQ(text_at(png, "/attempts/0/backend"), "local");
    EXPECT_TRUE(counts("posts").empty());
}

TEST_F(PodTest, ACancelledJobIsTakenOutOfThePodAndItsNeighbourGoesOn) {
    set(R"("hold":true)");
    const auto runs = create(1);
    pod_.wait_until_running();
    const auto other = create(2);
    ASSERT_TRUE(eventually([&] { return counts("posts").size() == 2; }));
    EXPECT_EQ(server_.client().post("/api/v1/jobs/" + runs + "/cancel").status, 200);
    EXPECT_EQ(text_at(server_.client().job(runs), "/status"), "CANCELLED");
    ASSERT_TRUE(eventually([&] { return counts("runs").size() == 2; })) << "the slot is free there";
    set(R"("hold":false)");
    pod_.play(R"({"release":5})");
    expect_restored(ended(other));
}

TEST_F(PodTest, WhatWasLeftAtAPodIsFetchedThoughThePodGetsNoMore) {
    set(R"("hold":true)");
    const auto id = create();
    pod_.wait_until_running();
    server_.terminate();
    set(R"("hold":false)");
    pod_.play(R"({"release":5})");
    server_.start({{"COMFYUI_MODE", "local"}});
    expect_restored(ended(id));
    const auto next = restored(7);
    EXPECT_EQ(text_at(next, "/attempts/0/backend"), "local");
    EXPECT_EQ(counts("posts").size(), 1u);
}

TEST_F(PodTest, AGatewayKilledWhileAPodWorksFindsTheSamePromptAgain) {
    set(R"("hold":true)");
    const auto id = create();
    pod_.wait_until_running();
    // Perhaps before it has heard the pod's answer.
    server_.kill9();
    server_.start();
    set(R"("hold":false)");
    pod_.play(R"({"release":5})");
    expect_restored(ended(id));
    for (const auto& [prompt, runs] : counts("runs")) EXPECT_EQ(runs, 1) << prompt;
    EXPECT_EQ(counts("posts").size(), 1u);
}

TEST_F(PodTest, AGatewayWithPodsAloneHasNoDoorForRunpod) {
    EXPECT_EQ(server_.client().post("/api/v1/webhooks/runpod", "{}").status, 404);
    EXPECT_EQ(server_.client().post("/api/v1/webhooks/runpod-completion?token=x", "{}").status, 404);
}

}  // namespace
}  // namespace darkroom::e2e
