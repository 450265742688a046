// A workflow that gives back another picture than it was asked for: beside the region nothing of the original
// changes, whatever came from the pod.
#include "base/json.h"
#include "tests/pod/pod_fixture.h"
#include "tests/support/temp_dir.h"
#include "tools/pictures/picture_file.h"

namespace darkroom::e2e {
namespace {

constexpr const char* workflow =
    R"({"1":{"class_type":"LoadImage","inputs":{"image":"x.png"}},)"
    R"("9":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}})";
constexpr const char* recipe = R"(darkroom_recipe: 1
id: removal.comfy
version: 1
type: object_remove
params_v: [1]
title: Removal by a workflow
engine: comfyui
targets: [comfy_pod]
workflow:
  file: removal.json
  expect: {"1": LoadImage, "9": SaveImage}
inputs:
  image: { pointer: /1/inputs/image, as: uploaded_name, required: true }
bind:
  - { job: id, format: "dr-{}", pointer: /9/inputs/filename_prefix }
unbound: ignore
outputs:
  - { role: main, node: "9", kind: image, index: 0 }
post: [{ op: composite_through_region }]
)";

/// A folder that is there before the gateway starts.
class WithRecipes {
protected:
    WithRecipes() {
        testing::write_file(folder_.path() / "removal.json", workflow);
        testing::write_file(folder_.path() / "removal.yaml", recipe);
    }
    testing::TempDir folder_;
};

class PodRegion : private WithRecipes, public PodTest {
protected:
    PodRegion() : PodTest({}, {{"RECIPES_DIR", WithRecipes::folder_.path().string()}}) {}

    cv::Mat decoded(const std::string& bytes) {
        const auto path = WithRecipes::folder_.path() / "picture.png";
        testing::write_file(path, bytes);
        auto picture = pictures::read_picture(path);
        EXPECT_TRUE(picture);
        return picture ? *std::move(picture) : cv::Mat();
    }
};

TEST_F(PodRegion, OutsideOfItTheOriginalIsKeptBitForBit) {
    const auto photo = disc_png(96, 64);
    const auto job = ended(server_.client().create_with(
        "object_remove", photo, R"({"region":{"boxes":[[40,24,16,16]]},"units":"px"})"));
    ASSERT_EQ(text_at(job, "/status"), "SUCCEEDED") << job;
    EXPECT_EQ(text_at(job, "/attempts/0/backend"), "pod");
    EXPECT_EQ(text_at(job, "/attempts/0/recipe"), "removal.comfy@1") << job;
    const auto before = decoded(photo);
    const auto after = decoded(picture_of(job));
    ASSERT_EQ(after.size(), before.size()) << "the pod's picture had another size";
    int changed_inside = 0;
    int changed_outside = 0;
    for (int y = 0; y < before.rows; ++y) {
        for (int x = 0; x < before.cols; ++x) {
            const bool is_same = before.at<cv::Vec3b>(y, x) == after.at<cv::Vec3b>(y, x);
            // The region may grow by what its seam needs; a corner far from it must not.
            const bool is_near = x >= 20 && x < 76 && y >= 4 && y < 60;
            (is_near ? changed_inside : changed_outside) += is_same ? 0 : 1;
        }
    }
    EXPECT_EQ(changed_outside, 0);
    EXPECT_GT(changed_inside, 100) << "nothing of the pod's picture is in the result";
}

}  // namespace
}  // namespace darkroom::e2e
