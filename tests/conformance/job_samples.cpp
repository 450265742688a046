#include "tests/conformance/job_samples.h"

#include <sstream>

#include "base/check.h"

namespace darkroom::conformance {

using core::Status;
using ports::Access;

TimePoint at(std::int64_t ms) { return from_unix_ms(1'790'000'000'000 + ms); }

UserId user(std::string_view name) {
    const auto parsed = UserId::parse(name);
    DR_CHECK(parsed);
    return *parsed;
}

namespace {

std::string sha256_hex_of(const std::string& text) { return to_hex(sha256(text)); }

}  // namespace

ports::NewJob Samples::job(const UserId& owner, int priority, const std::string& backend) {
    const auto n = std::to_string(++count_);
    ports::NewJob request;
    auto& job = request.job;
    job.id = random_.id<JobId>();
    job.user = owner;
    job.type = count_ % 2 == 0 ? "bg_remove" : "upscale_2k";
    job.backend = backend;
    job.params_json = R"({"v":1,"n":)" + n + "}";
    job.params_effective_json = R"({"v":1,"edges":"auto","n":)" + n + "}";
    job.recipe = job.type + "@" + n;
    job.recipe_digest = sha256_hex_of(n);
    job.models_json = R"([{"name":"m-)" + n + R"(","licence":"Apache-2.0"}])";
    job.inputs = {image(random_.id<UploadId>())};
    job.priority = priority;
    job.metadata_json = R"({"order":"A-)" + n + R"("})";
    if (count_ % 3 == 0) job.webhook_url = "https://example.com/hook/" + n;
    job.created_at = at(count_);
    request.actor = "key:app";
    return request;
}

ports::NewJob Samples::chain(const UserId& owner, const std::vector<StepPlan>& steps, int priority) {
    auto request = job(owner, priority);
    auto& chain = request.job;
    chain.type = "chain";
    chain.backend = "";
    for (const auto& plan : steps) {
        auto step = job(owner).job;
        step.place = core::ChainPlace{chain.id, plan.name, plan.from, plan.from.empty() ? "" : plan.role};
        step.webhook_url.reset();
        request.steps.push_back(std::move(step));
    }
    chain.chain_outputs = {{steps.back().name, "main", "main"},
                           {steps.front().name, "mask", steps.front().name + ".mask"}};
    return request;
}

ports::WorkPlan Samples::plan(const std::string& backend) {
    const auto n = std::to_string(++count_);
    return {.backend = backend,
            .params_json = R"({"v":1,"again":)" + n + "}",
            .params_effective_json = R"({"v":1,"edges":"hard","again":)" + n + "}",
            .recipe = "again@" + n,
            .recipe_digest = sha256_hex_of("again" + n),
            .models_json = R"([{"name":"again-)" + n + R"("}])"};
}

core::Upload Samples::upload(const UserId& owner, TimePoint expires_at) {
    core::Upload upload;
    upload.id = random_.id<UploadId>();
    upload.user = owner;
    upload.name = "shoe \"left\" \xC3\xA9.jpg";
    upload.bytes_max = 20'000'000;
    upload.created_at = at(0);
    upload.expires_at = expires_at;
    return upload;
}

core::InputImage Samples::image(const UploadId& upload) {
    return {.name = "..\\shoe \"1\"\n\xC3\xA9.jpg",
            .key = core::ObjectKey::uploaded(upload, "jpg"),
            .content_type = "image/jpeg",
            .bytes = 5'000'000'000,
            .width = 4'000'000'000,
            .height = 3,
            .sha256 = std::string(64, 'a'),
            .version = "\"d41d8cd9\"-\xC3\xA9"};
}

ports::AttemptSucceeded Samples::success(const JobId& job, const AttemptId& attempt) {
    ports::AttemptSucceeded end;
    end.outputs = {{.role = "main",
                    .key = core::ObjectKey::restored(job, attempt, "main", "png"),
                    .content_type = "image/png",
                    .bytes = 391'220,
                    .width = 1'600,
                    .height = 1'067,
                    .sha256 = std::string(64, 'b')},
                   {.role = "mask",
                    .key = core::ObjectKey::restored(job, attempt, "mask", "png"),
                    .content_type = "image/png",
                    .bytes = 1,
                    .width = 2,
                    .height = 3,
                    .sha256 = std::string(64, 'c')}};
    end.thumbnail = core::ObjectKey::thumbnail(job);
    end.execution = Milliseconds(3'391);
    end.completed_via = "local";
    end.measures_json = R"({"coverage":0.5})";
    end.warnings_json = R"(["soft edges"])";
    return end;
}

ports::AttemptFailed failure(core::ErrorCode code, std::optional<TimePoint> retry_at) {
    return {.error = {code, "because \"of\" this\n"}, .retry_at = retry_at, .completed_via = "local"};
}

ports::ClaimRequest claim_request(int inflight_max, int jobs_max, TimePoint now) {
    return {.backend = "local",
            .endpoint = "this-machine",
            .inflight_max = inflight_max,
            .jobs_max = jobs_max,
            .now = now,
            .remote = {}};
}

ports::IdempotencyKey idempotency(const std::string& key, std::string_view request, TimePoint expires_at) {
    return {.key = key, .fingerprint = sha256(request), .expires_at = expires_at};
}

namespace {

std::string words(const std::optional<TimePoint>& time) {
    return time ? std::to_string(to_unix_ms(*time)) : "-";
}
std::string words(const std::optional<Milliseconds>& ms) { return ms ? std::to_string(ms->count()) : "-"; }
std::string words(const std::optional<core::JobError>& error) {
    return error ? std::string(core::to_string(error->code)) + ":" + error->message : "-";
}

template <class Image>
std::string image_words(const Image& image, const std::string& label) {
    std::ostringstream out;
    out << label << " " << image.key.str() << " " << image.content_type << " " << image.bytes << " "
        << image.width << "x" << image.height << " " << image.sha256;
    return out.str();
}

std::string image_words(const core::InputImage& image) {
    return "<" + image_words(image, image.name) + " '" + image.version + "'>";
}
std::string image_words(const core::OutputImage& image) { return "<" + image_words(image, image.role) + ">"; }

}  // namespace

std::string in_words(const core::Attempt& attempt) {
    std::ostringstream out;
    out << "\n  attempt " << attempt.number << " " << attempt.id.str() << " " << attempt.backend << "/"
        << attempt.endpoint << " '" << attempt.remote_id << "' " << core::to_string(attempt.status) << " "
        << attempt.params_json << " " << attempt.recipe << " " << words(attempt.created_at) << " "
        << words(attempt.started_at) << " " << words(attempt.finished_at) << " " << words(attempt.delay)
        << " " << words(attempt.execution) << " '" << attempt.completed_via << "' " << attempt.measures_json
        << " " << attempt.warnings_json << " " << words(attempt.error) << " " << attempt.cost_micro_usd
        << " '" << attempt.gpu << "' '" << attempt.waiting_for << "' " << attempt.recipe_digest << " "
        << attempt.models_json << " " << (attempt.thumbnail ? attempt.thumbnail->str() : "-");
    for (const auto& output : attempt.outputs) out << " " << image_words(output);
    return out.str();
}

std::string in_words(const core::Job& job) {
    std::ostringstream out;
    out << "job " << job.id.str() << " of " << job.user.str() << " " << job.type << " "
        << core::to_string(job.status) << " on " << job.backend << " " << job.params_json << " "
        << job.params_effective_json << " " << job.recipe << " p" << job.priority << " " << job.metadata_json
        << " " << job.webhook_url.value_or("-") << " " << words(job.error) << " "
        << (job.selected_attempt ? job.selected_attempt->str() : "-") << " "
        << (job.thumbnail ? job.thumbnail->str() : "-") << " " << words(job.created_at) << " "
        << words(job.updated_at) << " " << words(job.started_at) << " " << words(job.finished_at) << " "
        << words(job.inputs_removed_at) << " " << words(job.outputs_removed_at);
    out << " " << job.recipe_digest << " " << job.models_json << " forgiven " << job.attempts_forgiven;
    for (const auto& input : job.inputs) out << " " << image_words(input);
    for (const auto& output : job.outputs) out << " shows " << image_words(output);
    if (job.place)
        out << " step '" << job.place->step << "' of " << job.place->chain.str() << " from '"
            << job.place->from_step << "." << job.place->from_role << "'";
    for (const auto& shown : job.chain_outputs)
        out << " " << shown.step << "." << shown.step_role << " as " << shown.role;
    for (const auto& step : job.steps)
        out << "\n  step '" << step.name << "' " << step.job.str() << " " << step.type << " "
            << core::to_string(step.status) << " " << words(step.error);
    for (const auto& attempt : job.attempts) out << in_words(attempt);
    return out.str();
}

std::string in_words(const core::Upload& upload) {
    std::ostringstream out;
    out << "upload " << upload.id.str() << " of " << upload.user.str() << " " << upload.name << " "
        << upload.ready << " '" << upload.direct_key.str() << "' " << upload.bytes_max << " "
        << words(upload.created_at) << " " << words(upload.expires_at) << " "
        << (upload.image ? image_words(*upload.image) : "-");
    return out.str();
}

std::string in_words(const core::JobEvent& event) {
    std::ostringstream out;
    out << event.seq << " " << event.kind << " " << core::to_string(event.status) << " " << event.actor << " "
        << event.attempt.value_or(0) << " " << event.data_json << " " << words(event.at);
    return out.str();
}

namespace {

void add_jobs(ports::JobStore& store, const ports::JobFilter& filter, std::vector<core::Job>& jobs) {
    std::int64_t before = 0;
    do {
        auto page = store.list_jobs(Access::everyone(), filter, before, 100);
        DR_CHECK(page.ok());
        for (auto& job : page->jobs) jobs.push_back(std::move(job));
        before = page->next_before;
    } while (before != 0);
}

// Steps come after all that are none.
std::vector<core::Job> all_jobs(ports::JobStore& store) {
    std::vector<core::Job> jobs;
    add_jobs(store, {}, jobs);
    const auto count = jobs.size();
    for (std::size_t i = 0; i < count; ++i) {
        ports::JobFilter steps;
        steps.chain = jobs[i].id;
        if (!jobs[i].steps.empty()) add_jobs(store, steps, jobs);
    }
    return jobs;
}

std::vector<core::JobEvent> all_events(ports::JobStore& store, const JobId& job) {
    auto events = store.list_events(Access::everyone(), job, 0, 1'000'000);
    DR_CHECK(events.ok() && events->has_value());
    return **std::move(events);
}

bool shows_its_selected_attempt(const core::Job& job) {
    for (const auto& attempt : job.attempts) {
        if (attempt.id == job.selected_attempt)
            return attempt.status == Status::succeeded && attempt.outputs == job.outputs &&
                   attempt.thumbnail == job.thumbnail;
    }
    return false;
}

std::string chain_problem(const core::Job& chain) {
    bool all_ended = true;
    bool all_succeeded = true;
    bool one_failed = false;
    for (const auto& step : chain.steps) {
        all_ended = all_ended && core::is_terminal(step.status);
        all_succeeded = all_succeeded && step.status == Status::succeeded;
        one_failed = one_failed || step.status == Status::failed;
    }
    if (!chain.attempts.empty() || chain.selected_attempt) return "a chain has an attempt of its own";
    if (core::is_terminal(chain.status) != all_ended)
        return "a chain has ended and not its steps, or the reverse";
    if ((chain.status == Status::succeeded) != all_succeeded)
        return "a chain's success is not that of its steps";
    if (chain.status == Status::failed && !one_failed) return "a chain failed and none of its steps";
    if (!chain.outputs.empty() && chain.status != Status::succeeded) return "a chain shows outputs too soon";
    return "";
}

// A step that waits for what another one makes stands in no line, and neither does a chain.
bool stands_in_line(const core::Job& job) {
    const bool waits = job.place && !job.place->from_step.empty() && job.inputs.empty();
    return job.status == Status::queued && job.steps.empty() && !waits;
}

// What must hold for one job by itself.
std::string job_problem(const core::Job& job, const std::vector<core::JobEvent>& events) {
    if (events.empty() || events.front().kind != "created")
        return "its timeline does not begin with its creation";
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].seq != static_cast<std::int64_t>(i) + 1) return "its events have gaps";
    }
    if (events.back().status != job.status) return "its last event tells another status";
    if (job.finished_at.has_value() != core::is_terminal(job.status))
        return "finished_at does not fit its status";
    if (job.error.has_value() != (job.status == Status::failed)) return "its error does not fit its status";
    if (!job.steps.empty()) return chain_problem(job);
    const bool lost = job.status == Status::failed || job.status == Status::cancelled;
    if (job.status == Status::succeeded && !job.selected_attempt) return "it succeeded and shows nothing";
    if (lost && job.selected_attempt) return "it shows something and has not succeeded";
    if (job.selected_attempt && !shows_its_selected_attempt(job)) return "its selected attempt does not fit";
    const bool at_work = job.status == Status::dispatched || job.status == Status::running;
    for (std::size_t i = 0; i < job.attempts.size(); ++i) {
        const auto& attempt = job.attempts[i];
        if (attempt.number != static_cast<int>(i) + 1) return "its attempts are not numbered 1, 2, 3";
        const bool open = !core::is_terminal(attempt.status);
        if (open != (at_work && i + 1 == job.attempts.size()))
            return "an attempt is open that should not be, or the reverse";
        if (open && attempt.status != job.status) return "its open attempt has another status";
        if (attempt.finished_at.has_value() == open)
            return "an attempt's finished_at does not fit its status";
    }
    if (at_work && job.attempts.empty()) return "it is at work without an attempt";
    return "";
}

}  // namespace

std::string everything_in_words(ports::JobStore& store, const std::string& endpoint) {
    std::string out;
    for (const auto& job : all_jobs(store)) {
        out += in_words(job) + "\n";
        for (const auto& event : all_events(store, job.id)) out += "  event " + in_words(event) + "\n";
    }
    const auto inflight = store.list_inflight(endpoint);
    const auto counts = store.count_queue();
    DR_CHECK(inflight.ok() && counts.ok());
    for (const auto& row : *inflight) {
        out +=
            "in flight " + row.job.str() + " " + row.attempt.str() + (row.stopping ? " stopping" : "") + "\n";
    }
    return out + "ready " + std::to_string(counts->ready) + " delayed " + std::to_string(counts->delayed) +
           " inflight " + std::to_string(counts->inflight) + "\n";
}

std::vector<std::string> consistency_problems(ports::JobStore& store) {
    std::vector<std::string> problems;
    std::int64_t queued = 0;
    std::int64_t at_work = 0;
    for (const auto& job : all_jobs(store)) {
        const auto problem = job_problem(job, all_events(store, job.id));
        if (!problem.empty()) problems.push_back(problem + ": " + in_words(job));
        queued += stands_in_line(job) ? 1 : 0;
        const bool works = job.status == Status::dispatched || job.status == Status::running;
        at_work += works && job.steps.empty() ? 1 : 0;
    }
    const auto counts = store.count_queue();
    DR_CHECK(counts.ok());
    if (counts->ready + counts->delayed != queued)
        problems.emplace_back("the queue is not as long as there are queued jobs");
    if (counts->inflight < at_work) problems.emplace_back("a job is at work without a row in flight");
    return problems;
}

}  // namespace darkroom::conformance
