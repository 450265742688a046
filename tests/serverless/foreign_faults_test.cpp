// What foreign workers get wrong, through the real gateway: each mistake ends the job with a code that says
// what it was, and shows nobody anything.
#include <gtest/gtest.h>

#include "tests/e2e/leftovers.h"
#include "tests/e2e/pictures.h"
#include "tests/serverless/world.h"

namespace darkroom::e2e {
namespace {

WorldPlan plan_of(const std::string& kind) {
    WorldPlan plan{.workers = 1, .callback_every = 0, .foreign = kind};
    plan.by_volume = kind == "files";
    plan.settings["RUNPOD_ENDPOINT_ID"] = "ep-local;name=desk;max=4;gpu=RTX 4090;worker=" +
                                          std::string(plan.by_volume ? "volume_files" : "worker_comfyui");
    plan.settings["DARKROOM_MAX_ATTEMPTS"] = "1";
    return plan;
}

struct Fault {
    const char* name;
    const char* code;
};

void expect_each_to_fail(const std::string& kind, const std::vector<Fault>& faults) {
    World world(plan_of(kind));
    for (const auto& fault : faults) {
        SCOPED_TRACE(fault.name);
        world.set_fault(fault.name);
        const auto id = world.client().create_with("restore", disc_png(48, 32));
        const auto job = world.client().ended_job(id, Milliseconds(60'000));
        EXPECT_EQ(text_at(job, "/status"), "FAILED") << job;
        EXPECT_EQ(text_at(job, "/error/code"), fault.code) << job;
        EXPECT_TRUE(items_at(job, "/outputs").empty());
    }
    world.set_fault("");
    const auto id = world.client().create_with("restore", disc_png(48, 32));
    EXPECT_EQ(text_at(world.client().ended_job(id), "/status"), "SUCCEEDED") << "and then one is right";
}

TEST(ForeignFaults, FilesOnTheVolumeThatCannotBeTaken) {
    expect_each_to_fail("files", {{"trick", "output_invalid"},
                                  {"elsewhere", "output_invalid"},
                                  {"inputs", "output_invalid"},
                                  {"count", "output_invalid"},
                                  {"nothing", "output_missing"},
                                  {"missing", "output_missing"},
                                  {"empty", "output_invalid"},
                                  {"truncated", "output_invalid"},
                                  {"undecodable", "output_invalid"}});
}

TEST(ForeignFaults, AnswersWithPicturesThatCannotBeTaken) {
    expect_each_to_fail("images", {{"nothing", "output_missing"},
                                   {"not-base64", "output_invalid"},
                                   {"undecodable", "output_invalid"},
                                   {"truncated", "output_invalid"},
                                   {"giant", "output_missing"} /* RunPod drops it */,
                                   {"oom", "worker_oom"}});
}

TEST(ForeignFaults, APictureTooLargeToTravelIsToldWithoutAGpu) {
    World world(plan_of("images"));
    const auto id = world.client().create_with("restore", disc_png(2'000, 1'500));  // nine megabytes
    const auto job = world.client().ended_job(id, Milliseconds(60'000));
    EXPECT_EQ(text_at(job, "/error/code"), "input_too_large") << job;
    EXPECT_TRUE(world.remote_jobs().empty() || text_at(world.remote_jobs()[0], "/remote_id").empty());
}

}  // namespace
}  // namespace darkroom::e2e
