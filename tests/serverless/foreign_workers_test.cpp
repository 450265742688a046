// Photos restored by RunPod workers that run ComfyUI workflows and have never heard of Darkroom: sent and
// read as each of their contracts wants it, through the real gateway. `restore` needs no configuration for
// it.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/json.h"
#include "tests/e2e/leftovers.h"
#include "tests/e2e/links.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

const std::string endpoint_of_volume_files = "ep-local;name=desk;max=4;gpu=RTX 4090;worker=volume_files";
const std::string endpoint_of_comfyui = "ep-local;name=desk;max=4;gpu=RTX 4090;worker=worker_comfyui";

WorldPlan foreign(const std::string& kind) {
    WorldPlan plan{.workers = 1, .callback_every = 0, .foreign = kind};
    plan.by_volume = kind == "files";
    plan.settings["RUNPOD_ENDPOINT_ID"] = plan.by_volume ? endpoint_of_volume_files : endpoint_of_comfyui;
    return plan;
}

boost::json::value restored(World& world, std::uint32_t seed = 0) {
    const auto id = world.client().create_with("restore", disc_png(96, 64, seed));
    return world.client().ended_job(id, Milliseconds(120'000));
}

std::string picture_of(World& world, const boost::json::value& job) {
    const auto url = text_at(job, "/outputs/0/url");
    if (!url.starts_with(world.server().url())) return fetch(url).body;
    return world.client().get(target_of(url)).body();
}

void expect_restored(World& world, const boost::json::value& job) {
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job << world.worker_log(0);
    EXPECT_EQ(text_at(job, "/attempts/0/backend"), "serverless");
    EXPECT_EQ(number_at(job, "/attempt_count"), 1);
    EXPECT_EQ(text_at(job, "/attempts/0/models/0/name"), "Stable Diffusion XL base") << job;
    EXPECT_EQ(number_at(job, "/outputs/0/width"), 96);
    EXPECT_EQ(number_at(job, "/outputs/0/height"), 64);
    const auto bytes = picture_of(world, job);
    const auto size = decoded_size(bytes, ".png");
    EXPECT_EQ(size.width, 96);
    EXPECT_EQ(size.height, 64);
    EXPECT_EQ(bytes.find("KSampler"), std::string::npos)
        << "the workflow does not leave the house in a picture";
}

void expect_an_empty_volume(World& world) {
    EXPECT_TRUE(eventually([&] {
        return files_under(world.volume_folder() / "inputs").empty() &&
               files_under(world.volume_folder() / "outputs").empty();
    })) << "what travelled by the volume was not removed";
}

TEST(ForeignWorkers, AWorkflowGoesByTheVolumeAndItsFilesComeBackAndNothingStays) {
    World world(foreign("files"));
    expect_restored(world, restored(world));
    expect_an_empty_volume(world);
}

TEST(ForeignWorkers, WhatIsBuiltInStaysOnThisMachine) {
    auto plan = foreign("files");
    plan.workers = 0;
    World world(plan);
    const auto job = world.client().ended_job(world.client().create_with("jpeg_to_png", disc_png(96, 64)));
    EXPECT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/attempts/0/backend"), "local");
    EXPECT_TRUE(world.remote_jobs().empty());
}

TEST(ForeignWorkers, AutoIsEnoughWhereThereIsAVolume) {
    auto plan = foreign("files");
    plan.settings["RUNPOD_ENDPOINT_ID"] = "ep-local;name=desk;gpu=RTX 4090";
    World world(plan);
    expect_restored(world, restored(world));
}

TEST(ForeignWorkers, FilesUnderOtherNamesAndWithoutTheirFoldersAreTakenToo) {
    World world(foreign("files"));
    world.set_fault("renamed");
    const auto job = restored(world, 1);
    expect_restored(world, job);
    EXPECT_EQ(text_at(job, "/attempts/0/warnings/0/code"), "output_name_shared") << job;
    world.set_fault("flat");
    expect_restored(world, restored(world, 2));
    expect_an_empty_volume(world);
}

TEST(ForeignWorkers, AWrongAnswerDoesNotCostAResultThatLiesWhereItShould) {
    World world(foreign("files"));
    world.set_fault("lie");
    const auto job = restored(world);
    expect_restored(world, job);
    EXPECT_EQ(text_at(job, "/attempts/0/completed_via"), "storage");
}

TEST(ForeignWorkers, PicturesTravelInsideOrdersAndAnswersOfWorkerComfyui) {
    World world(foreign("images"));
    const auto job = restored(world);
    expect_restored(world, job);
    EXPECT_EQ(text_at(job, "/attempts/0/warnings/0/code"), "worker_warning") << job;
}

TEST(ForeignWorkers, AnswersFromBeforeVersionFiveAreReadWithoutBeingTold) {
    World world(foreign("message"));
    expect_restored(world, restored(world));
}

TEST(ForeignWorkers, LinksToAWorkersOwnBucketAreFetchedWhereTheOperatorAllowsIt) {
    auto plan = foreign("links");
    plan.settings["DARKROOM_INPUT_URL_ALLOW"] = "127.0.0.0/8";
    World world(plan);
    expect_restored(world, restored(world));
    EXPECT_EQ(world.server().log().find("X-Amz-Signature"), std::string::npos);
}

TEST(ForeignWorkers, LinksIntoAPrivateNetworkAreNotFollowed) {
    World world(foreign("links"));
    const auto job = restored(world);
    EXPECT_EQ(text_at(job, "/status"), "FAILED") << job;
    EXPECT_EQ(text_at(job, "/error/code"), "output_missing");
}

TEST(ForeignWorkers, RunPodsOwnPackageRunsThemLikeAnyHandler) {
    if (!std::filesystem::exists(DR_SDK_PYTHON))
        GTEST_SKIP() << "RunPod's Python package is not here: ./dev compat fetches it";
    for (const auto* kind : {"files", "images"}) {
        auto plan = foreign(kind);
        plan.sdk_python = DR_SDK_PYTHON;
        World world(plan);
        expect_restored(world, restored(world));
    }
}

}  // namespace
}  // namespace darkroom::e2e
