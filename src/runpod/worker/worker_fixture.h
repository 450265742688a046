// What the tests of the worker stand on: a web that answers by a script and remembers every request, pictures
// that need no pixel process, and a clock whose pauses take no time but are written down.
#pragma once
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "ports/http_client.h"
#include "ports/picture_work.h"
#include "runpod/worker/worker.h"
#include "tests/support/child_process.h"
#include "tests/support/picture_headers.h"
#include "tests/support/real_clock.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod::worker {

using ports::FetchedAnswer;
using ports::FetchError;
using ports::FetchFailure;
using ports::OutgoingRequest;
using FetchResult = Result<FetchedAnswer, FetchFailure>;

inline FetchResult answer(int status, std::string body = "", ports::HttpFields headers = {}) {
    FetchedAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = std::move(headers);
    return answer;
}
inline FetchResult failure(FetchError kind) { return Fail(FetchFailure{kind, "made by the test"}); }

/// Answers by the longest prefix of the URL that is known; each prefix has its answers in turn, the last one
/// for ever.
class FakeWeb : public ports::HttpClient {
public:
    using Handler = std::function<FetchResult(const OutgoingRequest&)>;

    void on(const std::string& prefix, std::vector<FetchResult> answers) {
        const std::lock_guard lock(mutex_);
        auto& script = scripts_[prefix];
        script.answers.assign(answers.begin(), answers.end());
        script.handler = nullptr;
    }
    void on(const std::string& prefix, Handler handler) {
        const std::lock_guard lock(mutex_);
        scripts_[prefix].handler = std::move(handler);
    }
    std::vector<OutgoingRequest> requests(const std::string& prefix) const {
        const std::lock_guard lock(mutex_);
        std::vector<OutgoingRequest> found;
        for (const auto& request : requests_) {
            if (request.url.starts_with(prefix)) found.push_back(request);
        }
        return found;
    }
    /// False if that many did not come within ten seconds.
    bool wait_for(const std::string& prefix, std::size_t count) {
        std::unique_lock lock(mutex_);
        return asked_.wait_for(lock, std::chrono::seconds(10), [&] {
            std::size_t found = 0;
            for (const auto& request : requests_) found += request.url.starts_with(prefix) ? 1 : 0;
            return found >= count;
        });
    }

    FetchResult fetch(const OutgoingRequest& request) override {
        Handler handler;
        FetchResult scripted = failure(FetchError::unreachable);
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            if (request.body_file) requests_.back().body = testing::read_file(request.body_file->path);
            if (auto* const script = find(request.url)) {
                handler = script->handler;
                if (!handler && !script->answers.empty()) {
                    scripted = script->answers.front();
                    if (script->answers.size() > 1) script->answers.pop_front();
                }
            }
        }
        asked_.notify_all();
        return handler ? handler(request) : scripted;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, FetchFailure> open(const OutgoingRequest& request) override {
        auto whole = fetch(request);
        if (!whole) return Fail(whole.error());
        return std::unique_ptr<ports::OpenAnswer>(std::make_unique<Opened>(*std::move(whole)));
    }

private:
    struct Script {
        std::deque<FetchResult> answers;
        Handler handler;
    };
    class Opened : public ports::OpenAnswer {
    public:
        explicit Opened(FetchedAnswer whole) : body_(std::move(whole.body)) {
            head_.status = whole.status;
            head_.headers = std::move(whole.headers);
        }
        const FetchedAnswer& head() const override { return head_; }
        Result<std::size_t, FetchFailure> read(std::span<char> buffer) override {
            const auto bytes = body_.copy(buffer.data(), buffer.size(), at_);
            at_ += bytes;
            return bytes;
        }

    private:
        FetchedAnswer head_;
        std::string body_;
        std::size_t at_ = 0;
    };

    Script* find(const std::string& url) {
        Script* best = nullptr;
        std::size_t length = 0;
        for (auto& [prefix, script] : scripts_) {
            if (!url.starts_with(prefix) || (best != nullptr && prefix.size() < length)) continue;
            best = &script;
            length = prefix.size();
        }
        return best;
    }

    mutable std::mutex mutex_;
    std::condition_variable asked_;
    std::map<std::string, Script> scripts_;
    std::vector<OutgoingRequest> requests_;
};

/// Blocks as a long poll does, until the request is stopped (or ten seconds are over).
inline FetchResult hold(const OutgoingRequest& request) {
    pollfd one{request.stop_fd, POLLIN, 0};
    return ::poll(&one, 1, 10'000) == 1 ? failure(FetchError::stopped) : failure(FetchError::interrupted);
}

/// Pictures that are made by writing `bytes` down. With `blocks` a run waits until it is stopped.
class FakePictures : public ports::PictureWork {
public:
    explicit FakePictures(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::unique_ptr<ports::PictureRun> prepare() override { return std::make_unique<Run>(*this); }

    std::string bytes = "a png, says the test";
    std::optional<core::JobError> error;
    std::atomic<bool> blocks{false};
    std::string measures_json = "{}";
    std::atomic<int> runs{0};
    StopEvent started;
    std::string input_seen;

private:
    class Run : public ports::PictureRun {
    public:
        explicit Run(FakePictures& all) : all_(all) {}
        ports::WorkResult run(const ports::PictureOrder& order) override {
            const int number = ++all_.runs;
            std::string seen(100, '\0');
            seen.resize(
                static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(order.input, seen.data(), 100, 0))));
            all_.input_seen = seen;
            all_.started.set();
            if (all_.blocks) {
                pollfd one{stop_.fd(), POLLIN, 0};
                ::poll(&one, 1, 10'000);
            }
            if (stop_.is_set()) return Fail(core::JobError{core::ErrorCode::cancelled, "stopped"});
            if (all_.error) return Fail(*all_.error);
            ports::WorkDone done;
            done.measures_json = all_.measures_json;
            for (const std::string role : {"main", "thumbnail"}) {
                const auto path = all_.folder_ / (role + "-" + std::to_string(number));
                testing::write_file(path, all_.bytes);
                done.files.push_back({role, path, role == "main" ? "image/png" : "image/jpeg", 4, 3});
            }
            return done;
        }
        void stop() override { stop_.set(); }

    private:
        FakePictures& all_;
        StopEvent stop_;
    };

    std::filesystem::path folder_;
};

/// Workflows that are run by writing files down. With `blocks` a run waits until it is stopped.
class FakeWorkflows : public ports::WorkflowWork {
public:
    std::unique_ptr<ports::WorkflowRun> prepare() override { return std::make_unique<Run>(*this); }
    std::optional<std::string> trouble() const override {
        const std::lock_guard lock(mutex_);
        return trouble_;
    }
    void break_down(const std::string& why) {
        const std::lock_guard lock(mutex_);
        trouble_ = why;
    }

    /// What comes of a run; paths are filled in and `contents` written there, one for each file.
    ports::WorkflowDone done{"prompt-1", {{"9", "images", "main", "ComfyUI_00001_.png"}}, Milliseconds(7)};
    std::vector<std::string> contents;
    std::optional<core::JobError> error;
    std::optional<std::string> breaks;  // the machine, at the end of a run
    std::atomic<bool> blocks{false};
    std::atomic<int> runs{0};
    StopEvent started;
    ports::WorkflowOrder seen;             // without its files
    std::vector<std::string> inputs_seen;  // name=bytes

private:
    class Run : public ports::WorkflowRun {
    public:
        explicit Run(FakeWorkflows& all) : all_(all) {}
        ports::WorkflowResult run(const ports::WorkflowOrder& order,
                                  const std::function<void(std::string_view)>& tell_stage) override {
            ++all_.runs;
            all_.look_at(order);
            all_.started.set();
            tell_stage("working");
            if (all_.blocks) {
                pollfd one{stop_.fd(), POLLIN, 0};
                ::poll(&one, 1, 10'000);
            }
            if (all_.breaks) all_.break_down(*all_.breaks);
            if (stop_.is_set()) return Fail(core::JobError{core::ErrorCode::cancelled, "stopped"});
            if (all_.error) return Fail(*all_.error);
            return all_.write_files(order);
        }
        void stop() override { stop_.set(); }

    private:
        FakeWorkflows& all_;
        StopEvent stop_;
    };

    void look_at(const ports::WorkflowOrder& order) {
        seen = order;
        inputs_seen.clear();
        for (const auto& input : order.inputs) {
            std::string bytes(100, '\0');
            bytes.resize(static_cast<std::size_t>(
                std::max<ssize_t>(0, ::pread(input.file, bytes.data(), bytes.size(), 0))));
            inputs_seen.push_back(input.name + "=" + bytes);
        }
    }
    ports::WorkflowDone write_files(const ports::WorkflowOrder& order) {
        auto result = done;
        for (std::size_t i = 0; i < result.files.size(); ++i) {
            auto& file = result.files[i];
            file.path = order.work_dir / ("workflow-" + std::to_string(runs) + "-" + std::to_string(i));
            testing::write_file(file.path, i < contents.size() ? contents[i] : testing::png_header(4, 3));
            file.bytes = std::filesystem::file_size(file.path);
        }
        return result;
    }

    mutable std::mutex mutex_;
    std::optional<std::string> trouble_;
};

inline const std::string base_url = "http://endpoint.test/v2/ep";

/// Everything that a worker needs, none of it real.
class WorkerWorld {
public:
    explicit WorkerWorld(testing::RealClock::Waits waits = testing::RealClock::Waits::skipped)
        : clock(waits) {
        log::configure(log::Level::off, log::Format::text);
        std::filesystem::create_directories(folder.path() / "volume");
        std::filesystem::create_directories(folder.path() / "made");
        settings.worker_id = "worker-1";
        settings.authorization = "worker key";
        settings.version = "0.test";
        settings.work_dir = folder.path();
        settings.private_urls = true;
        settings.callback_secret = *CallbackSecret::parse("a secret of this test");
        web.on(base_url + "/job-done", {answer(200)});
        web.on(base_url + "/ping", {answer(200)});
        web.on("http://store.test/in.png", {answer(200, "input bytes")});
        web.on("http://store.test/out", {answer(200)});
    }

    WorkerUrls urls() const {
        WorkerUrlTemplates templates;
        templates.get_job = base_url + "/job-take/$ID?gpu=A";
        templates.post_output = base_url + "/job-done/$RUNPOD_POD_ID/$ID?gpu=A";
        templates.ping = base_url + "/ping/$RUNPOD_POD_ID?gpu=A";
        return *WorkerUrls::make(templates, {settings.worker_id, ""});
    }
    WorkerPorts ports() { return {web, resolver, pictures, clock, random, {workflows, bucket}}; }

    /// Leaves no file of inputs and pictures behind.
    bool is_clean() const {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            if (!entry.is_directory()) return false;
        }
        return std::filesystem::is_empty(folder.path() / "made");
    }

    testing::TempDir folder;
    testing::RealClock clock;
    testing::SeededRandom random{7};
    FakeWeb web;
    testing::ScriptedResolver resolver;
    FakePictures pictures{folder.path() / "made"};
    WorkerSettings settings;
    WorkerLimits limits;
    ports::WorkflowWork* workflows = nullptr;  // set: the worker drives a ComfyUI
    ports::ObjectStore* bucket = nullptr;
};

inline RemoteJobId remote(const std::string& id) { return *RemoteJobId::parse(id); }

/// A job that puts its outputs by presigned URLs.
inline std::string payload_json(const std::string& more = "") {
    return R"({"job_id":"j-1","type":"jpeg_to_png","params":{},"timeout_s":60,)"
           R"("inputs":[{"url":"http://store.test/in.png"}],"output_prefix":"restored/j-1",)"
           R"("outputs":[{"role":"main","content_type":"image/png","key":"restored/j-1/main.png",)"
           R"("url":"http://store.test/out/main","headers":{"Content-Type":"image/png"}}])" +
           more + "}";
}

inline std::string volume_payload_json(const std::string& path = "/runpod-volume/inputs/a.jpg",
                                       const std::string& prefix = "restored/j-1") {
    return R"({"job_id":"j-1","type":"jpeg_to_png","params":{},"inputs":[{"path":")" + path +
           R"("}],"output_prefix":")" + prefix + R"("})";
}

inline TakenJob taken(const std::string& id, std::optional<std::string> input) {
    TakenJob job;
    job.id = remote(id);
    job.input_json = std::move(input);
    return job;
}

}  // namespace darkroom::runpod::worker
