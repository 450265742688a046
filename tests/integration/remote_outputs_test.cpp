// Results of workers as they come from a remote side that the test plays: whole, wrong, hostile, gone.
#include "dispatch/remote_outputs.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "base/digest.h"
#include "tests/integration/played_pictures.h"
#include "tests/integration/scripted_remote_backend.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;
using ports::ObjectErrorKind;
using testing::PlayedPictures;
using testing::ScriptedRemoteBackend;

class RemoteOutputsTest : public ::testing::Test {
protected:
    RemoteOutputsTest() { std::filesystem::create_directory(made_); }

    ports::RemoteFile put(const std::string& role, const std::string& bytes) {
        const auto key = core::ObjectKey::worker_output(job_, attempt_, role, "png");
        far_.outputs().client_puts(key, bytes);
        return {role, key, "", "image/png", 0, ""};
    }
    static ports::RemoteResult result_of(std::vector<ports::RemoteFile> files) {
        ports::RemoteResult result;
        result.files = std::move(files);
        result.execution = Milliseconds(70);
        result.measures_json = R"({"faces":2})";
        return result;
    }
    Result<ports::WorkDone, OutputsFault> fetch(std::vector<ports::RemoteFile> files) {
        return outputs_.fetch(far_, result_of(std::move(files)));
    }
    void expect_fault(std::vector<ports::RemoteFile> files, ErrorCode code, bool later = false) {
        const auto fetched = fetch(std::move(files));
        ASSERT_FALSE(fetched.ok());
        EXPECT_EQ(fetched.error().error.code, code);
        EXPECT_EQ(fetched.error().later, later);
        EXPECT_FALSE(fetched.error().error.message.empty());
        EXPECT_EQ(pictures_.files_left(), 0);
    }
    static std::string content_of(const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    testing::TempDir dir_;
    const std::filesystem::path made_ = dir_.path() / "made";
    testing::SeededRandom random_{3};
    JobId job_ = random_.id<JobId>();
    AttemptId attempt_ = random_.id<AttemptId>();
    ScriptedRemoteBackend far_;
    PlayedPictures pictures_{made_};
    core::Job removal(const std::string& region) {
        core::Job job;
        job.type = "object_remove";
        for (const auto* name : {"photo.png", "other.png", "spots.png"}) {
            core::InputImage input;
            input.name = name;
            input.key = core::ObjectKey::uploaded(random_.id<UploadId>(), "png");
            originals_.client_puts(input.key, name);
            job.inputs.push_back(input);
        }
        job.attempts.emplace_back();
        job.attempts.back().recipe_digest = "a digest";
        job.attempts.back().params_json = R"({"region":)" + region + "}";
        return job;
    }

    testing::MemoryObjectStore originals_;
    RemoteOutputs outputs_{pictures_,
                           {.work_dir = dir_.path(), .file_bytes_max = 1'000, .originals = &originals_}};
};

TEST_F(RemoteOutputsTest, AForeignResultIsPutIntoItsOriginalThroughTheRegion) {
    const auto drawn = removal(R"({"boxes":[[0,0,1,1]],"mask":null})");
    const auto kept = region_kept(drawn, drawn.attempts[0]);
    ASSERT_TRUE(kept);
    const auto done = outputs_.fetch(far_, result_of({put("main", "new"), put("mask", "m")}), kept);
    ASSERT_TRUE(done) << done.error().error.message;
    ASSERT_EQ(done->files.size(), 3u);
    EXPECT_EQ(content_of(done->files[0].path), "new+original:photo.png");
    EXPECT_EQ(content_of(done->files[2].path), "m") << "only the result itself";
    const auto masked = removal(R"({"mask":"spots.png"})");
    const auto by_mask =
        outputs_.fetch(far_, result_of({put("main", "new")}), region_kept(masked, masked.attempts[0]));
    ASSERT_TRUE(by_mask);
    EXPECT_EQ(content_of(by_mask->files[0].path), "new+original:photo.png+mask:spots.png");
}

TEST_F(RemoteOutputsTest, AnOriginalThatIsGoneOrCannotBeReadNowIsToldApart) {
    const auto job = removal("{}");
    const auto kept = region_kept(job, job.attempts[0]);
    (void)originals_.remove(job.inputs[0].key);
    const auto gone = outputs_.fetch(far_, result_of({put("main", "new")}), kept);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().error.code, ErrorCode::input_missing);
    EXPECT_FALSE(gone.error().later);
    EXPECT_EQ(pictures_.files_left(), 0);
}

TEST_F(RemoteOutputsTest, OnlyWhatAWorkflowMadeOfAnObjectRemovalIsPutIntoItsOriginal) {
    auto job = removal("{}");
    job.type = "restore";
    EXPECT_FALSE(region_kept(job, job.attempts[0]));
    job.type = "object_remove";
    job.attempts[0].recipe_digest.clear();
    EXPECT_FALSE(region_kept(job, job.attempts[0])) << "what is built in keeps to the region by itself";
}

TEST_F(RemoteOutputsTest, WhatIsChangedInAResultIsWarnedOfBesideWhatItsWorkerWarnsOf) {
    const std::string told = R"({"code":"no_face","detail":"There is no face."})";
    const std::string changed = R"({"code":"output_format_changed","detail":"It was a GIF."})";
    const auto warnings = [&](const std::string& by_worker, const std::string& by_us) {
        pictures_.warn(by_us);
        auto result = result_of({put("main", "pixels"), put("mask", "black")});
        result.warnings_json = by_worker;
        const auto done = outputs_.fetch(far_, result);
        for (const auto& file : done->files) std::filesystem::remove(file.path);
        return done->warnings_json;
    };
    EXPECT_EQ(warnings("[]", "[]"), "[]");
    EXPECT_EQ(warnings("[" + told + "]", "[]"), "[" + told + "]");
    EXPECT_EQ(warnings("[]", "[" + changed + "]"), "[" + changed + "]") << "once, not for each file";
    EXPECT_EQ(warnings("[" + told + "]", "[" + changed + "]"), "[" + told + "," + changed + "]");
    EXPECT_EQ(warnings("{}", "[" + changed + "]"), "[" + changed + "]");
    EXPECT_EQ(warnings("", "[]"), "[]");
}

TEST_F(RemoteOutputsTest, EveryFileIsFetchedAndOnlyTheMainOneGetsAThumbnail) {
    const auto done = fetch({put("mask", "black"), put("main", "pixels"), put("preview", "half")});
    ASSERT_TRUE(done.ok());
    std::vector<std::string> roles;
    for (const auto& file : done->files) roles.push_back(file.role);
    EXPECT_EQ(roles, (std::vector<std::string>{"mask", "main", "thumbnail", "preview"}));
    EXPECT_EQ(content_of(done->files[0].path), "black");
    EXPECT_EQ(content_of(done->files[1].path), "pixels");
    EXPECT_EQ(content_of(done->files[2].path), "small pixels");
    EXPECT_EQ(done->files[1].width, 64u);
    EXPECT_EQ(done->execution, Milliseconds(70));
    EXPECT_EQ(done->measures_json, R"({"faces":2})");
    EXPECT_EQ(pictures_.files_left(), 4);
}

TEST_F(RemoteOutputsTest, WhatWasToldOfAFileMustBeSo) {
    auto file = put("main", "pixels");
    file.bytes = 6;
    file.sha256 = to_hex(sha256("pixels"));
    EXPECT_TRUE(fetch({file}).ok());
    for (const auto& left : std::filesystem::directory_iterator(made_)) std::filesystem::remove(left.path());
    auto longer = file;
    longer.bytes = 7;
    expect_fault({longer}, ErrorCode::output_invalid);
    auto other = file;
    other.sha256 = to_hex(sha256("other pixels"));
    expect_fault({other}, ErrorCode::output_invalid);
    auto no_digest = file;
    no_digest.sha256 = "not hex";
    expect_fault({no_digest}, ErrorCode::output_invalid);
}

TEST_F(RemoteOutputsTest, AListThatNoJobCanHaveIsRefusedBeforeAnythingIsFetched) {
    const auto main = put("main", "pixels");
    auto strange = main;
    strange.role = "../main";
    auto nameless = main;
    nameless.key = core::ObjectKey();
    nameless.role = "mask";
    expect_fault({}, ErrorCode::output_missing);
    expect_fault({put("mask", "black")}, ErrorCode::output_missing);
    expect_fault({main, main}, ErrorCode::output_invalid);
    expect_fault({main, strange}, ErrorCode::output_invalid);
    expect_fault({main, nameless}, ErrorCode::output_invalid);
    expect_fault(std::vector<ports::RemoteFile>(10'000, main), ErrorCode::output_invalid);
    EXPECT_EQ(pictures_.runs(), 0);
}

TEST_F(RemoteOutputsTest, AFileThatIsMissingEmptyOrHugeIsNoResult) {
    expect_fault(
        {{"main", core::ObjectKey::worker_output(job_, attempt_, "main", "webp"), "", "image/webp", 0, ""}},
        ErrorCode::output_missing);
    expect_fault({put("main", "")}, ErrorCode::output_invalid);
    expect_fault({put("main", std::string(1'001, 'x'))}, ErrorCode::output_invalid);
    EXPECT_EQ(pictures_.runs(), 0);
    EXPECT_TRUE(fetch({put("main", std::string(1'000, 'x'))}).ok());
}

TEST_F(RemoteOutputsTest, WhatTheStorageCannotGiveNowIsAskedForLater) {
    for (const auto kind :
         {ObjectErrorKind::unavailable, ObjectErrorKind::denied, ObjectErrorKind::misconfigured,
          ObjectErrorKind::changed, ObjectErrorKind::full}) {
        for (const std::string operation : {"open", "read"}) {
            const auto main = put("main", "pixels");
            far_.outputs().fail_next(operation, kind);
            expect_fault({main}, ErrorCode::storage_unavailable, true);
        }
    }
}

TEST_F(RemoteOutputsTest, AFileThatGoesAwayWhileItIsReadIsMissing) {
    const auto main = put("main", "pixels");
    far_.outputs().fail_next("read", ObjectErrorKind::missing);
    expect_fault({main}, ErrorCode::output_missing);
}

TEST_F(RemoteOutputsTest, WhatIsNoPictureIsTheResultsFaultAndNotTheInputs) {
    for (const std::string code : {"input_unreadable", "input_unsupported_format", "input_too_large",
                                   "input_animated", "worker_crashed", "worker_oom", "timeout"})
        expect_fault({put("main", "fail:" + code)}, ErrorCode::output_invalid);
    expect_fault({put("main", "fail:internal")}, ErrorCode::internal);
}

TEST_F(RemoteOutputsTest, WhatThisMachineCouldNotDoIsDoneLater) {
    for (const auto code : {ErrorCode::interrupted, ErrorCode::storage_full, ErrorCode::backend_unavailable})
        expect_fault({put("main", "fail:" + std::string(core::to_string(code)))}, code, true);
}

TEST_F(RemoteOutputsTest, AFaultInTheLastFileLeavesNothingOfTheFirst) {
    expect_fault({put("main", "pixels"), put("preview", "half"), put("mask", "fail:input_unreadable")},
                 ErrorCode::output_invalid);
    EXPECT_EQ(pictures_.runs(), 3);
}

TEST_F(RemoteOutputsTest, AWorkFolderThatIsGoneIsNotTheResultsFault) {
    RemoteOutputs outputs(pictures_, {.work_dir = dir_.path() / "nowhere"});
    const auto fetched = outputs.fetch(far_, result_of({put("main", "pixels")}));
    ASSERT_FALSE(fetched.ok());
    EXPECT_TRUE(fetched.error().later);
}

TEST_F(RemoteOutputsTest, StoppingEndsWhatIsUnderWayAndWhatBeginsLater) {
    const auto main = put("main", "pixels");
    pictures_.during_run([&] { outputs_.stop(); });
    expect_fault({main}, ErrorCode::cancelled, true);
    pictures_.during_run(nullptr);
    expect_fault({main}, ErrorCode::cancelled, true);
}

}  // namespace
}  // namespace darkroom::dispatch
