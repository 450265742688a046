#include "api/job_events.h"

#include <charconv>
#include <memory>

#include "api/handlers.h"
#include "api/job_json.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

constexpr int events_per_chunk = 100;
constexpr int timeline_max = 1'000;

std::string event_json(const JobId& job, const core::JobEvent& event) {
    JsonWriter json;
    json.begin_object()
        .member("seq", event.seq)
        .member("job_id", job.str())
        .member("kind", event.kind)
        .member("status", core::to_string(event.status))
        .member("actor", event.actor)
        .member("attempt", event.attempt)
        .member("at", event.at)
        .raw_member("data", event.data_json)
        .end_object();
    return json.take();
}

Problem no_such_job(const JobId& id) { return {ProblemCode::not_found, "There is no job " + id.str() + "."}; }

Answer timeline(ApiContext& context, const Caller& caller, const JobId& id) {
    const auto events = context.store.list_events(caller.access(), id, 0, timeline_max);
    if (!events) return Fail(Problem(events.error()));
    if (!*events) return Fail(no_such_job(id));
    JsonWriter json;
    json.begin_object().member("job_id", id.str()).key("events").begin_array();
    for (const auto& event : **events) json.raw(event_json(id, event));
    json.end_array().end_object();
    return json_answer(200, json.take());
}

// Follows one job. Each pull reads from the store what came after the last event sent, so a reader that is
// slow, or comes back after a restart, misses nothing and costs no memory.
class Follower {
public:
    Follower(ApiContext& context, ports::Access access, const JobId& job, std::int64_t after,
             bool with_snapshot)
        : context_(context),
          access_(std::move(access)),
          job_(job),
          after_(after),
          snapshot_due_(with_snapshot) {}

    ports::EventStream::Chunk pull() {
        ports::EventStream::Chunk chunk;
        if (!greeted_) chunk.bytes = "retry: 3000\n\n";
        greeted_ = true;
        const auto events = context_.store.list_events(access_, job_, after_, events_per_chunk);
        if (!events || !*events) return ended(std::move(chunk));  // the client comes back and resumes
        if (snapshot_due_) {
            // What the job is now comes first, for clients that only show it; then everything that made it
            // so.
            const auto job = load_job(context_, access_, job_);
            if (!job) return ended(std::move(chunk));
            chunk.bytes += "event: snapshot\ndata: " + job_json(context_, *job) + "\n\n";
            snapshot_due_ = false;
        }
        for (const auto& event : **events) {
            chunk.bytes += "id: " + std::to_string(event.seq) + "\nevent: job." + event.kind +
                           "\ndata: " + event_json(job_, event) + "\n\n";
            after_ = event.seq;
            terminal_ = core::is_terminal(event.status);
        }
        const bool caught_up = (*events)->size() < events_per_chunk;
        if (terminal_ && caught_up) {
            chunk.bytes += "event: end\ndata: {}\n\n";
            chunk.end = true;
        }
        return chunk;
    }

private:
    static ports::EventStream::Chunk ended(ports::EventStream::Chunk chunk) {
        chunk.end = true;
        return chunk;
    }

    ApiContext& context_;
    ports::Access access_;
    JobId job_;
    std::int64_t after_;
    bool snapshot_due_;
    bool greeted_ = false;
    bool terminal_ = false;
};

// Last-Event-ID as an EventSource sends it when it comes back; 0 = from the beginning.
Result<std::int64_t, Problem> resume_point(const ports::HttpRequest& request) {
    const auto* text = request.header("Last-Event-ID");
    if (text == nullptr) text = request.query_value("after");
    if (text == nullptr || text->empty()) return std::int64_t{0};
    std::int64_t seq = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seq);
    if (error != std::errc() || end != text->data() + text->size() || seq < 0) {
        return Fail(
            Problem(ProblemCode::bad_header, "Last-Event-ID must be the id of an event of this stream."));
    }
    return seq;
}

Answer follow(ApiContext& context, const Caller& caller, const ports::HttpRequest& request, const JobId& id) {
    const auto after = resume_point(request);
    if (!after) return Fail(after.error());
    const auto job = load_job(context, caller.access(), id);
    if (!job) return Fail(job.error());
    const auto missed = context.store.list_events(caller.access(), id, *after, 1);
    if (!missed) return Fail(Problem(missed.error()));
    ports::HttpResponse response;
    if (*after > 0 && core::is_terminal(job->status) && missed->has_value() && (*missed)->empty()) {
        response.status =
            204;  // there will be nothing more: this stops an EventSource from coming back (WHATWG HTML §9.2)
        return response;
    }
    auto follower = std::make_shared<Follower>(context, caller.access(), id, *after, *after == 0);
    ports::EventStream stream;
    stream.subscribe = [&context, id](std::function<void()> wake) {
        return context.watch.subscribe(id, std::move(wake));
    };
    stream.pull = [follower] { return follower->pull(); };
    response.body = std::move(stream);
    return response;
}

Answer events(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto* accept = request.header("Accept");
    const bool live = accept != nullptr && accept->find("text/event-stream") != std::string::npos;
    return live ? follow(context, caller, request, id) : timeline(context, caller, id);
}

}  // namespace

std::vector<ports::HttpRoute> job_event_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::get, base + "/jobs/{uuid}/events",
                       authenticated(context, [&context](const auto& caller, auto& request) {
                           return events(context, caller, request);
                       }))};
}

}  // namespace darkroom::api
