// `darkroom endpoint`, `darkroom worker` and a played ComfyUI as three processes, and a client of RunPod's
// job API: nothing scripted in between.
#pragma once
#include <gmock/gmock.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "http/curl_client.h"
#include "runpod/protocol/job_object.h"
#include "runpod/protocol/worker_error.h"
#include "tests/e2e/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/comfyui_server.h"
#include "tests/support/temp_dir.h"

namespace darkroom::worker_test {

inline std::string graph(const std::string& prefix, const std::string& image = "in.png") {
    return R"({"1":{"class_type":"LoadImage","inputs":{"image":")" + image +
           R"("}},"60":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":")" + prefix +
           R"("}}})";
}
inline const std::string picture = R"([{"name":"in.png","image":"iVBORw0KGgo="}])";
inline const std::string files_job =
    R"({"workflow_api":)" + graph("portraits/face") + R"(,"images":)" + picture + "}";
inline const std::string images_job = R"({"workflow":)" + graph("ComfyUI") + R"(,"images":)" + picture + "}";

class ComfyWorld : public ::testing::Test {
protected:
    ComfyWorld() {
        std::filesystem::create_directories(home_.path() / "volume");
        std::filesystem::create_directories(home_.path() / "tmp");
        endpoint_ = start({"endpoint", "--listen", "127.0.0.1:0"}, {}, "endpoint");
        EXPECT_TRUE(e2e::eventually(
            [&] { return read("endpoint.err").find("RUNPOD_ALLOW_PRIVATE") != std::string::npos; },
            patience_));
        const auto told = read("endpoint.out");
        base_ = told.substr(0, told.find('\n')) + "/ep-local";
        comfy_.emplace();
    }
    ~ComfyWorld() override {
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
    std::map<std::string, std::string> worker_environment() const {
        std::map<std::string, std::string> environment{
            {"DARKROOM_VOLUME_DIR", (home_.path() / "volume").string()},
            {"TMPDIR", (home_.path() / "tmp").string()},
            {"COMFY_HOST", "127.0.0.1:" + std::to_string(comfy_->port())},
            {"COMFY_INPUT_DIR", (comfy_->folder() / "input").string()},
            {"COMFY_OUTPUT_DIR", (comfy_->folder() / "output").string()},
            {"COMFY_TEMP_DIR", (comfy_->folder() / "temp").string()}};
        std::istringstream lines(read("endpoint.err"));
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("RUNPOD_") && line.find('=') != std::string::npos)
                environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
        }
        return environment;
    }
    void start_worker(const std::map<std::string, std::string>& more = {}) {
        auto environment = worker_environment();
        for (const auto& [name, value] : more) environment[name] = value;
        worker_ = start({"worker"}, std::move(environment), "worker");
    }
    std::string read(const std::string& name) const { return testing::read_file(home_.path() / name); }

    std::string post(const std::string& path, const std::string& body) {
        ports::OutgoingRequest request;
        request.method = ports::HttpMethod::post;
        request.url = base_ + path;
        request.headers = {{"Authorization", "Bearer local-client-key"},
                           {"Content-Type", "application/json"}};
        request.body = body;
        request.answer_bytes_max = 64u << 20;
        request.total_timeout = Milliseconds(90'000);
        const auto answer = client_.fetch(request);
        EXPECT_TRUE(answer && answer->status == 200) << path;
        return answer ? answer->body : std::string();
    }
    static runpod::JobObject job_in(const std::string& body) {
        auto job = runpod::parse_job_object(body);
        EXPECT_TRUE(job) << body;
        return job ? *std::move(job) : runpod::JobObject{};
    }
    /// The job object once the job has ended.
    runpod::JobObject run(const std::string& input) {
        return job_in(post("/runsync?wait=80000", R"({"input":)" + input + "}"));
    }
    /// Of a job that must fail.
    std::string error_type_of(const std::string& input) {
        const auto job = run(input);
        EXPECT_EQ(job.state, runpod::JobState::failed) << input;
        return runpod::read_worker_error(job.error.value_or("")).type;
    }
    void set(const std::string& switches) { comfy_->play(R"({"set":{)" + switches + "}}"); }

    const Milliseconds patience_{20'000};
    testing::TempDir home_;
    http::CurlClient client_;
    std::string base_;
    std::optional<testing::ComfyuiServer> comfy_;
    std::unique_ptr<testing::ChildProcess> endpoint_;
    std::unique_ptr<testing::ChildProcess> worker_;
};

}  // namespace darkroom::worker_test
