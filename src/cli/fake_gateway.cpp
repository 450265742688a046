#include "cli/fake_gateway.h"

#include <strings.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cli/job_view.h"
#include "cli/json_text.h"

namespace darkroom::cli::fakes {
namespace {

using ports::HttpMethod;

std::string bytes_of(const ports::FileSlice& slice) {
    std::ifstream file(slice.path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    const auto whole = bytes.str();
    if (slice.offset >= whole.size()) return {};
    return whole.substr(std::size_t(slice.offset), std::size_t(slice.bytes.value_or(std::string::npos)));
}

// The body of a whole answer, given out by reading.
class ReadAnswer : public ports::OpenAnswer {
public:
    explicit ReadAnswer(ports::FetchedAnswer answer)
        : body_(std::exchange(answer.body, {})), head_(std::move(answer)) {}
    const ports::FetchedAnswer& head() const override { return head_; }
    Result<std::size_t, ports::FetchFailure> read(std::span<char> buffer) override {
        const auto got = body_.copy(buffer.data(), buffer.size(), at_);
        at_ += got;
        return got;
    }

private:
    std::string body_;
    std::size_t at_ = 0;
    ports::FetchedAnswer head_;
};

std::string last_part(const std::string& url) {
    const auto path = url.substr(0, url.find('?'));
    return path.substr(path.rfind('/') + 1);
}

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

Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> ScriptedHttp::open(
    const ports::OutgoingRequest& request) {
    auto answer = fetch(request);
    if (!answer) return Fail(answer.error());
    return std::unique_ptr<ports::OpenAnswer>(std::make_unique<ReadAnswer>(std::move(*answer)));
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

// ---- The gateway ----

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
    const auto queued = [](const std::string& id) {
        return json_answer(201, R"({"id":")" + id + R"(","status":"QUEUED","error":null,"outputs":[]})");
    };
    for (const auto& [name, value] : request.headers) {
        if (name == "Idempotency-Key" && idempotency_.count(value) > 0) return queued(idempotency_[value]);
    }
    const auto number = std::to_string(jobs_.size() + 1);
    const auto id = "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
    for (const auto& [name, value] : request.headers) {
        if (name == "Idempotency-Key") idempotency_[value] = id;
    }
    const auto upload_id = text_member(array_member(object, "inputs")->front().get_object(), "upload");
    jobs_[id] = {text_member(object, "type"), text_member(*object_member(object, "metadata"), "cli_file"),
                 object.contains("params") ? json_text(object.at("params")) : "{}", uploads_[upload_id]};
    order_.push_back(id);
    return queued(id);
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
    if (!attempts_json.empty()) json.raw_member("attempts", attempts_json);
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

}  // namespace darkroom::cli::fakes
