#include "tests/serverless/world.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>
#include <stdexcept>

#include "base/json.h"

namespace darkroom::e2e {
namespace {

constexpr Milliseconds worker_patience{20'000};

Settings gateway_settings(const WorldPlan& plan, Settings settings, const std::string& base,
                          const std::string& secret) {
    settings["COMFYUI_MODE"] = "serverless";
    settings["RUNPOD_API_KEY"] = "local-client-key";
    settings["RUNPOD_ENDPOINT_ID"] = "ep-local;name=desk;max=16;gpu=RTX 4090";
    settings["RUNPOD_ENDPOINT_BASE_URL"] = base;
    settings["CALLBACK_SECRET"] = secret;
    for (const auto& [name, value] : plan.settings) settings[name] = value;
    return settings;
}

std::string text_in(const boost::json::value& entry, const char* name) {
    return text_at(entry, std::string("/") + name);
}

}  // namespace

World::World(WorldPlan plan) : plan_(std::move(plan)), endpoint_(plan_.endpoint_flags) {
    if (plan_.by_volume) {
        volume_ = std::make_unique<VolumeServer>();
    } else {
        bucket_ = std::make_unique<S3Bucket>();
    }
    // Without it everything else would only wait.
    if (endpoint_.base() == "http://127.0.0.1:9/v2")
        throw std::runtime_error("no endpoint: " + endpoint_.log());
    server_ = std::make_unique<ServerProcess>(gateway_settings(
        plan_, volume_ ? volume_->settings() : bucket_->settings(), endpoint_.base(), secret_));
    for (int i = 0; i < plan_.workers; ++i) start_worker();
}

World::~World() {
    workers_.clear();
    if (::testing::Test::HasFailure()) std::fprintf(stderr, "--- endpoint ---\n%s", endpoint_.log().c_str());
}

std::size_t World::start_worker() {
    const auto place = workers_.size();
    const auto name = "worker-" + std::to_string(place + 1);
    const auto url = endpoint_.base() + "/ep-local";
    testing::ChildPlan plan = plan_.foreign.empty() ? darkroom_worker() : foreign_worker();
    plan.environment.merge(std::map<std::string, std::string>{
        {"RUNPOD_ENDPOINT_ID", "ep-local"},
        {"RUNPOD_POD_ID", name},
        {"RUNPOD_AI_API_KEY", "local-worker-key"},
        {"RUNPOD_PING_INTERVAL", "1000"},
        {"RUNPOD_WEBHOOK_GET_JOB", url + "/job-take/$ID?gpu=LOCAL"},
        {"RUNPOD_WEBHOOK_POST_OUTPUT", url + "/job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
        {"RUNPOD_WEBHOOK_POST_STREAM", url + "/job-stream/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
        {"RUNPOD_WEBHOOK_PING", url + "/ping/$RUNPOD_POD_ID?gpu=LOCAL"},
        {"RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "true"}});
    const bool knows_secret = plan_.callback_every != 0 && place % std::size_t(plan_.callback_every) == 0;
    if (knows_secret) plan.environment["CALLBACK_SECRET"] = secret_;
    plan.working_dir = folder_.path() / name;
    std::filesystem::create_directories(plan.working_dir);
    plan.out_file = plan.err_file = folder_.path() / (name + ".log");
    workers_.push_back({std::make_unique<testing::ChildProcess>(plan), plan.err_file});
    return place;
}

testing::ChildPlan World::darkroom_worker() const {
    testing::ChildPlan plan;
    plan.program = darkroom_program();
    plan.arguments = {"worker"};
    if (volume_) plan.environment["DARKROOM_VOLUME_DIR"] = volume_->folder().string();
    return plan;
}

testing::ChildPlan World::foreign_worker() const {
    testing::ChildPlan plan;
    plan.program = "/usr/bin/env";  // an interpreter of a virtual environment must be called by its own name
    plan.arguments = {"/usr/bin/python3", DR_FOREIGN_WORKER};
    if (!plan_.sdk_python.empty()) plan.arguments = {plan_.sdk_python, DR_FOREIGN_WORKER, "--sdk"};
    plan.environment = {{"FOREIGN_KIND", plan_.foreign},
                        {"FOREIGN_FAULT", (folder_.path() / "fault").string()},
                        {"HOME", folder_.path().string()},
                        {"PATH", "/usr/bin:/bin"}};
    if (volume_) plan.environment["FOREIGN_VOLUME"] = volume_->folder().string();
    return plan;
}

void World::kill_worker(std::size_t place) {
    workers_[place].process->send_signal(SIGKILL);
    ASSERT_TRUE(workers_[place].process->wait(worker_patience).has_value());
}

void World::stop_workers() {
    for (auto& worker : workers_) worker.process->send_signal(SIGTERM);
    for (auto& worker : workers_) EXPECT_TRUE(worker.process->wait(worker_patience).has_value());
}

std::string World::worker_log(std::size_t place) const { return testing::read_file(workers_[place].log); }

std::vector<JournalEntry> World::journal() const {
    std::vector<JournalEntry> entries;
    std::istringstream lines(endpoint_.journal());
    for (std::string line; std::getline(lines, line);) {
        const auto entry = parse_json(line);
        if (!entry) continue;  // the line that is being written
        entries.push_back({text_in(*entry, "what"), text_in(*entry, "job"), text_in(*entry, "state"),
                           text_at(*entry, "/darkroom/attempt"), text_at(*entry, "/darkroom/job"),
                           parse_rfc3339(text_in(*entry, "at")).value_or(TimePoint{})});
    }
    return entries;
}

std::vector<boost::json::value> World::remote_jobs() const {
    std::vector<boost::json::value> all;
    std::string after = "0";
    do {
        const auto page = client().get("/api/v1/admin/remote-jobs?limit=500&after=" + after).json();
        const auto some = items_at(page, "/remote_jobs");
        all.insert(all.end(), some.begin(), some.end());
        after = text_at(page, "/next_after");
    } while (!after.empty() && after != "0");
    return all;
}

std::string World::remote_state(const std::string& remote_id) {
    return runpod::member(endpoint_.get("/status/" + remote_id).body, "status");
}

std::string webhook_body(const std::string& remote_id, const std::string& status,
                         const std::string& output_json) {
    return R"({"delayTime":12,"executionTime":34,"id":")" + remote_id + R"(","input":{},"status":")" +
           status + "\"" + (output_json.empty() ? "" : R"(,"output":)" + output_json) + "}";
}

}  // namespace darkroom::e2e
