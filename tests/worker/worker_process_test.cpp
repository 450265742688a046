// The real `darkroom worker` with its real pixel process, against an endpoint, a store and a gateway that do
// as a test says, over real sockets and signals.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "base/digest.h"
#include "runpod/protocol/callback_signature.h"
#include "runpod/protocol/work_callback.h"
#include "runpod/protocol/worker_error.h"
#include "runpod/protocol/worker_messages.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/process_table.h"
#include "tests/support/temp_dir.h"
#include "tests/worker/scripted_endpoint.h"

namespace darkroom::worker_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Milliseconds end_at_most{40'000};

class WorkerProcess : public ::testing::Test {
protected:
    WorkerProcess() {
        std::filesystem::create_directories(home_.path() / "tmp");
        endpoint_.keep("disc", e2e::disc_png(200, 150));
        environment_ = endpoint_.worker_environment("worker-1");
        environment_["TMPDIR"] = (home_.path() / "tmp").string();
    }
    ~WorkerProcess() override {
        child_.reset();
        if (HasFailure()) std::fprintf(stderr, "--- worker ---\n%s", log().c_str());
    }

    void start(std::vector<std::string> arguments = {"worker"}) {
        child_ =
            std::make_unique<testing::ChildProcess>(testing::ChildPlan{.program = e2e::darkroom_program(),
                                                                       .arguments = std::move(arguments),
                                                                       .environment = environment_,
                                                                       .working_dir = home_.path(),
                                                                       .out_file = home_.path() / "out",
                                                                       .err_file = home_.path() / "log"});
    }
    std::string log() const { return testing::read_file(home_.path() / "log"); }
    std::string out() const { return testing::read_file(home_.path() / "out"); }

    /// As a platform scales a worker down; it leaves nothing behind.
    void terminate() {
        const auto children = testing::descendants_of(child_->pid());
        child_->send_signal(SIGTERM);
        const auto exit = child_->wait(end_at_most);
        ASSERT_TRUE(exit.has_value()) << "still running";
        EXPECT_EQ(exit->code, 0);
        expect_nothing_left(children);
    }
    void expect_nothing_left(const std::vector<pid_t>& children) {
        EXPECT_TRUE(std::filesystem::is_empty(home_.path() / "tmp"));
        for (const auto pid : children) EXPECT_NE(::kill(pid, 0), 0) << "a pixel process outlived its worker";
    }
    bool wait_for_end(const std::string& job) {
        return endpoint_.wait([&] { return !endpoint_.ends(job).empty(); });
    }
    bool wait_for_stage(const std::string& job, const std::string& stage) {
        return endpoint_.wait([&] {
            const auto told = endpoint_.progress(job);
            return !told.empty() && told.back().body.find(stage) != std::string::npos;
        });
    }

    std::string job(const std::string& id, const std::string& more = "", const std::string& input = "disc",
                    const std::string& type = "jpeg_to_png") const {
        return R"({"id":")" + id + R"(","input":{"job_id":")" + id + R"(","type":")" + type +
               R"(","params":{},"inputs":[{"url":")" + endpoint_.url("/store/" + input) +
               R"("}],"output_prefix":"restored/x","outputs":[{"role":"main","content_type":"image/png",)"
               R"("key":"restored/)" +
               id + R"(.png","url":")" + endpoint_.url("/store/out-" + id) + R"(","headers":{}}])" + more +
               "}}";
    }
    /// Starts a worker, and stops its pixel process dead: the next job hangs in the middle of its work.
    pid_t start_and_freeze() {
        start();
        endpoint_.give(job("warm"));
        if (!wait_for_end("warm")) return 0;
        for (const auto& process : testing::running_processes()) {
            if (process.parent != child_->pid()) continue;
            ::kill(process.pid, SIGSTOP);
            return process.pid;
        }
        return 0;
    }
    std::string error_in(const std::string& id) {
        const auto ends = endpoint_.ends(id);
        if (ends.empty()) return "no end";
        const auto report = runpod::parse_done_report(ends[0].body, 1 << 20);
        return report && report->error ? runpod::read_worker_error(*report->error).type : "no error";
    }

    testing::TempDir home_;
    ScriptedEndpoint endpoint_;
    std::map<std::string, std::string> environment_;
    std::unique_ptr<testing::ChildProcess> child_;
};

TEST_F(WorkerProcess, DoesARealJobFromTakeToSignedCallback) {
    start();
    const std::string fence =
        R"(,"webhook_url":")" + endpoint_.url("/gateway/hook") +
        R"(","_darkroom":{"job":"3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f",)"
        R"("attempt":"4f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f","attempt_token":"token-1","claim_url":")" +
        endpoint_.url("/gateway/claim") + "\"}";
    endpoint_.give(job("a-u1", fence));
    ASSERT_TRUE(endpoint_.wait([&] { return !endpoint_.heard("/gateway/hook").empty(); }));
    ASSERT_TRUE(wait_for_end("a-u1"));
    const auto made = endpoint_.stored("out-a-u1");
    ASSERT_TRUE(made);
    EXPECT_EQ(e2e::decoded_size(*made, ".png").width, 200);
    const auto end = endpoint_.ends("a-u1").at(0);
    EXPECT_THAT(end.body, HasSubstr(to_hex(sha256(*made))));
    EXPECT_THAT(end.headers, ::testing::Contains(::testing::Pair("Authorization", "the worker's key")));
    ASSERT_EQ(endpoint_.heard("/gateway/claim").size(), 1U);

    const auto hook = endpoint_.heard("/gateway/hook").at(0);
    runpod::CallbackProof proof;
    for (const auto& [name, value] : hook.headers) {
        if (name == "X-Signature") proof.x_signature = value;
        if (name == "webhook-id") proof.id = value;
        if (name == "webhook-timestamp") proof.timestamp = value;
        if (name == "webhook-signature") proof.signature = value;
    }
    const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
    EXPECT_TRUE(runpod::verify_callback({*runpod::CallbackSecret::parse("a secret for the tests")}, proof,
                                        hook.body, now));
    const auto told = runpod::parse_work_callback(hook.body);
    ASSERT_TRUE(told && told->result);
    EXPECT_EQ(told->result->files.at(0).key, "restored/a-u1.png");
    terminate();
    for (const auto* secret : {"a secret for the tests", "the worker's key", "token-1"})
        EXPECT_THAT(log(), Not(HasSubstr(secret)));
}

TEST_F(WorkerProcess, AnIdleWorkerEndsAtOnceThoughItsLongPollIsHeld) {
    start();
    ASSERT_TRUE(endpoint_.wait([&] { return !endpoint_.heard("/v2/ep/job-take/").empty(); }));
    ASSERT_TRUE(endpoint_.wait([&] { return !endpoint_.heard("/v2/ep/job-stop/").empty(); }));
    const auto began = std::chrono::steady_clock::now();
    terminate();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

TEST_F(WorkerProcess, ASignalWhileBusyLetsTheJobEndAndTakesNoOther) {
    const auto frozen = start_and_freeze();
    ASSERT_GT(frozen, 0);
    endpoint_.give(job("long"));
    ASSERT_TRUE(wait_for_stage("long", "working"));
    child_->send_signal(SIGTERM);
    ASSERT_TRUE(endpoint_.wait([&] { return log().find("stopping") != std::string::npos; }));
    ::kill(frozen, SIGCONT);
    endpoint_.give(job("next"));
    const auto exit = child_->wait(end_at_most);
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 0);
    ASSERT_EQ(endpoint_.ends("long").size(), 1U);
    EXPECT_TRUE(endpoint_.ends("next").empty());
    expect_nothing_left({});
}

TEST_F(WorkerProcess, BeyondTheGraceAJobIsLeftToOthersUnreported) {
    environment_["DARKROOM_WORKER_GRACE_S"] = "0";
    ASSERT_GT(start_and_freeze(), 0);
    endpoint_.give(job("long"));
    ASSERT_TRUE(wait_for_stage("long", "working"));
    terminate();
    EXPECT_TRUE(endpoint_.ends("long").empty());
}

TEST_F(WorkerProcess, AStoppedJobIsInterruptedAndTheNextOneIsDone) {
    ASSERT_GT(start_and_freeze(), 0);
    endpoint_.give(job("long"));
    ASSERT_TRUE(wait_for_stage("long", "working"));
    endpoint_.tell_to_stop("long");
    endpoint_.give(job("next"));
    ASSERT_TRUE(wait_for_end("next"));
    EXPECT_TRUE(endpoint_.ends("long").empty());
    EXPECT_FALSE(endpoint_.stored("out-long"));
    terminate();
}

TEST_F(WorkerProcess, ABatchIsWorkedOnSideBySideAndListedInTheHeartbeat) {
    environment_["DARKROOM_WORKER_CONCURRENCY"] = "2";
    endpoint_.keep("large", e2e::disc_png(1'100, 1'000));
    endpoint_.give(job("one", "", "large", "upscale_2k"));
    endpoint_.give(job("two", "", "large", "upscale_2k"));
    start();
    ASSERT_TRUE(endpoint_.wait([&] {
        const auto beats = endpoint_.heard("/v2/ep/ping/");
        return !beats.empty() && beats.back().query == "one,two";
    }));
    EXPECT_EQ(endpoint_.heard("/v2/ep/job-take-batch/").at(0).query, "2");
    ASSERT_TRUE(wait_for_end("one"));
    ASSERT_TRUE(wait_for_end("two"));
    terminate();
}

TEST_F(WorkerProcess, LostAndRefusedReportsAreSentAgainAndADuplicateIsNot) {
    start();
    endpoint_.answer_ends_with({0, 503, 400, 0});
    endpoint_.give(job("a"));
    ASSERT_TRUE(endpoint_.wait([&] { return endpoint_.ends("a").size() == 5; })) << "the last one is taken";
    EXPECT_THAT(endpoint_.ends("a").at(2).body, HasSubstr("execution_ms"));
    endpoint_.answer_ends_with({404});
    endpoint_.give(job("b"));
    endpoint_.give(job("c"));
    ASSERT_TRUE(wait_for_end("c"));
    EXPECT_EQ(endpoint_.ends("b").size(), 1U) << "gone is gone";
    EXPECT_EQ(endpoint_.ends("a").size(), 5U);
    terminate();
}

TEST_F(WorkerProcess, HostileJobsGetAClearErrorAndHarmNobody) {
    endpoint_.keep("text", "<html>not a picture</html>");
    endpoint_.keep("bomb", e2e::claiming_png(65'535, 65'535));
    endpoint_.keep("cut", e2e::disc_png(200, 150).substr(0, 5'000));
    environment_["DARKROOM_MAX_UPLOAD_BYTES"] = "100000";
    endpoint_.keep("fat", std::string(200'000, 'x'));
    start();
    endpoint_.give(R"({"id":"empty"})");
    endpoint_.give(R"({"id":"list","input":[1,2]})");
    endpoint_.give(R"({"id":"huge","input":{"job_id":"x","type":"y","params":")" + std::string(3 << 20, 'x') +
                   "\"}}");
    for (const auto* name : {"text", "bomb", "cut", "fat", "missing"}) endpoint_.give(job(name, "", name));
    endpoint_.give(R"({"input":{"nobody":"knows its name"}})");
    endpoint_.give("<html>a proxy's page</html>");
    endpoint_.give(job("good"));
    ASSERT_TRUE(wait_for_end("good"));
    for (const auto* id : {"empty", "list", "huge"}) EXPECT_EQ(error_in(id), "params_invalid") << id;
    EXPECT_EQ(error_in("bomb"), "input_too_large");
    EXPECT_EQ(error_in("fat"), "input_too_large");
    EXPECT_EQ(error_in("missing"), "input_missing");
    EXPECT_THAT(error_in("text"), ::testing::StartsWith("input_"));
    EXPECT_THAT(error_in("cut"), ::testing::StartsWith("input_"));
    EXPECT_EQ(error_in("good"), "no error");
    EXPECT_TRUE(endpoint_.stored("out-good"));
    terminate();
}

TEST_F(WorkerProcess, SomebodyElsesAttemptCostsNoWork) {
    start();
    endpoint_.answer_with("/gateway/claim", 409);
    endpoint_.give(
        job("a", R"(,"_darkroom":{"job":"3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f",)"
                 R"("attempt":"4f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f","attempt_token":"t","claim_url":")" +
                     endpoint_.url("/gateway/claim") + "\"}"));
    ASSERT_TRUE(wait_for_end("a"));
    EXPECT_EQ(endpoint_.ends("a").at(0).body, R"({"output":{"darkroom":"duplicate"}})");
    EXPECT_TRUE(endpoint_.heard("/store/").empty());
    terminate();
}

TEST_F(WorkerProcess, PrivateAddressesAreRefusedUnlessTheOperatorAllowsThem) {
    environment_.erase("RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS");
    start();
    endpoint_.give(job("a"));
    ASSERT_TRUE(wait_for_end("a"));
    EXPECT_EQ(error_in("a"), "input_missing");
    EXPECT_TRUE(endpoint_.heard("/store/").empty());
    terminate();
}

TEST_F(WorkerProcess, OneJobCanBeTriedWithoutAnEndpoint) {
    for (const auto* name : {"RUNPOD_WEBHOOK_GET_JOB", "RUNPOD_WEBHOOK_POST_OUTPUT", "RUNPOD_WEBHOOK_PING"})
        environment_.erase(name);
    const auto text = job("a");
    testing::write_file(home_.path() / "job.json", text);
    start({"worker", "--test-input", "job.json"});
    const auto exit = child_->wait(end_at_most);
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 0);
    EXPECT_THAT(out(), HasSubstr(R"({"output":{"files":[{"role":"main")"));
    expect_nothing_left({});
    start({"worker", "--test-input", R"({"input":{}})"});
    EXPECT_EQ(child_->wait(end_at_most)->code, 1);
    start({"worker"});
    EXPECT_EQ(child_->wait(end_at_most)->code, 78);
    EXPECT_THAT(log(), HasSubstr("RUNPOD_WEBHOOK_GET_JOB must be set"));
}

}  // namespace
}  // namespace darkroom::worker_test
