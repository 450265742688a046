// The 30 scenarios of a ComfyUI that misbehaves, as far as its results and prompts go (1 to 17 and 29). What
// is about stopping, files and proxies stands in scenarios_faults_test.cpp.
#include "comfyui/comfy_fixture.h"
#include "comfyui/socket_event.h"
#include "tests/support/child_process.h"

namespace darkroom::comfyui {
namespace {

const char* const second_save =
    R"(,"10":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"second"}})"
    R"(,"11":{"class_type":"PreviewImage","inputs":{"images":["1",0]}})";

TEST_F(ComfyTest, S01APictureGoesInAndItsResultComesOut) {
    const auto id = submit(graph());
    const auto end = end_of(id);
    const auto results = results_of(end, folder);
    ASSERT_TRUE(results) << results.error().why;
    ASSERT_EQ(results->size(), 1u);
    EXPECT_TRUE(end.execution && end.queue_wait);
    std::string bytes;
    const auto got = client_.download((*results)[0].file, [&](std::string_view piece) {
        bytes += piece;
        return true;
    });
    ASSERT_TRUE(got) << got.error().detail;
    const auto& file = (*results)[0].file;
    EXPECT_EQ(bytes, testing::read_file(server_.folder() / "output" / file.folder / file.name));
    EXPECT_EQ(got->sha256, to_hex(sha256(bytes)));
    EXPECT_EQ(got->bytes, bytes.size());
    ASSERT_TRUE(client_.forget(id));
    EXPECT_EQ(phase_of(id), PromptPhase::absent);
}

TEST_F(ComfyTest, S02ABatchKeepsItsOrder) {
    set(R"("batch":4)");
    const auto results = results_of(run(), folder);
    ASSERT_TRUE(results);
    ASSERT_EQ(results->size(), 4u);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ((*results)[i].file.name, "n9_0000" + std::to_string(i + 1) + "_.png");
}

TEST_F(ComfyTest, S03PreviewsAreNoResults) {
    const auto end = run(second_save);
    EXPECT_EQ(end.files.size(), 3u);
    const auto results = results_of(end, folder);
    ASSERT_TRUE(results);
    ASSERT_EQ(results->size(), 2u);
    EXPECT_EQ((*results)[0].node, "9");
    EXPECT_EQ((*results)[1].node, "10");
}

TEST_F(ComfyTest, S04FilesOfOtherKeysAreFound) {
    const auto results = results_of(
        run(R"(,"20":{"class_type":"VHS_VideoCombine","inputs":{"images":["1",0],"filename_prefix":"v"}})"),
        folder);
    ASSERT_TRUE(results);
    ASSERT_EQ(results->size(), 2u);
    EXPECT_EQ((*results)[1].key, "gifs");
}

TEST_F(ComfyTest, S05NodesWithoutOutputsDoNotDisturb) {
    const auto event =
        read_socket_text(R"({"type":"executed","data":{"node":"3","output":null,"prompt_id":"x"}})");
    EXPECT_EQ(event.kind, SocketEventKind::none);
    EXPECT_TRUE(results_of(run(), folder));  // its save node tells "ui": null beside its images
}

TEST_F(ComfyTest, S06TheFileOfAnEarlierRunIsNoResult) {
    set(R"("cached":"old")");
    const auto end = run();
    EXPECT_TRUE(end.is_cached);
    const auto results = results_of(end, folder);
    ASSERT_FALSE(results);
    EXPECT_EQ(results.error().kind, TroubleKind::no_output);
}

TEST_F(ComfyTest, S07SuccessWithoutFilesIsNoSuccess) {
    set(R"("cached":"empty")");
    const auto results = results_of(run(), folder);
    ASSERT_FALSE(results);
    EXPECT_EQ(job_error(results.error()).code, core::ErrorCode::output_missing);
}

TEST_F(ComfyTest, S08APromptThatIsTakenInPartIsRejectedAndTakenBack) {
    set(R"("hold":true)");
    const auto blocker = submit(graph());
    const auto id = random_.id<PromptId>();
    const auto outcome = client_.submit(
        id, graph(R"(,"2":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"none.pth"}},)"
                  R"("10":{"class_type":"SaveImage","inputs":{"images":["2",0],"filename_prefix":"b"}})"));
    const auto* rejected = std::get_if<PromptRejected>(&outcome);
    ASSERT_NE(rejected, nullptr);
    EXPECT_TRUE(rejected->is_queued);
    EXPECT_EQ(rejected->trouble.kind, TroubleKind::missing_model);
    EXPECT_EQ(phase_of(id), PromptPhase::pending);
    ASSERT_TRUE(client_.cancel(id));
    EXPECT_EQ(phase_of(id), PromptPhase::absent);
    EXPECT_EQ(phase_of(blocker), PromptPhase::running);
    EXPECT_EQ(told("runs", id), 0);
}

struct Refusal {
    const char* graph;
    TroubleKind kind;
    const char* what;
};

TEST_F(ComfyTest, S09EachRefusalIsUnderstoodInOldAndNewWords) {
    const auto image = upload();
    const std::vector<Refusal> refusals = {
        {R"({"1":{"class_type":"NoSuchNode","inputs":{}}})", TroubleKind::missing_node, "NoSuchNode"},
        {R"({"1":{"class_type":"KSampler","inputs":{}}})", TroubleKind::bad_graph, ""},
        {R"({"1":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"x.pth"}},)"
         R"("2":{"class_type":"SaveImage","inputs":{"a":["1",0]}}})",
         TroubleKind::missing_model, "model_name: x.pth"},
        {R"({"1":{"class_type":"LoadImage","inputs":{"image":"gone.png"}},)"
         R"("2":{"class_type":"SaveImage","inputs":{"a":["1",0]}}})",
         TroubleKind::input_absent, ""},
        {R"({"1":{"class_type":"LoadImage","inputs":{}},"2":{"class_type":"SaveImage","inputs":{"a":["1",0]}}})",
         TroubleKind::bad_graph, ""},
        {R"({"1":{"class_type":"KSampler","inputs":{"denoise":7}},)"
         R"("2":{"class_type":"SaveImage","inputs":{"a":["1",0]}}})",
         TroubleKind::bad_params, "denoise"},  // its answer holds a NaN
        {R"({"2":{"class_type":"SaveImage","inputs":{"a":["77",0]}}})", TroubleKind::bad_graph, ""},
        {R"({"2":{"class_type":"SaveImage","inputs":{"a":[1,2,3]}}})", TroubleKind::bad_graph, ""},
    };
    for (const auto* uuids_only : {"true", "false"}) {
        set(std::string(R"("uuids_only":)") + uuids_only);
        for (const auto& refusal : refusals) {
            const auto outcome = client_.submit(random_.id<PromptId>(), refusal.graph);
            const auto* rejected = std::get_if<PromptRejected>(&outcome);
            ASSERT_NE(rejected, nullptr) << refusal.graph;
            EXPECT_FALSE(rejected->is_queued);
            EXPECT_EQ(rejected->trouble.kind, refusal.kind) << refusal.graph << rejected->trouble.why;
            EXPECT_EQ(rejected->trouble.what, refusal.what) << rejected->trouble.why;
        }
    }
}

TEST_F(ComfyTest, S10AfterTheGpuRanOutOfMemoryItIsFreedAndTheNextTryMaySucceed) {
    for (const auto* words : {"oom", "oom_words"}) {
        set(std::string(R"("ends":")") + words + "\"");
        const auto end = run();
        ASSERT_EQ(kind_of(end), TroubleKind::gpu_oom);
        EXPECT_EQ(traits(end.trouble->kind).remedy, Remedy::free_memory);
        EXPECT_EQ(job_error(*end.trouble).code, core::ErrorCode::worker_oom);
    }
    ASSERT_TRUE(client_.free_memory());
    EXPECT_EQ(server_.play(R"({"report":true})").at("frees").as_int64(), 1);
    set(R"("ends":"success")");
    EXPECT_TRUE(results_of(run(), folder));
}

TEST_F(ComfyTest, S11ACudaFaultLastsUntilTheRestart) {
    set(R"("ends":"cuda")");
    EXPECT_EQ(kind_of(run()), TroubleKind::cuda_fault);
    set(R"("ends":"success")");
    const auto end = run();
    ASSERT_EQ(kind_of(end), TroubleKind::cuda_fault);
    EXPECT_EQ(traits(end.trouble->kind).remedy, Remedy::restart);
    server_.play(R"({"restart":true})");
    EXPECT_TRUE(results_of(run(), folder));
}

TEST_F(ComfyTest, S12ABlockedBranchIsNoFailure) {
    set(R"("ends":"blocked")");
    EXPECT_TRUE(results_of(run(), folder));
    EXPECT_EQ(
        read_socket_text(R"({"type":"execution_error","data":{"exception_type":"ExecutionBlocked"}})").kind,
        SocketEventKind::none);
}

TEST_F(ComfyTest, S13SuccessIsOnlyBelievedOnceTheHistoryTellsOfIt) {
    for (const auto* jobs_api : {"true", "false"}) {
        set(std::string(R"("history_late":3,"jobs_api":)") + jobs_api);
        const auto id = submit(graph());
        server_.wait_until_idle();
        EXPECT_EQ(phase_of(id), PromptPhase::running);  // not absent: nothing would be lost more surely
        EXPECT_EQ(phase_of(id), PromptPhase::running);
        EXPECT_EQ(phase_of(id), PromptPhase::ended);
    }
}

TEST_F(ComfyTest, S14And15TheEndIsSeenWithoutAnyEvent) {
    // No socket is open at all: as silent as one can be.
    const auto id = submit(graph());
    EXPECT_EQ(read_socket_text(R"({"type":"executing","data":{"no)").kind, SocketEventKind::none);
    EXPECT_TRUE(results_of(end_of(id), folder));
}

TEST_F(ComfyTest, S16APromptWhoseProcessRestartedIsAbsent) {
    for (const auto* jobs_api : {"true", "false"}) {
        set(std::string(R"("hold":true,"jobs_api":)") + jobs_api);
        const auto id = submit(graph());
        const auto waiting = submit(graph());
        server_.wait_until_running();
        EXPECT_EQ(phase_of(id), PromptPhase::running);
        EXPECT_EQ(phase_of(waiting), PromptPhase::pending);
        server_.play(R"({"restart":true})");
        EXPECT_EQ(phase_of(id), PromptPhase::absent);
        EXPECT_EQ(phase_of(waiting), PromptPhase::absent);
        set(R"("hold":false)");
    }
}

TEST_F(ComfyTest, S17AnAcceptedPromptWhoseAnswerIsLostIsFoundAndNotRepeated) {
    set(R"("accept_then_cut":1)");
    const auto id = random_.id<PromptId>();
    const auto outcome = client_.submit(id, graph());
    ASSERT_TRUE(std::holds_alternative<PromptUnclear>(outcome)) << outcome.index();
    const auto seen = client_.look_after_unclear(id);
    ASSERT_TRUE(seen);
    EXPECT_NE(seen->phase, PromptPhase::absent);
    EXPECT_TRUE(results_of(end_of(id), folder));
    EXPECT_EQ(told("posts", id), 1);
    EXPECT_EQ(told("runs", id), 1);
}

TEST_F(ComfyTest, S29AnErrorInTheMessagesOutweighsAStatusOfSuccess) {
    set(R"("ends":"lying_status")");
    EXPECT_EQ(kind_of(run()), TroubleKind::failed);
}

TEST_F(ComfyTest, OtherErrorsOfNodesAreTold) {
    const std::vector<std::pair<const char*, TroubleKind>> ends = {
        {"bad_image", TroubleKind::bad_input_image},
        {"disk_full", TroubleKind::disk_full},
        {"shapes", TroubleKind::wrong_text_encoder}};
    for (const auto& [word, kind] : ends) {
        set(std::string(R"("ends":")") + word + "\"");
        EXPECT_EQ(kind_of(run()), kind);
    }
}

}  // namespace
}  // namespace darkroom::comfyui
