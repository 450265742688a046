#include "runpod/worker/job_work.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "runpod/protocol/work_callback.h"
#include "runpod/protocol/worker_error.h"
#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

using darkroom::testing::read_file;
using darkroom::testing::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string in_url = "http://store.test/in.png";
const std::string out_url = "http://store.test/out/main";
const std::string claim_url = "http://gateway.test/claim";

std::string fence() {
    return R"(,"_darkroom":{"job":"3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f","attempt":"4f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f",)"
           R"("attempt_token":"token-1","claim_url":")" +
           claim_url + R"("})";
}

std::string with_input(const std::string& facts) {
    auto json = payload_json();
    const std::string plain = R"({"url":"http://store.test/in.png"})";
    json.replace(json.find(plain), plain.size(), R"({"url":"http://store.test/in.png",)" + facts + "}");
    return json;
}

class JobWorkTest : public ::testing::Test {
protected:
    std::optional<JobEnd> perform(std::optional<std::string> input) {
        if (!work_) {
            volume_ = world_.settings.volume_dir.empty()
                          ? std::nullopt
                          : Volume::open(world_.settings.volume_dir, world_.random);
            work_.emplace(world_.settings, world_.limits, world_.web, volume_ ? &*volume_ : nullptr,
                          world_.clock, world_.random);
        }
        JobInHand job(taken("a-u1", std::move(input)), world_.clock, {world_.pictures});
        if (stopped_before_) job.stop();
        stages_.clear();
        return work_->perform(job, [&](std::string_view stage) { stages_.emplace_back(stage); });
    }
    /// Of a job that must fail.
    WorkerError error_of(std::optional<std::string> input) {
        const auto end = perform(std::move(input));
        EXPECT_TRUE(end && !end->succeeded && end->report.whole.error);
        EXPECT_TRUE(world_.is_clean());
        return end && end->report.whole.error ? read_worker_error(*end->report.whole.error) : WorkerError{};
    }
    WorkResult result_of(const std::string& input) {
        const auto end = perform(input);
        EXPECT_TRUE(end && end->succeeded && end->report.whole.output_json);
        if (!end || !end->report.whole.output_json) return {};
        return parse_work_result(*end->report.whole.output_json).value_or(WorkResult{});
    }
    void mount_volume() {
        world_.settings.volume_dir = world_.folder.path() / "volume";
        std::filesystem::create_directories(world_.settings.volume_dir / "inputs");
        write_file(world_.settings.volume_dir / "inputs/a.jpg", "a picture");
    }

    WorkerWorld world_;
    std::optional<Volume> volume_;
    std::optional<JobWork> work_;
    std::vector<std::string> stages_;
    bool stopped_before_ = false;
};

TEST_F(JobWorkTest, FetchesWorksStoresAndReportsNamesOnly) {
    const auto result = result_of(payload_json());
    EXPECT_EQ(world_.pictures.input_seen, "input bytes");
    EXPECT_THAT(stages_, ElementsAre("fetching", "working", "storing"));
    ASSERT_EQ(result.files.size(), 1U) << "the thumbnail has no place, and is no reason to fail";
    EXPECT_EQ(result.files[0].key, "restored/j-1/main.png");
    EXPECT_EQ(result.files[0].bytes, world_.pictures.bytes.size());
    EXPECT_EQ(result.files[0].sha256, to_hex(sha256(world_.pictures.bytes)));
    const auto puts = world_.web.requests(out_url);
    ASSERT_EQ(puts.size(), 1U);
    EXPECT_EQ(puts[0].body, world_.pictures.bytes);
    EXPECT_THAT(puts[0].headers, ElementsAre(::testing::Pair("Content-Type", "image/png")))
        << "exactly as presigned";
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(JobWorkTest, WrongInputsAreRefusedInWordsBeforeAnyWork) {
    EXPECT_THAT(error_of(std::nullopt).message, HasSubstr("without an input"));
    EXPECT_EQ(error_of(std::nullopt).type, "params_invalid");
    for (const std::string input :
         {"{}", "[]", "null", "7", R"({"job_id":"j"})", R"({"job_id":7,"type":"bg_remove"})",
          R"({"prompt":"a picture of a cat"})",
          R"({"job_id":"../x","type":"bg_remove","inputs":[{"url":"x"}]})"}) {
        EXPECT_THAT(error_of(input).message, ::testing::Not(::testing::IsEmpty())) << input;
    }
    EXPECT_THAT(error_of("{" + std::string(2 << 20, ' ') + "}").type, "params_invalid") << "huge";
    EXPECT_THAT(error_of(std::string(100'000, '[')).type, "params_invalid") << "deep";
    EXPECT_EQ(world_.pictures.runs, 0);
    EXPECT_TRUE(world_.web.requests("http://store.test").empty());
}

TEST_F(JobWorkTest, UnknownTypesAndParamsAreNamed) {
    auto typo = payload_json();
    typo.replace(typo.find("jpeg_to_png"), 11, "jpg_to_png");
    EXPECT_EQ(error_of(typo).type, "recipe_not_found");
    EXPECT_THAT(error_of(typo).message, HasSubstr("jpeg_to_png"));
    auto params = payload_json();
    params.replace(params.find(R"("params":{})"), 11, R"("params":{"sharpen_teeth":1})");
    EXPECT_EQ(error_of(params).type, "params_invalid");
    EXPECT_THAT(error_of(params).message, HasSubstr("sharpen_teeth"));
}

TEST_F(JobWorkTest, WithNowhereToPutOutputsNothingIsBegun) {
    EXPECT_THAT(error_of(volume_payload_json()).message, HasSubstr("nowhere to put outputs"));
    EXPECT_EQ(world_.pictures.runs, 0);
}

TEST_F(JobWorkTest, ADuplicateEndsAtOnceAndAnUnwantedOneFails) {
    world_.web.on(claim_url, {answer(409)});
    const auto duplicate = perform(payload_json(fence()));
    ASSERT_TRUE(duplicate && duplicate->report.whole.output_json);
    EXPECT_EQ(*duplicate->report.whole.output_json, R"({"darkroom":"duplicate"})");
    EXPECT_FALSE(duplicate->callback) << "who has the attempt tells its end";
    world_.web.on(claim_url, {answer(410)});
    EXPECT_EQ(error_of(payload_json(fence())).type, "cancelled");
    EXPECT_EQ(world_.pictures.runs, 0);
    EXPECT_TRUE(world_.web.requests(in_url).empty());
}

TEST_F(JobWorkTest, WithNobodyToAskItRunsOrGivesUpAsItWasTold) {
    world_.web.on(claim_url, {failure(FetchError::unreachable)});
    EXPECT_EQ(result_of(payload_json(fence())).files.size(), 1U);
    world_.settings.unclaimed = Unclaimed::give_up;
    EXPECT_EQ(error_of(payload_json(fence())).type, "backend_unavailable");
    EXPECT_EQ(world_.pictures.runs, 1);
}

TEST_F(JobWorkTest, AJobGivenAgainFindsItsResult) {
    const auto first = perform(payload_json());
    auto later = payload_json();  // the same work, presigned anew
    const auto signature = later.find("out/main");
    later.replace(signature, 8, "out/main?X-Amz-Date=later");
    const auto again = perform(later);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->report.whole.output_json, again->report.whole.output_json);
    EXPECT_EQ(world_.pictures.runs, 1);
    auto other = payload_json();
    other.replace(other.find("j-1"), 3, "j-2");
    result_of(other);
    EXPECT_EQ(world_.pictures.runs, 2) << "another job is another job";
}

TEST_F(JobWorkTest, OnTheVolumeTheResultIsFoundByAnyWorkerWhileItsFilesAreThere) {
    mount_volume();
    const auto result = result_of(volume_payload_json());
    ASSERT_EQ(result.files.size(), 2U);
    EXPECT_EQ(result.files[0].path, "/runpod-volume/restored/j-1/main.png");
    const auto on_disk = world_.settings.volume_dir / "restored/j-1";
    EXPECT_EQ(read_file(on_disk / "main.png"), world_.pictures.bytes);
    work_.reset();  // another worker
    EXPECT_EQ(result_of(volume_payload_json()).files.size(), 2U);
    EXPECT_EQ(world_.pictures.runs, 1);
    write_file(on_disk / "main.png", "cut");  // appended: the size is another
    result_of(volume_payload_json());
    EXPECT_EQ(world_.pictures.runs, 2) << "an incomplete result is none";
    std::filesystem::remove(on_disk / "result.json");
    write_file(on_disk / "result.json", R"({"work":7,"result":"nonsense"})");
    result_of(volume_payload_json());
    EXPECT_EQ(world_.pictures.runs, 3);
}

TEST_F(JobWorkTest, NoPrefixLeadsOutOfTheVolume) {
    mount_volume();
    for (const std::string prefix : {"../out", "a/../../out", "/etc"}) {
        EXPECT_FALSE(error_of(volume_payload_json("/runpod-volume/inputs/a.jpg", prefix)).message.empty())
            << prefix;
    }
    EXPECT_EQ(error_of(volume_payload_json("/etc/passwd")).message.empty(), false);
    EXPECT_EQ(error_of(volume_payload_json("/runpod-volume/inputs/none.jpg")).type, "input_missing");
    EXPECT_FALSE(std::filesystem::exists(world_.folder.path() / "out"));
}

TEST_F(JobWorkTest, OtherBytesThanToldAreRefused) {
    const auto right = to_hex(sha256("input bytes"));
    EXPECT_EQ(result_of(with_input(R"("bytes":11,"sha256":")" + right + "\"")).files.size(), 1U);
    EXPECT_EQ(error_of(with_input(R"("sha256":")" + std::string(64, 'a') + "\"")).type, "input_changed");
    EXPECT_EQ(error_of(with_input(R"("bytes":12)")).type, "input_changed");
    world_.settings.input_bytes_max = 5;
    EXPECT_EQ(error_of(with_input(R"("bytes":11)")).type, "input_too_large");
}

TEST_F(JobWorkTest, AnInputIsFetchedAgainWhereThatMayHelp) {
    world_.web.on(in_url, {answer(503), failure(FetchError::interrupted), answer(200, "input bytes")});
    EXPECT_EQ(result_of(payload_json()).files.size(), 1U);
    auto other = payload_json();
    other.replace(other.find("j-1"), 3, "j-2");
    world_.web.on(in_url, {answer(403)});
    const auto error = error_of(other);
    EXPECT_EQ(error.type, "input_missing");
    EXPECT_THAT(error.message, HasSubstr("403"));
    world_.web.on(in_url, {answer(302)});
    EXPECT_EQ(error_of(other).type, "input_missing") << "redirects are not followed";
    world_.web.on(in_url, {failure(FetchError::unreachable)});
    EXPECT_EQ(error_of(other).type, "storage_unavailable");
}

TEST_F(JobWorkTest, AnOutputIsPutAgainWhereThatMayHelp) {
    world_.web.on(out_url, {answer(500), failure(FetchError::interrupted), answer(200)});
    EXPECT_EQ(result_of(payload_json()).files.size(), 1U);
    EXPECT_EQ(world_.web.requests(out_url).size(), 3U);
    auto other = payload_json();
    other.replace(other.find("j-1"), 3, "j-2");
    world_.web.on(out_url, {answer(403)});
    EXPECT_EQ(error_of(other).type, "storage_unavailable");
    world_.web.on(out_url, {answer(507)});
    EXPECT_EQ(error_of(other).type, "storage_full");
    world_.web.on(out_url, {answer(503)});
    EXPECT_EQ(error_of(other).type, "storage_unavailable") << "until the job's time is over";
}

TEST_F(JobWorkTest, AMainOutputWithoutAFittingPlaceIsAnError) {
    auto json = payload_json();
    json.replace(json.find(R"("content_type":"image/png")"), 26, R"("content_type":"image/webp")");
    EXPECT_EQ(error_of(json).type, "output_invalid");
}

TEST_F(JobWorkTest, TheCallbackTellsTheEndToTheGateway) {
    world_.web.on(claim_url, {answer(200)});
    const auto json =
        payload_json(R"(,"webhook_url":"http://gateway.test/hook","auth":"Bearer x")" + fence());
    const auto end = perform(json);
    ASSERT_TRUE(end && end->callback);
    EXPECT_EQ(end->callback->url, "http://gateway.test/hook");
    EXPECT_EQ(end->callback->authorization, "Bearer x");
    const auto told = parse_work_callback(end->callback->body);
    ASSERT_TRUE(told) << told.error().detail;
    EXPECT_EQ(told->remote_id.str(), "a-u1");
    EXPECT_EQ(told->attempt_token, "token-1");
    ASSERT_TRUE(told->result);
    EXPECT_EQ(told->result->files.size(), 1U);
    world_.pictures.error = core::JobError{core::ErrorCode::no_subject, "Nothing is in the picture."};
    auto other = json;
    other.replace(other.find("j-1"), 3, "j-2");
    const auto failed = perform(other);
    ASSERT_TRUE(failed && failed->callback);
    const auto failure = parse_work_callback(failed->callback->body);
    ASSERT_TRUE(failure && failure->failure);
    EXPECT_EQ(failure->failure->code, "no_subject");
}

TEST_F(JobWorkTest, TheSmallReportLeavesOutWhatIsNotNeeded) {
    world_.pictures.measures_json = R"({"much":")" + std::string(2'000, 'x') + "\"}";
    const auto end = perform(payload_json());
    ASSERT_TRUE(end);
    EXPECT_GT(end->report.whole.output_json->size(), 2'000U);
    EXPECT_LT(end->report.small.output_json->size(), 500U);
    EXPECT_EQ(parse_work_result(*end->report.small.output_json)->files.size(), 1U);
}

TEST_F(JobWorkTest, AStoppedJobHasNoEnd) {
    stopped_before_ = true;
    EXPECT_FALSE(perform(payload_json()));
    EXPECT_TRUE(world_.is_clean());
    EXPECT_TRUE(world_.web.requests(out_url).empty());
}

}  // namespace
}  // namespace darkroom::runpod::worker
