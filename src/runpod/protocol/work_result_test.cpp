#include "runpod/protocol/work_result.h"

#include <gtest/gtest.h>

#include "runpod/protocol/work_callback.h"

namespace darkroom::runpod {
namespace {

const std::string digest(64, 'b');

WorkResult good() {
    WorkResult result;
    result.files = {
        {"main", "restored/1/2.png", "", "image/png", 391220, digest, 1600, 1067},
        {"mask", "", "/runpod-volume/restored/1/2.mask.png", "image/png", 1200, digest, 1600, 1067}};
    result.measures_json = R"({"iou":0.970})";
    result.warnings_json = R"(["low contrast"])";
    result.execution = Milliseconds(3391);
    return result;
}

TEST(WorkResult, IsReadBackAsItWasWritten) {
    const auto text = write_work_result(good());
    const auto read = parse_work_result(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_work_result(*read), text);
    EXPECT_EQ(read->files[0].width, 1600u);
    EXPECT_EQ(read->measures_json, R"({"iou":0.970})");
    EXPECT_FALSE(read->duplicate);
}

TEST(WorkResult, OfADuplicateIsAWordAlone) {
    WorkResult duplicate;
    duplicate.duplicate = true;
    EXPECT_EQ(write_work_result(duplicate), R"({"darkroom":"duplicate"})");
    EXPECT_TRUE(parse_work_result(R"({"darkroom":"duplicate"})")->duplicate);
}

TEST(WorkResult, RefusesWhatNamesNoResult) {
    struct Case {
        std::string_view from;
        std::string_view to;
    };
    const auto right = write_work_result(good());
    for (const auto& [from, to] :
         {Case{R"("role":"main")", R"("role":"extra")"}, Case{R"("role":"main")", R"("role":"../main")"},
          Case{R"("key":"restored/1/2.png")", R"("key":"")"},
          Case{R"("key":"restored/1/2.png")", R"("key":"a","path":"/workspace/b")"},
          Case{R"("bytes":391220)", R"("bytes":"391220")"}, Case{R"("width":1600)", R"("width":99999999)"},
          Case{R"("sha256":"bb)", R"("sha256":"xx)"}, Case{R"("files":[)", R"("files":[null,)"},
          Case{R"("files":[)", R"("files":[],"f":[)"}, Case{R"("files":[)", R"("f":[)"},
          Case{R"("measures":{)", R"("measures":5,"m":{)"}, Case{R"("warnings":[)", R"("warnings":{},"w":[)"},
          Case{R"("execution_ms":3391)", R"("execution_ms":-1)"},
          Case{R"({"files")", R"({"darkroom":"magic","files")"}}) {
        auto text = right;
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        EXPECT_FALSE(parse_work_result(text).ok()) << text;
    }
    for (const std::string_view text :
         {"", "{}", "[]", "null", "\"done\"", R"({"images":[{"type":"base64"}]})"})
        EXPECT_FALSE(parse_work_result(text).ok()) << text;
    for (std::size_t size = 0; size < right.size(); ++size)
        EXPECT_FALSE(parse_work_result(std::string_view(right).substr(0, size)).ok()) << size;
    auto many = good();
    many.files.assign(work_files_max + 1, many.files[0]);
    EXPECT_FALSE(parse_work_result(write_work_result(many)).ok());
}

TEST(WorkClaim, IsReadBackAsItWasWritten) {
    const WorkClaim claim{"tok-1", *RemoteJobId::parse("r-u1"), "pod1"};
    const auto text = write_work_claim(claim);
    EXPECT_EQ(text, R"({"attempt_token":"tok-1","remote_id":"r-u1","worker_id":"pod1"})");
    const auto read = parse_work_claim(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_work_claim(*read), text);
    for (const std::string_view bad : {"", "[]", "{}", R"({"attempt_token":"t","remote_id":"r"})",
                                       R"({"attempt_token":"t","worker_id":"w"})",
                                       R"({"attempt_token":"a b","remote_id":"r","worker_id":"w"})",
                                       R"({"attempt_token":"t","remote_id":"r/1","worker_id":"w"})",
                                       R"({"attempt_token":"t","remote_id":"r","worker_id":"a\nb"})"})
        EXPECT_FALSE(parse_work_claim(bad).ok()) << bad;
}

WorkCallback callback() {
    WorkCallback callback;
    callback.job_id = "3f0e8d7c-1111-4222-8333-444455556666";
    callback.attempt = AttemptId::parse("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
    callback.attempt_token = "tok";
    callback.remote_id = *RemoteJobId::parse("r-u1");
    callback.worker_id = "pod1";
    return callback;
}

TEST(WorkCallback, TellsAResultOrAFailure) {
    auto done = callback();
    done.result = good();
    auto read = parse_work_callback(write_work_callback(done));
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_work_callback(*read), write_work_callback(done));
    EXPECT_EQ(read->attempt, done.attempt);
    ASSERT_TRUE(read->result);
    EXPECT_EQ(read->result->measures_json, R"({"iou":0.970})");
    EXPECT_FALSE(read->failure);

    auto failed = callback();
    failed.failure = WorkFailure{"no_subject", "nothing stands out"};
    read = parse_work_callback(write_work_callback(failed));
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->failure->code, "no_subject");
    EXPECT_FALSE(read->result);

    failed.attempt.reset();
    failed.attempt_token.clear();
    EXPECT_TRUE(parse_work_callback(write_work_callback(failed)).ok())
        << "a job of another app has no attempt";
}

TEST(WorkCallback, RefusesWhatTellsNeither) {
    auto done = callback();
    done.result = good();
    const auto right = write_work_callback(done);
    struct Case {
        std::string_view from;
        std::string_view to;
    };
    for (const auto& [from, to] :
         {Case{R"("status":"COMPLETED")", R"("status":"DONE")"}, Case{R"("status":"COMPLETED",)", ""},
          Case{R"("status":"COMPLETED")", R"("status":"FAILED")"}, Case{R"("result":{)", R"("r":{)"},
          Case{R"("result":{)", R"("result":5,"r":{)"}, Case{R"("role":"main")", R"("role":"x")"},
          Case{R"("attempt":"aaaa)", R"("attempt":"!aaa)"},
          Case{R"("attempt_token":"tok")", R"("attempt_token":"t k")"},
          Case{R"("remote_id":"r-u1")", R"("remote_id":"")"}, Case{R"("job_id":"3f)", R"("job_id":"/f)"},
          Case{R"({"job_id")", R"({"status":"FAILED","job_id")"}}) {
        auto text = right;
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        EXPECT_FALSE(parse_work_callback(text).ok()) << text;
    }
    for (std::size_t size = 0; size < right.size(); size += 3)
        EXPECT_FALSE(parse_work_callback(std::string_view(right).substr(0, size)).ok()) << size;
}

}  // namespace
}  // namespace darkroom::runpod
