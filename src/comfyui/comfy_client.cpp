#include "comfyui/comfy_client.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/json_writer.h"
#include "base/percent.h"
#include "comfyui/python_json.h"
#include "comfyui/upload_body.h"

namespace darkroom::comfyui {
namespace {

constexpr int tries_max = 3;
constexpr Milliseconds first_pause{250};
constexpr Milliseconds between_looks{5'000};
constexpr std::size_t piece_bytes = 64u << 10;

std::string with_ids(std::string_view name, const PromptId& id) {
    JsonWriter body;
    body.begin_object().key(name).begin_array().value(id.str()).end_array().end_object();
    return body.take();
}

Failure<CallError> unreadable(std::string_view why) {
    return Fail(CallError{CallErrorKind::unavailable, one_line(why)});
}

}  // namespace

ComfyClient::ComfyClient(ComfySettings settings, ports::HttpClient& http, const ports::Clock& clock)
    : settings_(std::move(settings)), http_(http), clock_(clock) {
    DR_CHECK(problems(settings_).empty());
}

ports::OutgoingRequest ComfyClient::request_for(const Ask& ask) const {
    ports::OutgoingRequest request;
    request.method = ask.method;
    request.url = settings_.base_url;
    while (request.url.ends_with('/')) request.url.pop_back();
    request.url += "/api" + ask.path;
    auto query = ask.query;
    for (const auto& [name, value] : settings_.query)
        query += (query.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
    if (!query.empty()) request.url += "?" + query;
    request.headers = settings_.headers;
    if (!ask.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = ask.body;
    request.connect_timeout = settings_.connect_timeout;
    request.total_timeout = settings_.ask_timeout;
    request.answer_bytes_max = ask.answer_bytes_max;
    request.stop_fd = stop_.fd();
    return request;
}

HttpAnswer ComfyClient::try_once(const Ask& ask, Instant deadline) {
    auto request = request_for(ask);
    const auto left = std::chrono::ceil<Milliseconds>(deadline - clock_.monotonic());
    request.total_timeout = std::clamp(left, Milliseconds(1), request.total_timeout);
    return http_.fetch(request);
}

Result<ports::FetchedAnswer, CallError> ComfyClient::perform(const Ask& ask) {
    const auto deadline = clock_.monotonic() + settings_.ask_deadline;
    auto wait = first_pause;
    for (int tries = 1;; ++tries) {
        auto answer = try_once(ask, deadline);
        const auto error = call_error(answer);
        if (!error) return std::move(answer).value();
        const bool is_late = clock_.monotonic() + wait >= deadline;
        if (!is_worth_repeating(*error) || tries == tries_max || is_late) return Fail(*error);
        pause(wait);
        wait *= 2;
    }
}

Result<void, CallError> ComfyClient::command(const std::string& path, std::string body) {
    auto answer =
        perform({.method = ports::HttpMethod::post, .path = path, .query = {}, .body = std::move(body)});
    if (!answer) return Fail(std::move(answer).error());
    return {};
}

void ComfyClient::pause(Milliseconds how_long) {
    const auto until = clock_.monotonic() + how_long;
    const auto wake_up = clock_.make_wake_up();
    while (!stop_.is_set() && clock_.monotonic() < until) wake_up->wait_until(until);
}

Result<ServerFacts, CallError> ComfyClient::system_stats() {
    auto answer = perform({.path = "/system_stats"});
    // Every version has this route: without it somebody else answers for a server that is not there yet.
    if (!answer && answer.error().kind == CallErrorKind::missing)
        return Fail(CallError{CallErrorKind::not_ready, answer.error().detail});
    if (!answer) return Fail(std::move(answer).error());
    auto facts = read_system_stats(answer->body);
    if (!facts) return unreadable(facts.error());
    return *std::move(facts);
}

Result<NodeFacts, CallError> ComfyClient::node_facts(const std::string& class_type) {
    const auto answer = perform({.path = "/object_info/" + percent_encode(class_type),
                                 .query = {},
                                 .body = {},
                                 .answer_bytes_max = node_facts_bytes_max});
    if (!answer) return Fail(answer.error());
    auto facts = read_node_facts(answer->body, class_type);
    if (!facts) return unreadable(facts.error());
    return *std::move(facts);
}

Result<ViewFile, CallError> ComfyClient::upload(const Upload& upload) {
    if (const auto problem = problem_of(upload.file))
        return Fail(CallError{CallErrorKind::refused, std::string(*problem)});
    if (upload.bytes.size() > settings_.upload_bytes_max)
        return Fail(CallError{CallErrorKind::too_large, "the file is larger than ComfyUI takes"});
    const auto body = write_upload(upload.file, upload.content_type, upload.bytes);
    auto request = request_for({.method = ports::HttpMethod::post, .path = "/upload/image"});
    request.headers.emplace_back("Content-Type", body.content_type);
    request.body = body.text;
    request.total_timeout = upload_timeout(settings_, upload.bytes.size());
    auto wait = first_pause;
    for (int tries = 1;; ++tries) {
        const auto answer = http_.fetch(request);
        auto error = call_error(answer);
        if (!error) {
            auto stored = read_upload_answer(answer->body);
            if (!stored) return unreadable(stored.error());
            return *std::move(stored);
        }
        if (answer && answer->status == 400) error->kind = CallErrorKind::refused;
        if (!is_worth_repeating(*error) || tries == tries_max) return Fail(*error);
        pause(wait);
        wait *= 2;
    }
}

PromptOutcome ComfyClient::submit(const PromptId& id, const std::string& graph_json,
                                  std::function<bool()> may_send) {
    auto request =
        request_for({.method = ports::HttpMethod::post,
                     .path = "/prompt",
                     .query = {},
                     .body = write_prompt({id, settings_.client_id, graph_json, settings_.api_node_key})});
    request.total_timeout = settings_.prompt_timeout;
    request.may_send = std::move(may_send);
    request.stop_fd = -1;  // cut off, nobody would know what became of it
    return prompt_outcome(http_.fetch(request), id);
}

Result<std::optional<PromptEnd>, CallError> ComfyClient::history(const PromptId& id) {
    const auto answer = perform(
        {.path = "/history/" + id.str(), .query = {}, .body = {}, .answer_bytes_max = history_bytes_max});
    if (!answer) return Fail(answer.error());
    auto end = read_history(answer->body, id);
    if (!end) return unreadable(end.error());
    return *std::move(end);
}

Result<QueueList, CallError> ComfyClient::queue() {
    const auto answer =
        perform({.path = "/queue", .query = {}, .body = {}, .answer_bytes_max = queue_bytes_max});
    if (!answer) return Fail(answer.error());
    auto list = read_queue(answer->body);
    if (!list) return unreadable(list.error());
    return *std::move(list);
}

Result<std::optional<JobWord>, CallError> ComfyClient::job_word(const PromptId& id) {
    const auto answer = perform(
        {.path = "/jobs/" + id.str(), .query = {}, .body = {}, .answer_bytes_max = history_bytes_max});
    if (!answer && answer.error().kind == CallErrorKind::missing) return std::optional<JobWord>();
    if (!answer) return Fail(answer.error());
    const auto word = read_job_record(answer->body);
    if (!word) return unreadable(word.error());
    return std::optional<JobWord>(*word);
}

Result<Sighting, CallError> ComfyClient::look(const PromptId& id) {
    for (int round = 1; round <= 2; ++round) {
        auto end = history(id);
        if (!end) return Fail(std::move(end).error());
        if (*end) return Sighting{PromptPhase::ended, *std::move(end), 0};
        // Saves the queue with everybody's graphs, where the server is new enough.
        const auto word = round == 1 ? job_word(id) : Result<std::optional<JobWord>, CallError>(std::nullopt);
        if (!word) return Fail(word.error());
        if (*word == JobWord::in_progress) return Sighting{PromptPhase::running, {}, 0};
        if (*word == JobWord::pending) return Sighting{PromptPhase::pending, {}, 0};
        const auto list = queue();
        if (!list) return Fail(list.error());
        if (list->runs(id)) return Sighting{PromptPhase::running, {}, 0};
        if (const auto before = list->before(id)) return Sighting{PromptPhase::pending, {}, *before};
    }
    return Sighting{};
}

Result<Sighting, CallError> ComfyClient::look_after_unclear(const PromptId& id) {
    auto seen = look(id);
    if (!seen || seen->phase != PromptPhase::absent) return seen;
    pause(between_looks);
    return look(id);
}

Result<Download, CallError> ComfyClient::download(const ViewFile& file,
                                                  const std::function<bool(std::string_view)>& sink) {
    if (const auto problem = problem_of(file))
        return Fail(CallError{CallErrorKind::refused, std::string(*problem)});
    auto request = request_for({.path = "/view", .query = view_query(file)});
    FileDownload transfer(std::move(request), settings_, http_, clock_);
    std::vector<char> buffer(piece_bytes);
    for (;;) {
        const auto got = transfer.read(buffer);
        if (!got) return Fail(got.error());
        if (*got == 0) return Download{transfer.got(), transfer.sha256_hex()};
        if (!sink({buffer.data(), *got}))
            return Fail(CallError{CallErrorKind::refused, "/view: nobody takes the bytes"});
    }
}

Result<std::unique_ptr<FileDownload>, CallError> ComfyClient::open(const ViewFile& file) {
    if (const auto problem = problem_of(file))
        return Fail(CallError{CallErrorKind::refused, std::string(*problem)});
    auto transfer = std::make_unique<FileDownload>(request_for({.path = "/view", .query = view_query(file)}),
                                                   settings_, http_, clock_);
    if (auto begun = transfer->begin(); !begun) return Fail(std::move(begun).error());
    return transfer;
}

Result<CancelOutcome, CallError> ComfyClient::cancel(const PromptId& id) {
    auto answer = perform({.method = ports::HttpMethod::post, .path = "/jobs/" + id.str() + "/cancel"});
    if (answer) {
        const auto read = parse_python_json(answer->body, answer->body.size());
        const auto* root = read ? read->if_object() : nullptr;
        const auto* word = root == nullptr ? nullptr : root->if_contains("cancelled");
        if (word == nullptr || !word->is_bool()) return unreadable("/jobs/cancel: no word of cancelled");
        return word->get_bool() ? CancelOutcome::stopping : CancelOutcome::not_there;
    }
    if (answer.error().kind != CallErrorKind::missing) return Fail(std::move(answer).error());
    // An older server. Out of the queue first, so that it cannot begin after it was looked for.
    const auto before = queue();
    if (!before) return Fail(before.error());
    if (auto deleted = command("/queue", with_ids("delete", id)); !deleted)
        return Fail(std::move(deleted).error());
    const auto list = queue();
    if (!list) return Fail(list.error());
    if (!list->runs(id)) return before->before(id) ? CancelOutcome::stopping : CancelOutcome::not_there;
    const auto facts = system_stats();
    if (!facts) return Fail(facts.error());
    if (!facts->version || *facts->version < interrupts_by_id) return CancelOutcome::too_old;
    JsonWriter body;
    body.begin_object().member("prompt_id", id.str()).end_object();
    if (auto told = command("/interrupt", body.take()); !told) return Fail(std::move(told).error());
    return CancelOutcome::stopping;
}

Result<void, CallError> ComfyClient::forget(const PromptId& id) {
    return command("/history", with_ids("delete", id));
}

Result<void, CallError> ComfyClient::free_memory() {
    return command("/free", R"({"unload_models":true,"free_memory":true})");
}

}  // namespace darkroom::comfyui
