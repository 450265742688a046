// Pictures that travel by a network volume: the gateway writes and reads it over S3, workers have it as a
// folder.
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

std::size_t files_on(const World& world, const char* folder) {
    return files_under(world.volume_folder() / folder).size();
}

TEST(ServerlessVolume, InputsGoThereAndOutputsComeBackAndNothingStays) {
    World world({.workers = 1, .by_volume = true});
    const auto id = world.client().create_with("bg_remove", disc_png(96, 64));
    const auto job = world.client().ended_job(id);
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(world.client().get(target_of(text_at(job, "/outputs/0/url"))).status, 200);
    EXPECT_TRUE(eventually([&] { return files_on(world, "inputs") + files_on(world, "outputs") == 0; }));
}

TEST(ServerlessVolume, AResultWhoseReportWasLostIsFoundThere) {
    World world({.workers = 1,
                 .callback_every = 0,
                 .endpoint_flags = {"--fault", "report_lost=#1", "--fault", "webhook_drop=always"},
                 .by_volume = true});
    const auto id = world.client().create_with("bg_remove", disc_png(96, 64));
    const auto job = world.client().ended_job(id, Milliseconds(150'000));
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(number_at(job, "/attempt_count"), 1) << "paid once";
    EXPECT_EQ(text_at(job, "/attempts/0/completed_via"), "storage");
}

TEST(ServerlessVolume, AnInputOnTheVolumeGoesWhenTheJobIsCancelled) {
    World world({.workers = 0, .by_volume = true});
    const auto id = world.client().create_with("bg_remove", disc_png(96, 64));
    ASSERT_TRUE(eventually([&] { return files_on(world, "inputs") == 1; }));
    ASSERT_TRUE(eventually([&] {
        const auto all = world.remote_jobs();
        return !all.empty() && !text_at(all[0], "/remote_id").empty();
    }));
    EXPECT_EQ(world.client().post("/api/v1/jobs/" + id + "/cancel").status, 200);
    EXPECT_TRUE(eventually([&] { return files_on(world, "inputs") == 0; }));
}

}  // namespace
}  // namespace darkroom::e2e
