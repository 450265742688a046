// What a pod tells over its socket, through the gateway: seen while a job runs, and never believed when it is
// about a job's end. Scenarios 3, 4 and 28 are here.
#include "base/json.h"
#include "tests/pod/pod_fixture.h"
#include "tests/support/temp_dir.h"

namespace darkroom::e2e {
namespace {

TEST_F(PodTest, AJobThatRunsTellsHowFarItIs) {
    set(R"("hold":true)");
    const auto id = create();
    boost::json::value job;
    const auto is_told = [&] {
        job = server_.client().job(id);
        return text_at(job, "/progress/max") == "20";
    };
    ASSERT_TRUE(eventually(is_told, Milliseconds(30'000))) << job;
    EXPECT_EQ(boost::json::serialize(job.at_pointer("/progress")),
              R"({"stage":"running","value":7,"max":20,"percent":35})");
    set(R"("hold":false)");
    pod_.play(R"({"release":1})");
    const auto done = ended(id);
    expect_restored(done);
    EXPECT_TRUE(done.at_pointer("/progress").is_null());
}

// Each is held for as long as it takes to be seen as running, so that the socket has its say.
class PodSocket : public PodTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(PodSocket, MayDoWhatItWillAndTheJobEndsRight) {
    set(R"("hold":true,"socket":")" + std::string(GetParam()) + "\"");
    const auto id = create();
    const auto runs = [&] { return text_at(server_.client().job(id), "/progress/stage") == "running"; };
    ASSERT_TRUE(eventually(runs, Milliseconds(30'000)));
    EXPECT_EQ(text_at(server_.client().job(id), "/status"), "RUNNING") << "it has not ended there";
    set(R"("hold":false)");
    pod_.play(R"({"release":1})");
    const auto job = ended(id);
    expect_restored(job);
    EXPECT_EQ(text_at(job, "/attempts/0/completed_via"), "poll");
    EXPECT_EQ(counts("posts").size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Scenario28, PodSocket,
                         ::testing::Values("refused", "silent", "lies", "giant", "cut"),
                         [](const auto& test) { return std::string(test.param); });

TEST_F(PodTest, AFailureIsOneWhateverTheSocketSays) {
    set(R"("socket":"lies","ends":"oom")");
    const auto id = create();
    ASSERT_TRUE(eventually([&] { return report().at("frees").as_int64() > 0; }, Milliseconds(20'000)));
    set(R"("ends":"success")");
    const auto job = ended(id);
    expect_restored(job, 2);
    EXPECT_EQ(text_at(job, "/attempts/0/error/code"), "worker_oom");
}

TEST_F(PodTest, APodThatDiesUnderItsSocketIsHeardAgainWhenItIsBack) {
    set(R"("hold":true)");
    const auto id = create();
    const auto is_told = [&] { return text_at(server_.client().job(id), "/progress/max") == "20"; };
    ASSERT_TRUE(eventually(is_told, Milliseconds(30'000)));
    pod_.kill();
    pod_.start_again();
    set(R"("hold":true)");
    ASSERT_TRUE(eventually([&] { return !counts("runs").empty(); }, Milliseconds(60'000)));
    EXPECT_TRUE(eventually(is_told, Milliseconds(60'000))) << "of the second attempt";
    set(R"("hold":false)");
    pod_.play(R"({"release":1})");
    expect_restored(ended(id), 2);
}

constexpr const char* many_savers =
    R"({"1":{"class_type":"LoadImage","inputs":{"image":"x.png"}},)"
    R"("2":{"class_type":"PreviewImage","inputs":{"images":["1",0]}},)"
    R"("3":{"class_type":"VHS_VideoCombine","inputs":{"images":["1",0],"filename_prefix":"v"}},)"
    R"("9":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}})";
constexpr const char* recipe_of_many = R"(darkroom_recipe: 1
id: many.comfy
version: 1
type: restore
params_v: [1]
title: A workflow that saves in three ways
engine: comfyui
targets: [comfy_pod]
workflow:
  file: many.json
  expect: {"1": LoadImage, "9": SaveImage}
inputs:
  image: { pointer: /1/inputs/image, as: uploaded_name, required: true }
bind:
  - { job: id, format: "dr-{}", pointer: /9/inputs/filename_prefix }
unbound: ignore
outputs:
  - { role: main, node: "9", kind: image, index: 0 }
)";

class WithManySavers {
protected:
    WithManySavers() {
        testing::write_file(recipes_.path() / "many.json", many_savers);
        testing::write_file(recipes_.path() / "many.yaml", recipe_of_many);
    }
    testing::TempDir recipes_;
};

class PodOutputs : private WithManySavers, public PodTest {
protected:
    PodOutputs() : PodTest({}, {{"RECIPES_DIR", recipes_.path().string()}}) {}
};

TEST_F(PodOutputs, Scenario03And04PreviewsAndFilesUnderOtherKeysAreNotTakenForTheResult) {
    const auto job = restored();
    expect_restored(job);
    EXPECT_EQ(text_at(job, "/attempts/0/recipe"), "many.comfy@1") << job;
    ASSERT_EQ(job.at_pointer("/outputs").as_array().size(), 1u) << job;
    EXPECT_EQ(text_at(job, "/outputs/0/content_type"), "image/png");
    const auto size = decoded_size(picture_of(job), ".png");
    EXPECT_EQ(size.width, 64);
    EXPECT_EQ(size.height, 48);
}

}  // namespace
}  // namespace darkroom::e2e
