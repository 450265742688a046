// What foreign workers say of their pictures, much of it wrong or hostile.
#include "runpod/backend/foreign_words.h"

#include <gmock/gmock.h>

#include "base/json_writer.h"
#include "runpod/backend/backend_fixture.h"
#include "runpod/backend/remote_words.h"
#include "runpod/protocol/base64.h"
#include "tests/support/picture_headers.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::RemotePhase;
using ::testing::HasSubstr;
using ::testing::Not;

class ForeignWords : public ::testing::Test {
protected:
    testing::FakeStore store{testing::bucket_can};
    testing::SampleJob sample{store};
    testing::SampleJob other{store, "theirs", 2};
    ForeignLayout layout;
    const std::string png = to_base64(darkroom::testing::png_header(8, 6));
    const std::string jpeg = to_base64(darkroom::testing::jpeg_header(8, 6));

    std::string own(const std::string& role, const std::string& ending = "_00001_.png") const {
        return role + "-" + sample.attempt.str() + ending;
    }
    std::string own_path(const std::string& role) const {
        return "/workspace/" + sample.prefix() + "/" + own(role);
    }
    static std::string files_json(const std::vector<std::string>& paths) {
        JsonWriter json;
        json.begin_object().member("prompt_id", "p").key("files").begin_array();
        for (const auto& path : paths) json.value(path);
        return json.end_array().member("file_count", paths.size()).end_object().take();
    }
    static std::string image(const std::string& name, const std::string& data) {
        return R"({"filename":")" + name + R"(","type":"base64","data":")" + data + R"("})";
    }
    ports::RemoteLook completed(const std::string& output) const {
        JobObject job;
        job.id = *RemoteJobId::parse("r-1-u1");
        job.state = JobState::completed;
        job.output_json = output;
        return look_of(job, sample.task(), {}, layout);
    }
    ports::RemoteResult result(const std::string& output) const {
        const auto look = completed(output);
        EXPECT_EQ(look.phase, RemotePhase::succeeded)
            << output.substr(0, 300) << (look.error ? look.error->message : "");
        return look.result.value_or(ports::RemoteResult{});
    }
    ErrorCode code(const std::string& output) const {
        const auto look = completed(output);
        EXPECT_EQ(look.phase, RemotePhase::failed) << output.substr(0, 300);
        return look.error ? look.error->code : ErrorCode::internal;
    }
    ErrorCode path_code(const std::string& path) const { return code(files_json({path})); }
};

TEST_F(ForeignWords, FilesOfTheAttemptsOwnNamesGetTheirRolesFromThem) {
    const auto found =
        result(files_json({own_path("mask"), own_path("n9"), own_path("main"), own_path("main")}));
    ASSERT_EQ(found.files.size(), 2u);
    EXPECT_EQ(found.files[0].role, "mask");
    EXPECT_EQ(found.files[1].role, "main");
    EXPECT_EQ(found.files[1].place, "volume:" + sample.prefix() + "/" + own("main"));
    EXPECT_EQ(found.files[1].key, sample.output("main", "png"));
    EXPECT_THAT(found.warnings_json, HasSubstr("outputs_left_out"));
    EXPECT_THAT(found.warnings_json, Not(HasSubstr("output_name_shared")));
}

TEST_F(ForeignWords, AWorkerThatNamesFilesItselfGivesItsFirstAsMainWithAWarning) {
    const auto found = result(files_json({"/runpod-volume/outputs/ComfyUI_00007_.jpeg"}));
    ASSERT_EQ(found.files.size(), 1u);
    EXPECT_EQ(found.files[0].role, "main");
    EXPECT_EQ(found.files[0].content_type, "image/jpeg");
    EXPECT_EQ(found.files[0].place, "volume:outputs/ComfyUI_00007_.jpeg");
    EXPECT_THAT(found.warnings_json, HasSubstr("output_name_shared"));
    EXPECT_EQ(result(files_json({"/workspace/outputs/a.png", own_path("main")})).files[0].place,
              "volume:" + sample.prefix() + "/" + own("main"))
        << "one that is called main goes before the first";
}

TEST_F(ForeignWords, PathsWithTricksAndPathsElsewhereAreRefused) {
    const std::string tricks[] = {"../outputs/a.png",
                                  "outputs/a.png",
                                  "/etc/passwd",
                                  "/workspace/../../etc/passwd",
                                  "/workspace/outputs/../../etc/passwd",
                                  "/workspace/..%2f..%2fetc",
                                  "/workspace/outputs/%2e%2e/a.png",
                                  "/workspace/outputs//a.png",
                                  "/workspace/outputs/./a.png",
                                  "/workspace/outputs/a.png/",
                                  "/workspace/outputs/",
                                  "/workspace/outputs/a\\b.png",
                                  "/workspace/outputs/a\n.png",
                                  "/workspace/outputs/a\x1b[31m.png",
                                  "/workspace/outputs/\xc3\xa9.png",
                                  "/workspace/outputs/" + std::string(3'000, 'a') + ".png",
                                  "/workspace/other/a.png",
                                  "/workspace/outputs2/a.png",
                                  "/workspace/uploaded/a.png",
                                  "/workspace/inputs/a.png",
                                  "/workspace/restored/a.png",
                                  "/runpod-volumes/outputs/a.png",
                                  "//host/outputs/a.png",
                                  "file:///workspace/outputs/a.png",
                                  "s3://other/outputs/a.png",
                                  "https://b.example/a.png",
                                  "C:\\outputs\\a.png",
                                  "/workspace/" + other.prefix() + "/main.png",
                                  "/workspace/outputs/a.mp4",
                                  "/workspace/outputs/a.svg",
                                  "/workspace/outputs/a"};
    for (const auto& path : tricks) EXPECT_EQ(path_code(path), ErrorCode::output_invalid) << path;
}

TEST_F(ForeignWords, WhereWorkersSeeTheVolumeAndWhereTheySaveCanBeToldOtherwise) {
    layout.mounts = {"/data/vol/"};
    layout.output_folder = "ComfyUI/output";
    EXPECT_EQ(result(files_json({"/data/vol/ComfyUI/output/a.png"})).files[0].place,
              "volume:ComfyUI/output/a.png");
    EXPECT_EQ(path_code("/workspace/ComfyUI/output/a.png"), ErrorCode::output_invalid);
    EXPECT_EQ(path_code("/data/vol/outputs/a.png"), ErrorCode::output_invalid);
}

TEST_F(ForeignWords, PicturesInTheAnswerAreKnownByTheirBytes) {
    const auto found = result(R"({"images":[)" + image(own("main"), jpeg) + "," + image(own("preview"), png) +
                              R"(],"errors":["node 9\nwas skipped"]})");
    ASSERT_EQ(found.files.size(), 2u);
    EXPECT_EQ(found.files[0].content_type, "image/jpeg") << "whatever its name says";
    EXPECT_EQ(found.files[0].place, "data:" + jpeg);
    EXPECT_EQ(found.files[1].role, "preview");
    EXPECT_EQ(found.warnings_json, R"([{"code":"worker_warning","detail":"node 9 was skipped"}])");
    EXPECT_EQ(result(R"({"status":"success","message":")" + png + R"("})").files[0].place, "data:" + png);
    EXPECT_EQ(result(R"({"images":[")" + png + R"("]})").files[0].role, "main");
}

TEST_F(ForeignWords, LinksAreKeptAsTheyAreAndFetchedLater) {
    const std::string url = "https://bucket.example/11-26/r-1/ab12cd34.webp?X-Amz-Signature=abc";
    const auto found = result(R"({"images":[{"filename":"x.png","type":"s3_url","data":")" + url + R"("}]})");
    EXPECT_EQ(found.files[0].place, url);
    EXPECT_EQ(found.files[0].content_type, "image/webp");
    for (const auto* bad : {"https://user@b.example/x.png", "https://b.example:0/x.png", "http://[::1/x.png"})
        EXPECT_EQ(code(R"({"images":[{"type":"s3_url","data":")" + std::string(bad) + R"("}]})"),
                  ErrorCode::output_invalid)
            << bad;
}

TEST_F(ForeignWords, NoPictureIsOutputMissingAndNoPictureAtAllIsOutputInvalid) {
    EXPECT_EQ(code(R"({"status":"success_no_images","images":[]})"), ErrorCode::output_missing);
    EXPECT_EQ(code(files_json({})), ErrorCode::output_missing);
    EXPECT_EQ(code(files_json({own_path("mask")})), ErrorCode::output_missing) << "a mask alone";
    EXPECT_EQ(code(R"({"images":[)" + image("a.png", to_base64("<html>")) + "]}"), ErrorCode::output_invalid);
    EXPECT_EQ(code(R"({"images":[)" + image("a.png", png.substr(0, 12)) + "]}"), ErrorCode::output_invalid)
        << "cut inside its header";
    EXPECT_EQ(code(R"({"files":["/workspace/outputs/a.png"],"file_count":2})"), ErrorCode::output_invalid);
}

TEST_F(ForeignWords, FailuresOfForeignWorkersHaveCodesThatHelp) {
    EXPECT_EQ(code(R"({"error":"CUDA out of memory"})"), ErrorCode::worker_oom);
    EXPECT_EQ(code(R"({"status":"error","message":"Workflow validation failed: seed"})"),
              ErrorCode::workflow_rejected);
    JobObject job;
    job.id = *RemoteJobId::parse("r-1-u1");
    job.state = JobState::failed;
    job.error = "Job processing failed";
    job.output_json = R"({"details":["Node 4 (ckpt_name): Value not in list: ckpt_name"]})";
    EXPECT_EQ(look_of(job, sample.task(), {}).error->code, ErrorCode::model_unavailable);
    job.error = "Traceback … KeyError";
    job.output_json.reset();
    EXPECT_EQ(look_of(job, sample.task(), {}).error->code, ErrorCode::worker_crashed);
}

}  // namespace
}  // namespace darkroom::runpod
