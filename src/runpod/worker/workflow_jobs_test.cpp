// Jobs whose work is a ComfyUI workflow, in all forms that this worker takes.
#include <gmock/gmock.h>

#include "runpod/protocol/work_callback.h"
#include "runpod/protocol/worker_error.h"
#include "runpod/worker/job_work.h"
#include "runpod/worker/worker_fixture.h"
#include "tests/support/memory_object_store.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using darkroom::testing::png_header;
using darkroom::testing::read_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string graph = R"({"9":{"class_type":"SaveImage","inputs":{}}})";

/// Darkroom's own payload.
std::string own(const std::string& more = "") {
    return R"({"job_id":"j-1","type":"an-operators-own","params":{"v":1},"timeout_s":60,"workflow_api":)" +
           graph +
           R"(,"role_of_node":{"9":"main","8":"mask"},)"
           R"("inputs":[{"url":"http://store.test/in.png","name":"input-0.png"}],)"
           R"("outputs":[{"role":"main","content_type":"image/png","key":"k/main.png",)"
           R"("url":"http://store.test/out/main","headers":{}}])" +
           more + "}";
}
const std::string files_job = R"({"workflow_api":)" + graph + "}";
const std::string images_job =
    R"({"workflow":)" + graph + R"(,"images":[{"name":"in.png","image":"cGljdHVyZQ=="}]})";

class BucketWithLinks : public darkroom::testing::MemoryObjectStore {
public:
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override {
        return {"https://bucket.test/" + key.str() + "?name=" + what.file_name, {}, {}};
    }
};

class WorkflowJobs : public ::testing::Test {
protected:
    WorkflowJobs() { world_.workflows = &workflows_; }

    std::optional<JobEnd> perform(const std::string& input) {
        const auto ports = world_.ports();
        if (!work_) {
            if (!world_.settings.volume_dir.empty())
                volume_ = Volume::open(world_.settings.volume_dir, world_.random);
            work_.emplace(world_.settings, world_.limits, world_.web, volume_ ? &*volume_ : nullptr,
                          world_.clock, world_.random, ports.driven);
        }
        JobInHand job(taken("a-u1", input), world_.clock, {world_.pictures, ports.driven.workflows});
        stages_.clear();
        return work_->perform(job, [&](std::string_view stage) { stages_.emplace_back(stage); });
    }
    WorkerError error_of(const std::string& input) {
        const auto end = perform(input);
        EXPECT_TRUE(end && !end->succeeded && end->report.whole.error);
        EXPECT_TRUE(world_.is_clean());
        return end && end->report.whole.error ? read_worker_error(*end->report.whole.error) : WorkerError{};
    }
    std::string output_of(const std::string& input) {
        const auto end = perform(input);
        EXPECT_TRUE(end && end->succeeded);
        if (!end || !end->succeeded) return end ? end->report.whole.error.value_or("") : "nothing";
        if (end->report.body_file.empty()) return end->report.whole.output_json.value_or("");
        auto body = read_file(end->report.body_file);
        std::filesystem::remove(end->report.body_file);
        return body;
    }
    void mount_volume() { world_.settings.volume_dir = world_.folder.path() / "volume"; }
    std::string on_volume(const std::string& path) const {
        return read_file(world_.folder.path() / "volume" / path);
    }

    WorkerWorld world_;
    FakeWorkflows workflows_;
    std::optional<Volume> volume_;
    std::optional<JobWork> work_;
    std::vector<std::string> stages_;
};

TEST_F(WorkflowJobs, OfDarkroomFetchRunUploadAndReportNamesOnly) {
    workflows_.done.files = {{"8", "images", "mask", "mask_00001_.png"},
                             {"9", "images", "main", "main_00001_.png"},
                             {"9", "images", "main", "main_00002_.png"},
                             {"7", "images", "", "n7_00001_.png"}};
    workflows_.contents = {png_header(9, 9), png_header(40, 30), png_header(1, 1), "anything"};
    const auto result = parse_work_result(output_of(own()));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->files.size(), 1U) << "the mask has no place, and is no reason to fail";
    EXPECT_EQ(result->files[0].key, "k/main.png");
    EXPECT_EQ(result->files[0].width, 40U) << "the first of its role";
    EXPECT_EQ(result->execution, Milliseconds(7));
    EXPECT_EQ(world_.web.requests("http://store.test/out/main").at(0).body, png_header(40, 30));
    EXPECT_THAT(workflows_.inputs_seen, ElementsAre("input-0.png=input bytes"));
    EXPECT_EQ(workflows_.seen.workflow_json, graph);
    EXPECT_EQ(workflows_.seen.role_of_node.at("8"), "mask");
    EXPECT_THAT(stages_, ElementsAre("fetching", "working", "storing"));
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkflowJobs, OfDarkroomAreClaimedAndCalledBack) {
    world_.web.on("http://gateway.test/claim", {answer(409)});
    const std::string fence =
        R"(,"webhook_url":"http://gateway.test/hook","_darkroom":{"job":"3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f",)"
        R"("attempt":"4f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f","attempt_token":"t","claim_url":"http://gateway.test/claim"})";
    EXPECT_THAT(output_of(own(fence)), HasSubstr("duplicate"));
    EXPECT_EQ(workflows_.runs, 0) << "another remote job has it";
    world_.web.on("http://gateway.test/claim", {answer(200)});
    const auto end = perform(own(fence));
    ASSERT_TRUE(end && end->callback);
    EXPECT_TRUE(parse_work_callback(end->callback->body)->result);
}

TEST_F(WorkflowJobs, OfDarkroomThatComeAgainAreNotRunAgain) {
    (void)output_of(own());
    (void)output_of(own());
    EXPECT_EQ(workflows_.runs, 1);
    auto other = own();
    other.replace(other.find(R"("v":1)"), 5, R"("v":2)");
    (void)output_of(other);
    EXPECT_EQ(workflows_.runs, 2);
}

TEST_F(WorkflowJobs, AResultThatIsNoPictureIsNone) {
    for (const std::string bytes : {"", "<html>", "\x89PNG"}) {
        workflows_.contents = {bytes};
        EXPECT_EQ(error_of(own()).type, "output_invalid");
    }
    workflows_.done.files = {{"8", "images", "mask", "mask_00001_.png"}};
    workflows_.contents = {png_header(9, 9)};
    EXPECT_EQ(error_of(own()).type, "output_missing");
}

TEST_F(WorkflowJobs, AnswerWithPathsOnTheVolume) {
    mount_volume();
    workflows_.done.files = {{"9", "images", "", "face_00001_.png", "portraits/2026"},
                             {"8", "gifs", "", "clip_00001_.mp4"}};
    workflows_.contents = {"picture", "film"};
    EXPECT_EQ(output_of(files_job),
              R"({"prompt_id":"prompt-1","files":["/runpod-volume/outputs/portraits/2026/face_00001_.png",)"
              R"("/runpod-volume/outputs/a-u1/clip_00001_.mp4"],"file_count":2})");
    EXPECT_EQ(on_volume("outputs/portraits/2026/face_00001_.png"), "picture");
    EXPECT_EQ(on_volume("outputs/a-u1/clip_00001_.mp4"), "film");
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkflowJobs, NeverReplaceAFileOnTheVolume) {
    mount_volume();
    workflows_.done.files = {{"9", "images", "", "face_00001_.png", "portraits"}};
    workflows_.contents = {"the first"};
    (void)output_of(files_job);
    workflows_.contents = {"the second"};
    EXPECT_THAT(output_of(files_job), HasSubstr("/runpod-volume/outputs/a-u1/face_00001_.png"));
    EXPECT_EQ(on_volume("outputs/portraits/face_00001_.png"), "the first");
    EXPECT_EQ(on_volume("outputs/a-u1/face_00001_.png"), "the second");
}

TEST_F(WorkflowJobs, WithPathsNeedAVolumeBeforeAnyWork) {
    EXPECT_EQ(error_of(files_job).type, "storage_unavailable");
    EXPECT_EQ(workflows_.runs, 0);
    mount_volume();
    work_.reset();
    workflows_.done.files.clear();
    EXPECT_EQ(error_of(files_job).type, "output_missing") << "a success without a file is none";
}

TEST_F(WorkflowJobs, AnswerWithPictures) {
    workflows_.done.files = {{"9", "images", "", "ComfyUI_00001_.png"}, {"8", "gifs", "", "clip_00001_.mp4"}};
    workflows_.contents = {"picture", "film"};
    EXPECT_EQ(
        output_of(images_job),
        R"({"output":{"images":[{"filename":"ComfyUI_00001_.png","type":"base64","data":"cGljdHVyZQ=="}],)"
        R"("errors":["A file of kind gifs was left out: clip_00001_.mp4"]})");
    EXPECT_THAT(workflows_.inputs_seen, ElementsAre("in.png=picture"));
    EXPECT_TRUE(workflows_.seen.role_of_node.empty());
    EXPECT_EQ(workflows_.seen.time_limit, world_.settings.workflow_limit);
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkflowJobs, WithoutAPictureSaySo) {
    workflows_.done.files.clear();
    EXPECT_EQ(output_of(images_job), R"({"output":{"images":[],"status":"success_no_images"})");
}

TEST_F(WorkflowJobs, GiveLinksWhereThereIsABucket) {
    BucketWithLinks bucket;
    world_.bucket = &bucket;
    const auto output = output_of(images_job);
    EXPECT_THAT(output, HasSubstr(R"("type":"s3_url","data":"https://bucket.test/outputs/)"));
    EXPECT_EQ(bucket.size(), 1U);
    bucket.fail_next("put", ports::ObjectErrorKind::unavailable);
    EXPECT_EQ(error_of(images_job).type, "storage_unavailable");
}

TEST_F(WorkflowJobs, OfALargeResultAreAFileAndNotMemory) {
    workflows_.contents = {std::string(3'000'000, 'x')};
    const auto end = perform(images_job);
    ASSERT_TRUE(end && !end->report.body_file.empty());
    EXPECT_FALSE(end->report.whole.output_json);
    EXPECT_GT(std::filesystem::file_size(end->report.body_file), 4'000'000U);
    EXPECT_THAT(end->report.small.error.value_or(""), HasSubstr("workflow_api")) << "if it is refused";
    std::filesystem::remove(end->report.body_file);
}

TEST_F(WorkflowJobs, FailWithStableCodes) {
    mount_volume();
    workflows_.error = core::JobError{ErrorCode::worker_oom, "The GPU ran out of memory on this picture."};
    for (const auto& job : {own(), files_job, images_job}) {
        const auto error = error_of(job);
        EXPECT_EQ(error.type, "worker_oom");
        EXPECT_THAT(error.message, StartsWith("The GPU ran out"));
    }
    EXPECT_EQ(error_of(R"({"workflow":"custom"})").type, "params_invalid");
}

TEST_F(WorkflowJobs, AreRefusedWithoutAComfyui) {
    world_.workflows = nullptr;
    for (const auto& job : {own(), files_job, images_job}) {
        const auto error = error_of(job);
        EXPECT_EQ(error.type, "model_unavailable");
        EXPECT_THAT(error.message, HasSubstr("COMFY_HOST"));
    }
}

TEST_F(WorkflowJobs, AreLeftToOthersOnAMachineThatIsBroken) {
    workflows_.break_down("a CUDA fault");
    for (const auto& job : {own(), images_job}) EXPECT_FALSE(perform(job));
    EXPECT_EQ(workflows_.runs, 0);
    EXPECT_TRUE(perform(payload_json())) << "the built-in types need no GPU";
}

}  // namespace
}  // namespace darkroom::runpod::worker
