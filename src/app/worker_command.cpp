#include "app/worker_command.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>
#include <vector>

#include "app/picture_pool.h"
#include "app/stop_signals.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "base/json.h"
#include "base/log.h"
#include "http/curl_client.h"
#include "http/system_resolver.h"
#include "runpod/worker/worker.h"

namespace darkroom::app {
namespace {

using runpod::worker::Worker;

constexpr Milliseconds callback_grace{5'000};  // for callbacks, when everything else has ended
constexpr unsigned end_limit_s = 20;           // beyond the grace, before the process ends itself
constexpr unsigned cancel_limit_s = 35;        // likewise, for a ComfyUI to let go of what it works on

// Where inputs lie while they are worked on: as told, or a folder of this process's own.
class WorkFolder {
public:
    explicit WorkFolder(const std::filesystem::path& told) : path_(told) {
        std::error_code ignored;
        if (!told.empty()) {
            std::filesystem::create_directories(told, ignored);
            return;
        }
        auto pattern = (std::filesystem::temp_directory_path() / "darkroom-worker-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
        own_ = true;
    }
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    ~WorkFolder() {
        std::error_code ignored;
        if (own_ && !path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    bool own_ = false;
};

// The worker's threads, by name; joined in one place.
class Crew {
public:
    void start(const char* name, std::function<void()> work) {
        threads_.emplace_back(std::move(work));
        pthread_setname_np(threads_.back().native_handle(), name);
    }
    void join() {
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }

private:
    std::vector<std::thread> threads_;
};

struct Tools {
    SystemClock clock;
    SystemRandom random;
    http::CurlClient http;
    http::SystemResolver resolver;
};

void start_threads(Worker& worker, int concurrency, Crew& crew, StopEvent& callbacks_ended) {
    crew.start("take", [&worker] { worker.take_jobs(); });
    crew.start("ping", [&worker] { worker.beat(); });
    crew.start("stop-listen", [&worker] { worker.listen_for_stops(); });
    crew.start("progress", [&worker] { worker.post_progress(); });
    crew.start("callback", [&worker, &callbacks_ended] {
        worker.post_callbacks();
        callbacks_ended.set();
    });
    for (int i = 0; i < concurrency; ++i) {
        crew.start(("work-" + std::to_string(i)).c_str(), [&worker] { worker.work_on_jobs(); });
    }
}

/// Returns when the worker has to end: told so, or done with all it may do.
void wait_for_end(Worker& worker, const StopSignals& signals, const ports::Clock& clock) {
    bool told = signals.wait(worker.taking_ended_fd(), -1);
    worker.stop();
    constexpr Milliseconds look{250};
    // Worn out, and nobody is in a hurry.
    while (!told && !worker.wait_until_idle(clock.monotonic() + look)) told = signals.wait(-1, 0);
}

void end(Worker& worker, Crew& crew, const StopEvent& callbacks_ended, Milliseconds grace,
         const ports::Clock& clock) {
    worker.wait_until_idle(clock.monotonic() + grace);
    worker.abandon(clock.monotonic() + callback_grace);
    pollfd waits{callbacks_ended.fd(), POLLIN, 0};
    ::poll(&waits, 1, static_cast<int>(callback_grace.count()));
    worker.cut_off();
    crew.join();
}

Result<std::string, std::string> read_test_input(const std::string& job) {
    std::string text = job;
    if (job.find('{') == std::string::npos) {
        std::ifstream file(job, std::ios::binary);
        if (!file) return Fail("the file " + job + " cannot be read");
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    const auto json = parse_json(text, runpod::work_payload_bytes_max);
    if (!json) return Fail("the test input is no JSON: " + json.error().detail);
    if (!json->is_object() || json->get_object().if_contains("input") == nullptr)
        return Fail(std::string("the test input must be an object with the member \"input\""));
    return boost::json::serialize(json->get_object().at("input"));
}

/// What would be reported.
std::string words_of(const runpod::worker::JobReport& report) {
    if (report.body_file.empty()) return write_done_report(report.whole);
    std::ifstream file(report.body_file, std::ios::binary);
    std::string words(std::istreambuf_iterator<char>(file), {});
    std::error_code ignored;
    std::filesystem::remove(report.body_file, ignored);
    return words + "}";
}

using Pause = std::function<bool(Milliseconds)>;

/// nullopt: work may begin, and `comfy` is there if the plan has one; else the exit code.
std::optional<int> start_comfy(const WorkerPlan& plan, Tools& tools, const Pause& pause,
                               std::optional<ComfyDrive>& comfy) {
    if (!plan.comfy) return std::nullopt;
    comfy.emplace(*plan.comfy, tools.http, tools.clock, tools.random);
    const auto start = comfy->wait_until_ready(pause, tools.clock);
    if (start == ComfyDrive::Start::ready) return std::nullopt;
    if (start == ComfyDrive::Start::stopped) return 0;
    std::fprintf(stderr, "darkroom: %s\n", comfy->problem().c_str());
    return 1;
}

runpod::worker::ComfyTools tools_of(std::optional<ComfyDrive>& comfy) {
    return comfy ? comfy->tools() : runpod::worker::ComfyTools{};
}

/// A machine that can do no more is told of, and its end is a failure: whoever runs it must replace it.
int code_of_end(const std::optional<std::string>& trouble, const runpod::worker::WorkerSettings& settings,
                const runpod::WorkerUrls& urls, ports::HttpClient& http) {
    if (!trouble) return 0;
    runpod::worker::report_unhealthy(settings, urls, http, "comfyui", *trouble);
    return 1;
}

}  // namespace

int run_worker(const WorkerPlan& plan) {
    const StopSignals signals;
    log::configure(plan.log_level, plan.log_format);
    const WorkFolder folder(plan.work_dir);
    Tools tools;
    auto options = plan.pool;
    options.work_dir = folder.path() / "pictures";
    auto settings = plan.worker;
    settings.work_dir = folder.path();
    auto urls = runpod::WorkerUrls::make(plan.urls, plan.identity);
    DR_CHECK(urls);  // read_worker_settings() made sure
    const auto pool = imaging::ProcessPool::open(std::move(options));
    if (!pool) {
        std::fprintf(stderr, "darkroom: %s\n", pool.error().c_str());
        runpod::worker::report_unhealthy(settings, *urls, tools.http, "darkroom_imaging", pool.error());
        return 1;
    }
    PicturePool pictures(**pool, tools.clock);
    std::optional<ComfyDrive> comfy;
    const auto pause = [&](Milliseconds ms) { return signals.wait(-1, static_cast<int>(ms.count())); };
    if (const auto code = start_comfy(plan, tools, pause, comfy)) {
        if (*code != 0)
            runpod::worker::report_unhealthy(settings, *urls, tools.http, "comfyui", comfy->problem());
        return *code;
    }
    Worker worker(settings, *urls,
                  {tools.http, tools.resolver, pictures, tools.clock, tools.random, tools_of(comfy)});
    log::info("worker ready", {{"worker", settings.worker_id}, {"concurrency", settings.concurrency}});
    StopEvent callbacks_ended;
    Crew crew;
    start_threads(worker, settings.concurrency, crew, callbacks_ended);
    wait_for_end(worker, signals, tools.clock);
    // What is cut off is given to another worker by the platform, as after any other death.
    const auto grace_s = std::chrono::duration_cast<std::chrono::seconds>(plan.grace).count();
    signals.let_go(static_cast<unsigned>(grace_s) + end_limit_s + (comfy ? cancel_limit_s : 0));
    log::info("stopping: no more jobs are taken; a second signal ends at once");
    end(worker, crew, callbacks_ended, plan.grace, tools.clock);
    return code_of_end(worker.trouble(), settings, *urls, tools.http);
}

int run_test_job(const WorkerPlan& plan, const std::string& job) {
    log::configure(plan.log_level, plan.log_format);
    auto input = read_test_input(job);
    if (!input) {
        std::fprintf(stderr, "darkroom: %s\n", input.error().c_str());
        return 1;
    }
    const WorkFolder folder(plan.work_dir);
    Tools tools;
    auto options = plan.pool;
    options.work_dir = folder.path() / "pictures";
    const auto pool = imaging::ProcessPool::open(std::move(options));
    if (!pool) {
        std::fprintf(stderr, "darkroom: %s\n", pool.error().c_str());
        return 1;
    }
    auto settings = plan.worker;
    settings.work_dir = folder.path();
    PicturePool pictures(**pool, tools.clock);
    std::optional<ComfyDrive> comfy;
    const auto alarm = tools.clock.make_wake_up();
    const auto pause = [&](Milliseconds ms) { return alarm->wait_until(tools.clock.monotonic() + ms); };
    if (const auto code = start_comfy(plan, tools, pause, comfy)) return *code;
    const auto end = runpod::worker::perform_alone(
        settings, *std::move(input),
        {tools.http, tools.resolver, pictures, tools.clock, tools.random, tools_of(comfy)});
    std::printf("%s\n", words_of(end.report).c_str());
    return end.succeeded ? 0 : 1;
}

}  // namespace darkroom::app
