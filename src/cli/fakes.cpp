#include "cli/fakes.h"

#include <strings.h>

#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fstream>

#include "base/digest.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cli/job_view.h"

namespace darkroom::cli::fakes {
namespace {

using ports::HttpMethod;

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

std::string last_part(const std::string& url) {
    const auto path = url.substr(0, url.find('?'));
    return path.substr(path.rfind('/') + 1);
}

class RealWakeUp : public ports::WakeUp {
public:
    void set() override {
        const std::lock_guard lock(mutex_);
        set_ = true;
        changed_.notify_all();
    }
    bool wait_until(Instant deadline) override {
        std::unique_lock lock(mutex_);
        const bool was_set = changed_.wait_until(lock, deadline, [&] { return set_; });
        set_ = false;
        return was_set;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

class JumpingWakeUp : public ports::WakeUp {
public:
    explicit JumpingWakeUp(Instant& now) : now_(now) {}
    void set() override { set_ = true; }
    bool wait_until(Instant deadline) override {
        if (std::exchange(set_, false)) return true;
        now_ = std::max(now_, deadline);
        return false;
    }

private:
    Instant& now_;
    bool set_ = false;
};

class FakeEmbedded : public EmbeddedGateway {
public:
    explicit FakeEmbedded(int& stopped) : stopped_(stopped) {}
    ~FakeEmbedded() override { ++stopped_; }
    std::string url() const override { return "http://127.0.0.1:8080"; }
    std::string api_key() const override { return "dk_test"; }

private:
    int& stopped_;
};

}  // namespace

ports::FetchedAnswer json_answer(int status, std::string body, ports::HttpFields headers) {
    return {status, std::move(headers), std::move(body)};
}

ports::FetchedAnswer problem_answer(int status, const std::string& code, const std::string& detail) {
    JsonWriter json;
    json.begin_object().member("status", status).member("code", code).member("detail", detail);
    return json_answer(status, json.member("request_id", "req-1").end_object().take());
}

ports::FetchFailure failure(ports::FetchError kind) { return {kind, "as scripted"}; }

void ScriptedHttp::on(HttpMethod method, const std::string& url_part, Handler handler, int times) {
    const std::lock_guard lock(mutex_);
    rules_.insert(rules_.begin(), {method, url_part, std::move(handler), times});
}

Answer ScriptedHttp::fetch(const ports::OutgoingRequest& request) {
    Handler handler;
    {
        const std::lock_guard lock(mutex_);
        seen_.push_back({request.method, request.url,
                         request.body_file ? bytes_of(*request.body_file) : request.body, request.headers});
        for (auto& rule : rules_) {
            if (rule.method != request.method || request.url.find(rule.url_part) == std::string::npos ||
                rule.times == 0)
                continue;
            if (rule.times > 0) --rule.times;
            handler = rule.handler;
            break;
        }
    }
    if (!handler) return Fail(failure(ports::FetchError::unreachable));
    return handler(request);
}

std::string ScriptedHttp::Seen::header(const std::string& name) const {
    for (const auto& [field, value] : headers) {
        if (::strcasecmp(field.c_str(), name.c_str()) == 0) return value;
    }
    return {};
}

std::vector<ScriptedHttp::Seen> ScriptedHttp::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

std::vector<ScriptedHttp::Seen> ScriptedHttp::seen(HttpMethod method, const std::string& url_part) const {
    auto all = seen();
    std::erase_if(all, [&](const Seen& one) {
        return one.method != method || one.url.find(url_part) == std::string::npos;
    });
    return all;
}

// ---- The gateway
// --------------------------------------------------------------------------------------------

FakeGateway::FakeGateway(ScriptedHttp& http, std::string url) : url_(std::move(url)) {
    const auto guarded = [this](Answer (FakeGateway::*handle)(const ports::OutgoingRequest&)) {
        return [this, handle](const ports::OutgoingRequest& request) -> Answer {
            const bool allowed =
                std::any_of(request.headers.begin(), request.headers.end(), [this](const auto& field) {
                    return field.first == "Authorization" && field.second == "Bearer " + key;
                });
            if (!allowed) return problem_answer(401, "unauthenticated", "A valid API key is needed.");
            return (this->*handle)(request);
        };
    };
    http.on(HttpMethod::get, url_ + "/healthz", [](const auto&) -> Answer { return json_answer(200, "{}"); });
    http.on(HttpMethod::get, url_ + "/api/v1/types", [](const auto&) -> Answer {
        return json_answer(
            200, R"({"types":[{"type":"bg_remove","title":"Remove the background","description":"Cuts out.",
            "params_schema":{"properties":{"crop":{"type":"boolean","default":false,"description":"Crop it."}}}},
            {"type":"upscale_2k","title":"Enlarge","description":"Makes it larger.","params_schema":{}}]})");
    });
    http.on(HttpMethod::get, url_ + "/api/v1/jobs/", guarded(&FakeGateway::show));
    http.on(HttpMethod::post, url_ + "/api/v1/uploads", guarded(&FakeGateway::upload));
    http.on(HttpMethod::post, url_ + "/api/v1/jobs", guarded(&FakeGateway::create));
    http.on(HttpMethod::put, url_ + "/api/v1/objects/", [this](const auto& request) { return put(request); });
    http.on(HttpMethod::get, url_ + "/files/", [this](const auto& request) { return download(request); });
}

std::size_t FakeGateway::jobs() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

std::vector<std::string> FakeGateway::job_ids() const {
    const std::lock_guard lock(mutex_);
    return order_;
}

std::string FakeGateway::job_json(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return job_json_locked(id);
}

Answer FakeGateway::upload(const ports::OutgoingRequest&) {
    const std::lock_guard lock(mutex_);
    const auto id = "up" + std::to_string(uploads_.size() + 1);
    uploads_[id] = "";
    return json_answer(
        201,
        R"({"id":")" + id + R"(","method":"PUT","url":"/api/v1/objects/)" + id +
            R"(","headers":{"X-Signed":"yes"},"expires_at":"2026-01-01T00:00:00Z","max_bytes":67108864})");
}

Answer FakeGateway::put(const ports::OutgoingRequest& request) {
    const auto bytes = bytes_of(*request.body_file);
    if (request.on_upload_progress) request.on_upload_progress(bytes.size(), bytes.size());
    const std::lock_guard lock(mutex_);
    uploads_[last_part(request.url)] = bytes;
    return json_answer(200, "{}");
}

Answer FakeGateway::create(const ports::OutgoingRequest& request) {
    const auto body = parse_json(request.body);
    if (!body) return problem_answer(400, "malformed_json", body.error().detail);
    const auto& object = body->get_object();
    const std::lock_guard lock(mutex_);
    for (const auto& [name, value] : request.headers) {
        if (name == "Idempotency-Key" && idempotency_.count(value) > 0)
            return json_answer(201, job_json_locked(idempotency_[value]));
    }
    const auto number = std::to_string(jobs_.size() + 1);
    const auto id = "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
    for (const auto& [name, value] : request.headers) {
        if (name == "Idempotency-Key") idempotency_[value] = id;
    }
    const auto upload_id = text_member(array_member(object, "inputs")->front().get_object(), "upload");
    jobs_[id] = {text_member(object, "type"), text_member(*object_member(object, "metadata"), "cli_file"),
                 boost::json::serialize(object.at("params")), uploads_[upload_id]};
    order_.push_back(id);
    return json_answer(201, job_json_locked(id));
}

std::string FakeGateway::job_json_locked(const std::string& id) const {
    const auto& job = jobs_.at(id);
    const bool bad = job.bytes.find("bad picture") != std::string::npos;
    const auto result = "done:" + job.bytes;
    JsonWriter json;
    json.begin_object()
        .member("id", id)
        .member("type", job.type)
        .member("status", bad ? "FAILED" : "SUCCEEDED");
    json.raw_member("params", job.params).key("outputs").begin_array();
    if (!bad) {
        json.begin_object().member("role", "mask").member("url", "/files/mask").end_object();
        json.begin_object().member("role", "main").member("url", "/files/" + id + "?sig=secret");
        json.member("content_type", content_type)
            .member("bytes", result.size())
            .member("sha256", to_hex(sha256(result)))
            .end_object();
    }
    json.end_array().key("error");
    if (bad) {
        json.begin_object()
            .member("code", "input_unreadable")
            .member("message", "The file ends in the middle of the picture.");
        json.member("retryable", false).end_object();
    } else {
        json.null();
    }
    json.member("attempt_count", 1).key("metadata").begin_object().member("cli_file", job.file).end_object();
    json.member("created_at", "2026-01-01T00:00:00.000Z").member("started_at", "2026-01-01T00:00:01.000Z");
    return json.member("finished_at", "2026-01-01T00:00:02.500Z").end_object().take();
}

Answer FakeGateway::show(const ports::OutgoingRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto id = last_part(request.url);
    if (jobs_.count(id) == 0) return problem_answer(404, "not_found", "There is no job " + id + ".");
    return json_answer(200, job_json_locked(id));
}

Answer FakeGateway::download(const ports::OutgoingRequest& request) {
    std::string bytes;
    {
        const std::lock_guard lock(mutex_);
        const auto job = jobs_.find(last_part(request.url));
        if (job == jobs_.end()) return problem_answer(404, "not_found", "There is no such file.");
        bytes = "done:" + job->second.bytes;
    }
    const auto half = bytes.size() / 2;
    if (!request.on_body(std::string_view(bytes).substr(0, half)) ||
        !request.on_body(std::string_view(bytes).substr(half))) {
        return Fail(failure(ports::FetchError::stopped));
    }
    return json_answer(200, "");
}

// ---- Time, chance, folders
// ----------------------------------------------------------------------------------

TimePoint RealClock::now() const {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}
Instant RealClock::monotonic() const { return std::chrono::steady_clock::now(); }
std::unique_ptr<ports::WakeUp> RealClock::make_wake_up() const { return std::make_unique<RealWakeUp>(); }

TimePoint JumpingClock::now() const { return from_unix_ms(1'767'225'600'000); }
std::unique_ptr<ports::WakeUp> JumpingClock::make_wake_up() const {
    return std::make_unique<JumpingWakeUp>(instant_);
}

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    for (auto& byte : bytes) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        byte = static_cast<std::uint8_t>(state_ >> 56);
    }
}

TempFolder::TempFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "darkroom-cli-XXXXXX").string();
    DR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::file(const std::string& name, const std::string& bytes) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
}

std::string TempFolder::read(const std::string& name) const { return bytes_of(path_ / name); }

std::vector<std::string> TempFolder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
        if (!entry.is_directory()) names.push_back(std::filesystem::relative(entry.path(), path_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// ---- The program
// --------------------------------------------------------------------------------------------

Darkroom::Darkroom() {
    retry.pause_base = Milliseconds(1);
    retry.poll_pause = Milliseconds(1);
    environment["DARKROOM_DATA_DIR"] = (folder.path() / "data").string();
}

void Darkroom::with_server() {
    (void)folder.file("data/gateway.json", R"({"url":"http://127.0.0.1:8080","pid":1})");
    (void)folder.file("data/admin.key", "dk_test\n");
}

Darkroom::Outcome Darkroom::run(const std::vector<std::string>& arguments) {
    RealClock clock;
    SeededRandom random;
    std::ostringstream out;
    std::ostringstream err;
    CliWiring wiring{
        .http = [this]() -> ports::HttpClient& { return http; },
        .clock = clock,
        .random = random,
        .serve = [this](const ServeRequest& request) { return served.push_back(request), 42; },
        .start_embedded = [this](const auto&) -> Result<std::unique_ptr<EmbeddedGateway>, StartProblem> {
            if (start_problem) return Fail(*start_problem);
            ++embedded_started;
            return std::unique_ptr<EmbeddedGateway>(std::make_unique<FakeEmbedded>(embedded_stopped));
        },
        .out = &out,
        .err = &err,
        .console = console,
        .environment = [this](const char* name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
        },
        .end_process =
            [this](int code) {
                ended_with.push_back(code);
                if (on_end_process) on_end_process();
            },
    };
    wiring.retry = retry;
    std::vector<const char*> argv{"darkroom"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    const int code = run_cli(static_cast<int>(argv.size()), argv.data(), wiring);
    return {code, out.str(), err.str()};
}

}  // namespace darkroom::cli::fakes
