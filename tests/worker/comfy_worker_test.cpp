// The real worker driving a ComfyUI: both contracts of other people's workers, Darkroom's own payload, and
// what goes wrong with a GPU.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>

#include "runpod/protocol/base64.h"
#include "runpod/protocol/work_result.h"
#include "tests/support/s3_server.h"
#include "tests/worker/comfy_world.h"

namespace darkroom::worker_test {
namespace {

using runpod::JobState;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ComfyWorker : public ComfyWorld {
protected:
    /// Nothing of any job is left on the machine.
    void expect_clean() const {
        for (const auto* kind : {"input/dr", "output/dr", "temp"}) {
            const auto folder = comfy_->folder() / kind;
            EXPECT_TRUE(!std::filesystem::exists(folder) || std::filesystem::is_empty(folder)) << kind;
        }
    }
    void expect_end(int code) {
        const auto exit = worker_->wait(Milliseconds(40'000));
        ASSERT_TRUE(exit.has_value()) << "still running";
        EXPECT_EQ(exit->code, code);
        EXPECT_TRUE(std::filesystem::is_empty(home_.path() / "tmp"));
    }
    /// The most memory that the worker's process ever had, in MiB.
    long peak_mib() const {
        std::ifstream status("/proc/" + std::to_string(worker_->pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmHWM:")) return std::stol(line.substr(6)) / 1024;
        }
        return -1;
    }
};

TEST_F(ComfyWorker, AnswersWithPathsOnTheVolume) {
    start_worker();
    const auto job = run(files_job);
    ASSERT_EQ(job.state, JobState::completed) << job.error.value_or("");
    const auto output = boost::json::parse(*job.output_json).as_object();
    EXPECT_EQ(output.at("file_count"), 1);
    EXPECT_EQ(output.at("prompt_id").as_string().size(), 36U);
    EXPECT_EQ(output.at("files").at(0).as_string(), "/runpod-volume/outputs/portraits/face_00001_.png");
    EXPECT_THAT(read("volume/outputs/portraits/face_00001_.png"), StartsWith("\x89PNG"));
    expect_clean();
    const auto again = run(files_job);
    EXPECT_THAT(again.output_json.value_or(""), HasSubstr("/runpod-volume/outputs/" + again.id.str()))
        << "nothing is replaced";
}

TEST_F(ComfyWorker, AnswersWithPicturesAsWorkerComfyuiDoes) {
    start_worker();
    set(R"("batch":2)");
    const auto job = run(images_job);
    ASSERT_EQ(job.state, JobState::completed) << job.error.value_or("");
    const auto output = boost::json::parse(*job.output_json).as_object();
    const auto& images = output.at("images").as_array();
    ASSERT_EQ(images.size(), 2U);
    EXPECT_FALSE(output.contains("errors"));
    for (const auto& image : images) {
        EXPECT_EQ(image.at("type"), "base64");
        EXPECT_THAT(std::string(image.at("filename").as_string()), StartsWith("ComfyUI_0000"));
        const auto bytes = runpod::from_base64(image.at("data").as_string());
        ASSERT_TRUE(bytes);
        EXPECT_THAT(*bytes, StartsWith("\x89PNG"));
    }
    set(R"("batch":1,"no_images":true)");
    EXPECT_EQ(run(images_job).output_json, R"({"images":[],"status":"success_no_images"})");
    expect_clean();
}

TEST_F(ComfyWorker, PutsPicturesIntoABucketAndAnswersWithLinks) {
    auto& s3 = testing::S3Server::shared();
    start_worker({{"BUCKET_ENDPOINT_URL", s3.endpoint()},
                  {"BUCKET_NAME", s3.new_bucket()},
                  {"BUCKET_ACCESS_KEY_ID", s3.owner().access_key},
                  {"BUCKET_SECRET_ACCESS_KEY", s3.owner().secret_key}});
    const auto job = run(images_job);
    ASSERT_EQ(job.state, JobState::completed) << job.error.value_or("");
    const auto output = boost::json::parse(*job.output_json).as_object();
    const auto& image = output.at("images").at(0);
    EXPECT_EQ(image.at("type"), "s3_url");
    ports::OutgoingRequest request;
    request.url = std::string(image.at("data").as_string());
    const auto answer = client_.fetch(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200) << "whoever has the link needs no key";
    EXPECT_THAT(answer->body, StartsWith("\x89PNG"));
    EXPECT_EQ(read("worker.err").find(s3.owner().secret_key), std::string::npos);
    expect_clean();
}

TEST_F(ComfyWorker, DoesDarkroomsOwnPayloadWithAWorkflow) {
    start_worker();
    std::filesystem::create_directories(home_.path() / "volume/inputs");
    testing::write_file(home_.path() / "volume/inputs/a.png", "bytes of a picture");
    const auto job = run(
        R"({"job_id":"j-1","type":"restore","params":{},"inputs":[{"path":"/runpod-volume/inputs/a.png","name":"photo.png"}],)"
        R"("workflow_api":)" +
        graph("restored", "photo.png") + R"(,"role_of_node":{"60":"main"},"output_prefix":"out/j-1"})");
    ASSERT_EQ(job.state, JobState::completed) << job.error.value_or("");
    const auto result = runpod::parse_work_result(*job.output_json);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->files.at(0).path, "/runpod-volume/out/j-1/main.png");
    EXPECT_EQ(result->files.at(0).width, 64U);
    EXPECT_THAT(read("volume/out/j-1/main.png"), StartsWith("\x89PNG"));
    expect_clean();
}

TEST_F(ComfyWorker, IsUsedByRunPodsOwnClientWithBothContracts) {
    const std::filesystem::path python = DR_RUNPOD_PYTHON;
    if (!std::filesystem::exists(python))
        GTEST_SKIP() << python << " is missing: scripts/compat.sh fetches RunPod's Python package";
    start_worker();
    testing::ChildPlan plan;
    plan.program = "/usr/bin/env";
    plan.arguments = {python, DR_COMFY_CLIENT, base_.substr(0, base_.rfind('/')), "ep-local",
                      "local-client-key"};
    plan.environment = {{"HOME", home_.path().string()}};
    plan.out_file = plan.err_file = home_.path() / "client.out";
    testing::ChildProcess child(plan);
    const auto exit = child.wait(Milliseconds(90'000));
    ASSERT_TRUE(exit) << read("client.out");
    EXPECT_EQ(exit->code, 0) << read("client.out");
    EXPECT_THAT(read("client.out"), HasSubstr("all is well"));
}

TEST_F(ComfyWorker, EndsTheWorkOfACancelledJobAndDoesTheNext) {
    start_worker();
    set(R"("hold":true)");
    const auto job = job_in(post("/run", R"({"input":)" + images_job + "}"));
    comfy_->wait_until_running();
    EXPECT_EQ(job_in(post("/cancel/" + job.id.str(), "")).state, JobState::cancelled);
    comfy_->wait_until_idle();
    set(R"("hold":false)");
    EXPECT_EQ(run(images_job).state, JobState::completed);
    EXPECT_EQ(boost::json::serialize(comfy_->play(R"({"report":true})").at("fouls")), "[]");
    expect_clean();
}

TEST_F(ComfyWorker, TriesOnceMoreWithFreedMemory) {
    start_worker();
    set(R"("ends":"oom")");
    EXPECT_EQ(error_type_of(images_job), "worker_oom");
    const auto report = comfy_->play(R"({"report":true})");
    EXPECT_EQ(report.at("posts").as_object().size(), 2U);
    EXPECT_EQ(report.at("frees").as_int64(), 2);
    set(R"("ends":"success")");
    EXPECT_EQ(run(images_job).state, JobState::completed) << "the machine is as good as before";
}

TEST_F(ComfyWorker, AfterACudaFaultTheWorkerEndsAndSaysWhy) {
    start_worker();
    EXPECT_EQ(run(images_job).state, JobState::completed);
    set(R"("ends":"cuda")");
    EXPECT_EQ(error_type_of(images_job), "worker_crashed");
    expect_end(1);
    EXPECT_THAT(read("worker.err"), HasSubstr("illegal memory access"));
    EXPECT_THAT(read("worker.err"), HasSubstr("this machine can do no more workflows"));
    EXPECT_EQ(comfy_->play(R"({"report":true})").at("posts").as_object().size(), 2U);
}

TEST_F(ComfyWorker, AComfyuiThatIsKilledCostsItsJobAndNoOther) {
    start_worker();
    set(R"("hold":true)");
    const auto port = comfy_->port();
    const auto job = job_in(post("/run", R"({"input":)" + images_job + "}"));
    comfy_->wait_until_running();
    comfy_.reset();
    runpod::JobObject seen;
    EXPECT_TRUE(e2e::eventually(
        [&] {
            seen = job_in(post("/status/" + job.id.str(), ""));
            return seen.state == JobState::failed;
        },
        Milliseconds(40'000)));
    EXPECT_EQ(runpod::read_worker_error(seen.error.value_or("")).type, "worker_crashed");
    const auto next = job_in(post("/run", R"({"input":)" + images_job + "}"));
    comfy_.emplace(port);  // as whoever watches over ComfyUI starts it again
    EXPECT_TRUE(e2e::eventually(
        [&] { return job_in(post("/status/" + next.id.str(), "")).state == JobState::completed; },
        Milliseconds(40'000)));
}

TEST_F(ComfyWorker, TakesNoJobBeforeComfyuiListens) {
    const auto port = comfy_->port();
    auto environment = worker_environment();
    comfy_.reset();
    for (const auto* name : {"COMFY_INPUT_DIR", "COMFY_OUTPUT_DIR", "COMFY_TEMP_DIR"})
        environment.erase(name);
    worker_ = start({"worker"}, environment, "worker");
    EXPECT_TRUE(e2e::eventually(
        [&] { return read("worker.err").find("waiting for ComfyUI") != std::string::npos; }, patience_));
    const auto job = job_in(post("/run", R"({"input":)" + images_job + "}"));
    EXPECT_EQ(job_in(post("/status/" + job.id.str(), "")).state, JobState::in_queue);
    comfy_.emplace(port);
    EXPECT_TRUE(e2e::eventually(
        [&] { return job_in(post("/status/" + job.id.str(), "")).state == JobState::completed; }, patience_));
}

TEST_F(ComfyWorker, EndsWhereComfyuiDoesNotComeUp) {
    auto environment = worker_environment();
    environment["COMFY_HOST"] = "127.0.0.1:1";
    environment["DARKROOM_COMFY_START_S"] = "1";
    worker_ = start({"worker"}, environment, "worker");
    expect_end(1);
    EXPECT_THAT(read("worker.err"), HasSubstr("ComfyUI does not answer"));
}

TEST_F(ComfyWorker, IsToldToStopWhileItWaitsForComfyui) {
    auto environment = worker_environment();
    environment["COMFY_HOST"] = "127.0.0.1:1";
    worker_ = start({"worker"}, environment, "worker");
    EXPECT_TRUE(e2e::eventually(
        [&] { return read("worker.err").find("waiting for ComfyUI") != std::string::npos; }, patience_));
    worker_->send_signal(SIGTERM);
    expect_end(0);
}

TEST_F(ComfyWorker, RefusesBadJobsInStableCodes) {
    start_worker();
    const auto with_image = [](const std::string& image) {
        return R"({"workflow":)" + graph("x") + R"(,"images":[)" + image + "]}";
    };
    const std::vector<std::pair<std::string, std::string>> table = {
        {R"({"workflow_api":{"nodes":[],"links":[],"version":0.4}})", "workflow_rejected"},
        {R"({"workflow_api":{"1":{"inputs":{}}}})", "workflow_rejected"},
        {R"({"workflow_api":{}})", "workflow_rejected"},
        {R"({"workflow_api":5})", "params_invalid"},
        {R"({"workflow":"custom","payload":{}})", "params_invalid"},
        {R"({"workflow":{"1":{"class_type":"Missing","inputs":{}}}})", "model_unavailable"},
        {R"({"workflow":)" + graph("x", "absent.png") + "}", "backend_unavailable"},
        {with_image(R"({"name":"../../in.png","image":"cGlj"})"), "params_invalid"},
        {with_image(R"({"name":"in.png","image":"no base64!"})"), "params_invalid"},
        {with_image(R"({"name":"in.png"})"), "params_invalid"},
        {with_image(R"("in.png")"), "params_invalid"},
    };
    for (const auto& [input, type] : table) EXPECT_EQ(error_type_of(input), type) << input;
    EXPECT_EQ(run(images_job).state, JobState::completed) << "none of them did any harm";
    expect_clean();
}

// A result of 20 MB in the answer, and one on the volume: what passes through is never in memory as a whole.
TEST_F(ComfyWorker, NeedsNoMemoryForLargeResults) {
    start_worker();
    EXPECT_EQ(run(images_job).state, JobState::completed);
    const auto before = peak_mib();
    set(R"("pad":14800000)");  // 19.7 MB as base64: just below what /runsync takes
    const auto job = run(images_job);
    EXPECT_EQ(job.state, JobState::completed);
    EXPECT_GT(job.output_json.value_or("").size(), 19'700'000U);
    set(R"("pad":20000000)");
    EXPECT_EQ(run(files_job).state, JobState::completed);
    EXPECT_GT(read("volume/outputs/portraits/face_00001_.png").size(), 20'000'000U);
    EXPECT_EQ(error_type_of(images_job), "output_invalid") << "too large for the platform, and told so";
    std::printf("peak memory of the worker: %ld MiB before, %ld MiB after results of 20 MB\n", before,
                peak_mib());
    EXPECT_LE(peak_mib(), before + 8);
}

TEST_F(ComfyWorker, DoesOneJobWithoutAnEndpoint) {
    auto environment = worker_environment();
    auto one = start({"worker", "--test-input", R"({"input":)" + images_job + "}"}, environment, "alone");
    const auto exit = one->wait(patience_);
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, 0) << read("alone.err");
    EXPECT_THAT(read("alone.out"), HasSubstr(R"({"output":{"images":[{"filename":"ComfyUI_00001_.png")"));
}

}  // namespace
}  // namespace darkroom::worker_test
