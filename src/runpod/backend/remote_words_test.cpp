// A corpus of what workers and RunPod may say, most of it wrong or hostile.
#include "runpod/backend/remote_words.h"

#include <gmock/gmock.h>

#include "runpod/backend/backend_fixture.h"
#include "runpod/protocol/worker_error.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::RemotePhase;
using testing::FakeStore;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleJob;

class RemoteWords : public ::testing::Test {
protected:
    FakeStore store{testing::bucket_can};
    SampleJob sample{store};
    SampleJob other{store, "theirs", 2};
    Price price{"RTX 4090", 310};

    JobObject job(JobState state) const {
        JobObject job;
        job.id = *RemoteJobId::parse("r-1-u1");
        job.state = state;
        job.delay = Milliseconds(824);
        job.execution = Milliseconds(3'391);
        job.worker_id = "k2m9x0p4q7";
        return job;
    }
    ports::RemoteLook completed(std::optional<std::string> output) const {
        auto done = job(JobState::completed);
        done.output_json = std::move(output);
        return look_of(done, sample.task(), price);
    }
    ports::RemoteLook completed(const std::vector<WorkFile>& files) const {
        return completed(result_json(files));
    }
    static std::string result_json(std::vector<WorkFile> files) {
        WorkResult result;
        result.files = std::move(files);
        result.measures_json = R"({"sharpness":0.50})";
        result.warnings_json = R"(["soft"])";
        result.execution = Milliseconds(3'000);
        return write_work_result(result);
    }
    ports::RemoteLook failed(std::string error) const {
        auto done = job(JobState::failed);
        done.error = std::move(error);
        return look_of(done, sample.task(), price);
    }
};

TEST_F(RemoteWords, EveryStateIsAPhaseAndAnUnknownOneIsNoEnd) {
    const auto phase = [&](JobState state) { return look_of(job(state), sample.task(), price).phase; };
    EXPECT_EQ(phase(JobState::unknown), RemotePhase::unknown);
    EXPECT_EQ(phase(JobState::in_queue), RemotePhase::queued);
    EXPECT_EQ(phase(JobState::in_progress), RemotePhase::running);
    EXPECT_EQ(phase(JobState::failed), RemotePhase::failed);
    EXPECT_EQ(phase(JobState::timed_out), RemotePhase::failed);
    EXPECT_EQ(phase(JobState::cancelled), RemotePhase::cancelled);
    EXPECT_EQ(phase(JobState::completed), RemotePhase::succeeded);
    EXPECT_EQ(look_of(job(JobState::timed_out), sample.task(), price).error->code, ErrorCode::timeout);
}

TEST_F(RemoteWords, AResultIsTakenWithItsFilesTimesAndCost) {
    auto on_volume = sample.file("mask.png", "mask");
    on_volume.path = "/runpod-volume/" + on_volume.key;
    on_volume.key.clear();
    const auto look = completed(
        {sample.file("main.png"), on_volume, sample.file("thumbnail.jpg", "thumbnail", "image/jpeg")});
    EXPECT_EQ(look.phase, RemotePhase::succeeded);
    EXPECT_EQ(look.delay, Milliseconds(824));
    EXPECT_EQ(look.execution, Milliseconds(3'391));
    EXPECT_EQ(look.cost_micro_usd, 1'052) << "3391 ms at 310 a second are 1051.21, rounded up";
    EXPECT_EQ(look.gpu, "RTX 4090");
    EXPECT_EQ(look.worker, "k2m9x0p4q7");
    ASSERT_TRUE(look.result);
    ASSERT_EQ(look.result->files.size(), 2u) << "the gateway makes thumbnails itself";
    EXPECT_EQ(look.result->files[0].key, sample.output("main", "png"));
    EXPECT_EQ(look.result->files[0].bytes, 3u);
    EXPECT_EQ(look.result->files[1].key, sample.output("mask", "png"));
    EXPECT_EQ(look.result->measures_json, R"({"sharpness":0.50})");
    EXPECT_EQ(look.result->warnings_json, R"(["soft"])");
    EXPECT_EQ(look.result->execution, Milliseconds(3'000));
}

TEST_F(RemoteWords, WhatIsNotToldOrTooLargeIsLookedForInTheStorage) {
    const auto untold = completed(std::nullopt);
    EXPECT_EQ(untold.phase, RemotePhase::succeeded);
    EXPECT_FALSE(untold.result);
    EXPECT_FALSE(untold.error);
    auto large = job(JobState::completed);
    large.output_too_large = true;
    EXPECT_FALSE(look_of(large, sample.task(), price).result);
}

TEST_F(RemoteWords, ADuplicateIsNeitherSuccessNorFailure) {
    const auto look = completed(std::string(R"({"darkroom":"duplicate"})"));
    EXPECT_EQ(look.phase, RemotePhase::duplicate);
    EXPECT_FALSE(look.error);
    EXPECT_EQ(look.execution, Milliseconds(3'391)) << "it is paid for all the same";
}

TEST_F(RemoteWords, NoFileOutsideTheAttemptsOwnOutputsIsBelieved) {
    const auto at = [&](std::string key) {
        auto file = sample.file("main.png");
        file.key = std::move(key);
        return file;
    };
    const auto on = [&](std::string path) {
        auto file = sample.file("main.png");
        file.key.clear();
        file.path = std::move(path);
        return file;
    };
    const auto own = sample.prefix();
    auto of_other_attempt = sample;
    of_other_attempt.attempt = other.attempt;
    const std::vector<WorkFile> wrong{
        at(other.file("main.png").key),
        at(of_other_attempt.file("main.png").key),
        at(sample.image.key.str()),
        at("restored/" + sample.job.str() + "/" + sample.attempt.str() + ".png"),
        at(own),
        at(own + "/"),
        at(own + "/../main.png"),
        at(own + "/./main.png"),
        at(own + "//main.png"),
        at("/" + own + "/main.png"),
        at(own + "/%2e%2e/%2e%2e/x/main.png"),
        at(own + "/%252e%252e/main.png"),
        at(own + "/main.png%00"),
        at(own + "\\main.png"),
        at(own + "/main.png/main.png"),
        at(own + "/result.json"),
        at(own + "/main.exe"),
        at(own + "/main"),
        at(own + "/mask.png"),
        at(own + "/main.jpg"),
        at(own + "x/main.png"),
        at("https://evil.example/" + own + "/main.png"),
        at("s3://bucket/" + own + "/main.png"),
        at(own + "/" + std::string(900, 'a') + ".png"),
        on("/etc/passwd"),
        on("/runpod-volume/../etc/passwd"),
        on("/runpod-volume/" + other.file("main.png").key),
        on("runpod-volume/" + own + "/main.png"),
        on("/tmp/" + own + "/main.png"),
        on("/workspace/" + own + "/../main.png"),
        on("file:///runpod-volume/" + own + "/main.png"),
        sample.file("main.png", "main", "text/html"),
        sample.file("main.png", "main", "image/webp"),
        sample.file("owner.png", "owner"),
    };
    for (const auto& file : wrong) {
        SCOPED_TRACE(file.key + file.path + " " + file.content_type);
        auto main = file;
        std::vector<WorkFile> files{main};
        if (file.role != "main") files.push_back(sample.file("main.png"));
        const auto look = completed(files);
        EXPECT_EQ(look.phase, RemotePhase::failed);
        ASSERT_TRUE(look.error);
        EXPECT_EQ(look.error->code, ErrorCode::output_invalid);
        EXPECT_FALSE(look.result);
        EXPECT_THAT(look.error->message, Not(HasSubstr("passwd")));
    }
}

TEST_F(RemoteWords, OneBadFileMakesTheWholeResultUnbelievable) {
    const auto look = completed({sample.file("main.png"), other.file("mask.png", "mask")});
    EXPECT_EQ(look.error->code, ErrorCode::output_invalid);
    EXPECT_EQ(completed({sample.file("main.png"), sample.file("main.jpg", "main", "image/jpeg")}).error->code,
              ErrorCode::output_invalid)
        << "two main outputs";
}

TEST_F(RemoteWords, AnOutputThatIsNoResultIsAFailureInWords) {
    const std::string good = result_json({sample.file("main.png")});
    for (const auto& output :
         {std::string("null "), std::string("42"), std::string("\"done\""), std::string("[]"),
          std::string("{}"),
          std::string(R"({"images":[{"filename":"a.png","type":"base64","data":"AAAA"}]})"),
          std::string(R"({"files":{}})"), std::string(R"({"files":[1]})"),
          std::string(R"({"files":[{"role":"main"}]})"), std::string(R"({"darkroom":"maybe"})"),
          good.substr(0, good.size() / 2), good + good,
          std::string(R"({"files":)") + std::string(100, '[') + std::string(100, ']') + "}",
          std::string(R"({"files":[{"role":"main","key":")") + std::string(1u << 20, 'k') + R"("}]})"}) {
        SCOPED_TRACE(output.substr(0, 60));
        const auto look = completed(output);
        EXPECT_EQ(look.phase, RemotePhase::failed);
        ASSERT_TRUE(look.error);
        EXPECT_EQ(look.error->code, ErrorCode::output_invalid);
        EXPECT_FALSE(look.result);
    }
}

TEST_F(RemoteWords, DarkroomsOwnCodesAndSentencesArePassedOn) {
    const auto look =
        failed(write_worker_error({"input_too_small", "The picture is 3 × 2 pixels.", "", "", "w", "1"}));
    EXPECT_EQ(look.phase, RemotePhase::failed);
    EXPECT_EQ(look.error->code, ErrorCode::input_too_small);
    EXPECT_EQ(look.error->message, "The picture is 3 × 2 pixels.");
    EXPECT_EQ(failed(write_worker_error({"timeout", "", "", "", "w", "1"})).error->message,
              core::traits(ErrorCode::timeout).message);
}

TEST_F(RemoteWords, OnlyDarkroomItselfMaySayThatAnAttemptDoesNotCount) {
    EXPECT_EQ(failed(write_worker_error({"interrupted", "again!", "", "", "w", "1"})).error->code,
              ErrorCode::worker_crashed);
}

TEST_F(RemoteWords, AWorkerThatWasToldToStopIsNoFailure) {
    EXPECT_EQ(failed(write_worker_error({"cancelled", "", "", "", "w", "1"})).phase, RemotePhase::cancelled);
}

// What a worker could not fetch, it names; what it was given, it prints.
TEST_F(RemoteWords, WhyAJobFailedIsToldWithoutSignaturesAndTokens) {
    const std::string signature = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const std::string token = "AbC-dEf_gHiJkLmNoPqRsTuVwXyZ0123456789AbC-dEf_gHiJkLmN";
    auto failed = job(JobState::failed);
    failed.error = "403 Forbidden for url: https://bucket.example/inputs/a.jpg?X-Amz-Signature=" + signature +
                   "; the job was {'attempt_token': '" + token + "'}";
    ::testing::internal::CaptureStderr();
    (void)look_of(failed, sample.task(), {});
    const auto told = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(told.find("https://bucket.example/inputs/a.jpg"), std::string::npos) << told;
    EXPECT_EQ(told.find(signature.substr(0, 16)), std::string::npos) << told;
    EXPECT_EQ(told.find(token.substr(0, 16)), std::string::npos) << told;
    EXPECT_EQ(told.find(token.substr(40)), std::string::npos) << told;
}

TEST_F(RemoteWords, ErrorsOfOthersAreClassedAndKeptFromOwners) {
    struct Case {
        std::string text;
        ErrorCode code;
    };
    const std::string traceback = "Traceback (most recent call last):\n  File \"/handler.py\", line 3\n";
    for (const auto& one : {
             Case{"job timed out after 1 retries", ErrorCode::worker_crashed},
             Case{"CUDA out of memory. Tried to allocate 2.00 GiB", ErrorCode::worker_oom},
             Case{R"({"error_type":"<class 'torch.cuda.OutOfMemoryError'>","error_message":"x"})",
                  ErrorCode::worker_oom},
             Case{R"({"error_type":"<class 'MemoryError'>","error_message":""})", ErrorCode::worker_oom},
             Case{"std::bad_alloc", ErrorCode::worker_oom},
             Case{R"({"error_type":"<class 'KeyError'>","error_message":"secret-host","error_traceback":")" +
                      std::string("File /x.py") + R"(","hostname":"secret-host"})",
                  ErrorCode::worker_crashed},
             Case{"handler: boom \ntraceback: " + traceback, ErrorCode::worker_crashed},
             Case{"", ErrorCode::worker_crashed},
             Case{"\"just a string\"", ErrorCode::worker_crashed},
             Case{"{", ErrorCode::worker_crashed},
             Case{"{\"a\":1}", ErrorCode::worker_crashed},
             Case{std::string(1u << 20, 'x'), ErrorCode::worker_crashed},
             Case{std::string("\xff\xfe\0\x01", 4), ErrorCode::worker_crashed},
         }) {
        SCOPED_TRACE(one.text.substr(0, 60));
        const auto error = error_of(one.text);
        EXPECT_EQ(error.code, one.code);
        EXPECT_EQ(error.message, core::traits(one.code).message);
    }
    auto none = job(JobState::failed);
    EXPECT_EQ(look_of(none, sample.task(), price).error->code, ErrorCode::worker_crashed);
}

TEST_F(RemoteWords, OwnersReadOneShortLineAndNoTraceback) {
    const auto message = [&](const std::string& text) {
        return error_of(write_worker_error({"internal", text, "", "", "", ""})).message;
    };
    EXPECT_EQ(message("Traceback (most recent call last):\n x"), core::traits(ErrorCode::internal).message);
    EXPECT_EQ(message("two\nlines\x1b[31m"), "two lines [31m");
    const auto cut = message("a" + [] {
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "\xc3\xa9";
        return many;
    }());
    EXPECT_LE(cut.size(), 300u);
    EXPECT_EQ(cut.size() % 2, 1u) << "no half of a character at its end";
}

TEST_F(RemoteWords, AbsurdTimesCostNoAbsurdSums) {
    auto done = job(JobState::completed);
    done.execution = Milliseconds::max();
    done.delay = Milliseconds::max();
    const auto look = look_of(done, sample.task(), {"H200", 1'550});
    EXPECT_EQ(look.execution, Milliseconds(7LL * 24 * 3'600'000));
    EXPECT_EQ(look.cost_micro_usd, 604'800LL * 1'550);
    EXPECT_EQ(cost_of(Milliseconds(0), price), 0);
    EXPECT_EQ(cost_of(Milliseconds(1), price), 1);
    EXPECT_EQ(cost_of(Milliseconds(1'000), price), 310);
}

TEST_F(RemoteWords, AReportCountsOnlyForItsOwnAttemptAndRemoteJob) {
    WorkCallback callback;
    callback.job_id = sample.job.str();
    callback.attempt = sample.attempt;
    callback.remote_id = *RemoteJobId::parse("r-1-u1");
    callback.worker_id = "w1";
    callback.result = WorkResult{};
    callback.result->files = {sample.file("main.png")};
    callback.result->execution = Milliseconds(2'000);
    const auto good = look_of(callback, sample.task(), price);
    ASSERT_TRUE(good.ok());
    EXPECT_EQ(good->phase, RemotePhase::succeeded);
    EXPECT_EQ(good->cost_micro_usd, 620);
    EXPECT_FALSE(look_of(callback, sample.task("r-2-u1"), price).ok());
    EXPECT_FALSE(look_of(callback, other.task(), price).ok());
    auto nobody = callback;
    nobody.attempt.reset();
    EXPECT_FALSE(look_of(nobody, sample.task(), price).ok());
    auto foreign = callback;
    foreign.job_id = other.job.str();
    EXPECT_FALSE(look_of(foreign, sample.task(), price).ok());
    auto silent = callback;
    silent.result.reset();
    EXPECT_FALSE(look_of(silent, sample.task(), price).ok());
    auto tricky = callback;
    tricky.result->files = {other.file("main.png")};
    EXPECT_EQ(look_of(tricky, sample.task(), price)->error->code, ErrorCode::output_invalid);
    auto failure = silent;
    failure.failure = WorkFailure{"no_subject", "Nothing but wall."};
    EXPECT_EQ(look_of(failure, sample.task(), price)->error->code, ErrorCode::no_subject);
    EXPECT_EQ(look_of(failure, sample.task(), price)->error->message, "Nothing but wall.");
    failure.failure = WorkFailure{"strange", "x"};
    EXPECT_EQ(look_of(failure, sample.task(), price)->error->code, ErrorCode::worker_crashed);
}

}  // namespace
}  // namespace darkroom::runpod
