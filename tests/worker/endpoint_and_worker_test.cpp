// `darkroom endpoint` and `darkroom worker` as two processes, and a client of RunPod's job API: nothing
// scripted in between.
#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

#include "http/curl_client.h"
#include "runpod/protocol/job_object.h"
#include "tests/e2e/pictures.h"
#include "tests/e2e/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::worker_test {
namespace {

using ::testing::HasSubstr;

class EndpointAndWorker : public ::testing::Test {
protected:
    EndpointAndWorker() {
        std::filesystem::create_directories(home_.path() / "volume/inputs");
        testing::write_file(home_.path() / "volume/inputs/disc.png", e2e::disc_png(200, 150));
        endpoint_ = start({"endpoint", "--listen", "127.0.0.1:0"}, {}, "endpoint");
        EXPECT_TRUE(e2e::eventually(
            [&] { return read("endpoint.err").find("RUNPOD_ALLOW_PRIVATE") != std::string::npos; },
            patience_));
        const auto told = read("endpoint.out");
        base_ = told.substr(0, told.find('\n')) + "/ep-local";
    }
    ~EndpointAndWorker() override {
        worker_.reset();
        endpoint_.reset();
        if (HasFailure()) std::fprintf(stderr, "--- worker ---\n%s", read("worker.err").c_str());
    }

    std::unique_ptr<testing::ChildProcess> start(std::vector<std::string> arguments,
                                                 std::map<std::string, std::string> environment,
                                                 const std::string& name) {
        return std::make_unique<testing::ChildProcess>(
            testing::ChildPlan{.program = e2e::darkroom_program(),
                               .arguments = std::move(arguments),
                               .environment = std::move(environment),
                               .working_dir = home_.path(),
                               .out_file = home_.path() / (name + ".out"),
                               .err_file = home_.path() / (name + ".err")});
    }
    /// With the environment that the endpoint printed, as it stands.
    void start_worker() {
        std::map<std::string, std::string> environment{
            {"DARKROOM_VOLUME_DIR", (home_.path() / "volume").string()}};
        std::istringstream lines(read("endpoint.err"));
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("RUNPOD_") && line.find('=') != std::string::npos)
                environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
        }
        worker_ = start({"worker"}, std::move(environment), "worker");
    }
    std::string read(const std::string& name) const { return testing::read_file(home_.path() / name); }

    /// The job object once the job has ended.
    runpod::JobObject run(const std::string& input) {
        ports::OutgoingRequest request;
        request.method = ports::HttpMethod::post;
        request.url = base_ + "/runsync?wait=60000";
        request.headers = {{"Authorization", "Bearer local-client-key"},
                           {"Content-Type", "application/json"}};
        request.body = R"({"input":)" + input + "}";
        request.total_timeout = Milliseconds(70'000);
        const auto answer = client_.fetch(request);
        EXPECT_TRUE(answer && answer->status == 200);
        if (!answer) return {};
        auto job = runpod::parse_job_object(answer->body);
        EXPECT_TRUE(job) << answer->body;
        return job ? *std::move(job) : runpod::JobObject{};
    }

    const Milliseconds patience_{20'000};
    testing::TempDir home_;
    http::CurlClient client_;
    std::string base_;
    std::unique_ptr<testing::ChildProcess> endpoint_;
    std::unique_ptr<testing::ChildProcess> worker_;
};

TEST_F(EndpointAndWorker, ARealJobGoesAllTheWayAndAWrongOneFailsInWords) {
    start_worker();
    const auto good =
        run(R"({"job_id":"j-1","type":"jpeg_to_png","params":{},)"
            R"("inputs":[{"path":"/runpod-volume/inputs/disc.png"}],"output_prefix":"out/j-1"})");
    EXPECT_EQ(good.state, runpod::JobState::completed);
    EXPECT_EQ(good.worker_id, "worker-1");
    ASSERT_TRUE(good.output_json);
    EXPECT_THAT(*good.output_json, HasSubstr("/runpod-volume/out/j-1/main.png"));
    EXPECT_EQ(e2e::decoded_size(read("volume/out/j-1/main.png"), ".png").height, 150);
    const auto wrong = run(R"({"prompt":"a cat"})");
    EXPECT_EQ(wrong.state, runpod::JobState::failed);
    EXPECT_THAT(wrong.error.value_or(""), HasSubstr("params_invalid"));
    worker_->send_signal(SIGTERM);
    const auto exit = worker_->wait(patience_);
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 0);
}

}  // namespace
}  // namespace darkroom::worker_test
