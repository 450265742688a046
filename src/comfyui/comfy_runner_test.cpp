#include "comfyui/comfy_runner.h"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include "comfyui/comfy_fixture.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::comfyui {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ComfyRunnerTest : public ::testing::Test {
protected:
    ComfyRunnerTest() : input_(::memfd_create("input", MFD_CLOEXEC)) {
        const std::string bytes = "bytes of a picture";
        EXPECT_EQ(::write(input_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        std::filesystem::create_directories(made_);
    }
    void TearDown() override {
        EXPECT_EQ(boost::json::serialize(report().at("fouls")), "[]");
        EXPECT_EQ(report().at("pending").as_int64(), 0) << "work is left that nobody wants";
    }

    RunnerSettings settings() const {
        RunnerSettings settings;
        settings.client.base_url = server_.url();
        settings.client.client_id = "dr-worker-test";
        settings.input_dir = server_.folder() / "input";
        settings.output_dir = server_.folder() / "output";
        settings.temp_dir = server_.folder() / "temp";
        settings.first_poll = Milliseconds(5);
        settings.longest_poll = Milliseconds(20);
        settings.cancel_patience = Milliseconds(300);
        settings.gone_patience = Milliseconds(300);
        settings.ready_patience = Milliseconds(3'000);
        return settings;
    }
    void set(const std::string& switches) { server_.play(R"({"set":{)" + switches + "}}"); }
    boost::json::object report() { return server_.play(R"({"report":true})"); }
    std::size_t posts() { return report().at("posts").as_object().size(); }

    ports::WorkflowOrder order(const std::string& more = {}) const {
        ports::WorkflowOrder order;
        order.workflow_json = graph_of("photo.jpg", more);
        order.inputs = {{"photo.jpg", input_.get(), "image/jpeg"}};
        order.work_dir = made_;
        order.time_limit = Milliseconds(20'000);
        return order;
    }
    ports::WorkflowResult run(const ports::WorkflowOrder& order) {
        stages_.clear();
        return runner_.prepare()->run(order, [&](std::string_view stage) { stages_.emplace_back(stage); });
    }
    ErrorCode code_of(const ports::WorkflowOrder& order) {
        const auto result = run(order);
        EXPECT_FALSE(result);
        expect_clean();
        return result ? ErrorCode::internal : result.error().code;
    }
    /// What came of a run that was stopped when `is_time` said so.
    ports::WorkflowResult stop_once(const std::function<bool()>& is_time) {
        const auto one = runner_.prepare();
        ports::WorkflowResult result = Fail(core::JobError{});
        std::thread thread([&] { result = one->run(order(), [](std::string_view) {}); });
        while (!is_time()) std::this_thread::yield();
        one->stop();
        thread.join();
        EXPECT_FALSE(result);
        return result ? ports::WorkflowResult(Fail(core::JobError{})) : result;
    }
    /// On this machine nothing of any run is left.
    void expect_clean() const {
        for (const auto* kind : {"input/dr", "output/dr", "temp"}) {
            const auto folder = server_.folder() / kind;
            EXPECT_TRUE(!std::filesystem::exists(folder) || std::filesystem::is_empty(folder)) << kind;
        }
        EXPECT_TRUE(std::filesystem::is_empty(made_));
    }

    testing::ComfyuiServer server_;
    testing::TempDir folder_;
    const std::filesystem::path made_ = folder_.path() / "made";
    http::CurlClient http_;
    testing::RealClock clock_;
    testing::SeededRandom random_{11};
    UniqueFd input_;
    ComfyRunner runner_{settings(), http_, clock_, random_};
    std::vector<std::string> stages_;
};

TEST_F(ComfyRunnerTest, RunsAWorkflowAndLeavesNothingBehindButItsResults) {
    const auto done = run(order(R"(,"8":{"class_type":"PreviewImage","inputs":{"images":["1",0]}})"));
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_EQ(done->files.size(), 1U) << "a preview is no result";
    const auto& file = done->files[0];
    EXPECT_EQ(file.name, "ComfyUI_00001_.png");
    EXPECT_EQ(file.kind, "images");
    EXPECT_THAT(testing::read_file(file.path), StartsWith("\x89PNG"));
    EXPECT_EQ(file.bytes, std::filesystem::file_size(file.path));
    EXPECT_EQ(stages_.front(), "waiting");
    EXPECT_EQ(stages_.back(), "storing");
    std::filesystem::remove(file.path);
    expect_clean();
    ComfyClient client(settings().client, http_, clock_);
    const auto kept = client.history(*PromptId::parse(done->prompt_id));
    EXPECT_TRUE(kept && !*kept) << "ComfyUI's memory is freed too";
}

TEST_F(ComfyRunnerTest, TwoRunsOfOneWorkflowNeverShareAFile) {
    const auto first = run(order());
    const auto second = run(order());
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->prompt_id, second->prompt_id);
    EXPECT_NE(first->files[0].path, second->files[0].path);
    EXPECT_EQ(second->files[0].name, "ComfyUI_00001_.png");
}

TEST_F(ComfyRunnerTest, TellsFilesByTheirRole) {
    auto one =
        order(R"(,"10":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"a/b"}})");
    one.role_of_node = {{"9", "main"}, {"10", "mask"}};
    const auto done = run(one);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_EQ(done->files.size(), 2U);
    for (const auto& file : done->files) EXPECT_EQ(file.role, file.node == "9" ? "main" : "mask");
}

TEST_F(ComfyRunnerTest, GivesAllFilesOfABatchInTheirOrder) {
    set(R"("batch":4)");
    const auto done = run(order());
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_EQ(done->files.size(), 4U);
    EXPECT_EQ(done->files[3].name, "ComfyUI_00004_.png");
}

TEST_F(ComfyRunnerTest, FreesMemoryAndTriesOnceMore) {
    set(R"("ends":"oom")");
    EXPECT_EQ(code_of(order()), ErrorCode::worker_oom);
    EXPECT_EQ(posts(), 2U) << "not for ever";
    EXPECT_EQ(report().at("frees").as_int64(), 2);
    EXPECT_FALSE(runner_.trouble());
    set(R"("ends":"success")");
    EXPECT_TRUE(run(order()));
}

TEST_F(ComfyRunnerTest, DoesNothingMoreAfterACudaFault) {
    set(R"("ends":"cuda")");
    EXPECT_EQ(code_of(order()), ErrorCode::worker_crashed);
    ASSERT_TRUE(runner_.trouble());
    EXPECT_THAT(*runner_.trouble(), HasSubstr("illegal memory access"));
    EXPECT_EQ(posts(), 1U);
    EXPECT_EQ(code_of(order()), ErrorCode::backend_unavailable);
    EXPECT_EQ(posts(), 1U) << "no other job meets the broken GPU";
}

TEST_F(ComfyRunnerTest, AStopTakesItsPromptOutOfTheQueueAndDisturbsNobody) {
    set(R"("hold":true)");
    server_.play(R"({"foreign":1})");
    server_.wait_until_running();
    const auto result = stop_once([&] { return posts() == 1; });
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    EXPECT_TRUE(report().at("interrupted").is_null()) << "somebody else's work was ended";
    server_.play(R"({"release":1})");
    server_.wait_until_idle();
    EXPECT_EQ(report().at("runs").as_object().size(), 1U) << "what was stopped never ran";
}

TEST_F(ComfyRunnerTest, AStopEndsWhatRunsAndCleansUpAfterIt) {
    set(R"("hold":true)");
    const auto result =
        stop_once([&] { return server_.play(R"({"wait":"running"})").at("running").as_bool(); });
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    server_.wait_until_idle();
    expect_clean();
}

TEST_F(ComfyRunnerTest, DoesNotWaitForeverForWhatCannotBeInterrupted) {
    set(R"("hold":true,"deaf_to_interrupt":true)");
    const auto result =
        stop_once([&] { return server_.play(R"({"wait":"running"})").at("running").as_bool(); });
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    server_.play(R"({"release":1})");
    server_.wait_until_idle();
}

TEST_F(ComfyRunnerTest, StoppedBeforeItsStartItAsksNothing) {
    const auto one = runner_.prepare();
    one->stop();
    const auto result = one->run(order(), [](std::string_view) {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    EXPECT_EQ(posts(), 0U);
}

TEST_F(ComfyRunnerTest, CancelsWhatTakesTooLong) {
    set(R"("hold":true)");
    auto one = order();
    one.time_limit = Milliseconds(400);
    EXPECT_EQ(code_of(one), ErrorCode::timeout);
    server_.wait_until_idle();
}

TEST_F(ComfyRunnerTest, WaitsForOneThatIsStillStarting) {
    set(R"("not_ready":2)");
    EXPECT_FALSE(runner_.problem_now()) << "a proxy's word for a moment";
    set(R"("not_ready":9)");
    EXPECT_TRUE(runner_.problem_now());
    EXPECT_TRUE(run(order()));
    EXPECT_FALSE(runner_.trouble());
}

TEST_F(ComfyRunnerTest, GivesTheMachineUpIfComfyuiNeverListens) {
    auto other = settings();
    other.client.base_url = "http://127.0.0.1:1";
    other.ready_patience = Milliseconds(100);
    ComfyRunner runner(other, http_, clock_, random_);
    EXPECT_TRUE(runner.problem_now());
    const auto result = runner.prepare()->run(order(), [](std::string_view) {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::backend_unavailable);
    EXPECT_TRUE(runner.trouble());
}

TEST_F(ComfyRunnerTest, ARestartInMidRunIsACrash) {
    set(R"("hold":true)");
    std::optional<ports::WorkflowResult> result;
    const auto one = runner_.prepare();
    std::thread thread([&] { result = one->run(order(), [](std::string_view) {}); });
    server_.wait_until_running();
    server_.play(R"({"restart":true})");
    thread.join();
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().code, ErrorCode::worker_crashed);
    EXPECT_FALSE(runner_.trouble()) << "the next one may do better";
    set(R"("hold":false)");
    EXPECT_TRUE(run(order()));
}

TEST_F(ComfyRunnerTest, FindsAPromptWhoseAnswerWasLost) {
    set(R"("accept_then_cut":1)");
    const auto done = run(order());
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(posts(), 1U);
}

TEST_F(ComfyRunnerTest, UsesTheNameUnderWhichComfyuiKeepsAnInput) {
    set(R"("rename_uploads":true)");
    const auto done = run(order());
    EXPECT_TRUE(done) << done.error().message;
}

TEST_F(ComfyRunnerTest, RefusesWhatIsWrongWithAWorkflowInItsOwnWords) {
    auto one = order();
    one.workflow_json = R"({"nodes":[],"links":[]})";
    EXPECT_EQ(code_of(one), ErrorCode::workflow_rejected);
    one.workflow_json = R"({"1":{"inputs":{}}})";
    EXPECT_EQ(code_of(one), ErrorCode::workflow_rejected);
    one.workflow_json = R"({"1":{"class_type":"NoSuchNode","inputs":{}}})";
    EXPECT_EQ(code_of(one), ErrorCode::model_unavailable);
    one.workflow_json = graph_of("absent.png");
    EXPECT_EQ(code_of(one), ErrorCode::backend_unavailable) << "an input that nobody sent";
    EXPECT_EQ(code_of(order(
                  R"(,"7":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"x.pth"}},)"
                  R"("10":{"class_type":"SaveImage","inputs":{"images":["7",0],"filename_prefix":"x"}})")),
              ErrorCode::model_unavailable)
        << "taken in part, which is not what was asked for";
    server_.wait_until_idle();
}

TEST_F(ComfyRunnerTest, TakesNoResultWithATrickInItsName) {
    set(R"("bad_name":"../../etc/passwd")");
    EXPECT_EQ(code_of(order()), ErrorCode::output_invalid);
}

TEST_F(ComfyRunnerTest, TakesNoFileOfAnEarlierRunForItsResult) {
    set(R"("cached":"old")");
    auto one = order();
    one.role_of_node = {{"9", "main"}};
    const auto result = run(one);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::output_missing);
}

TEST_F(ComfyRunnerTest, AFileThatIsNotThereIsNoResult) {
    set(R"("view_404":9)");
    EXPECT_EQ(code_of(order()), ErrorCode::output_missing);
}

TEST_F(ComfyRunnerTest, TakesUpATransferThatBreaksOff) {
    set(R"("view_cut":2)");
    const auto done = run(order());
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files[0].bytes, std::filesystem::file_size(done->files[0].path));
}

}  // namespace
}  // namespace darkroom::comfyui
