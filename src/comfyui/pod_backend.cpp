#include "comfyui/pod_backend.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "comfyui/pod_files.h"

namespace darkroom::comfyui {
namespace {

using core::ErrorCode;
using ports::RefusalRule;
using ports::RemotePhase;
using ports::RemoteTroubleKind;

constexpr Milliseconds not_ready_pause{5'000};
constexpr Milliseconds busy_pause{1'000};
constexpr Milliseconds probe_period{30'000};

ports::SubmitRefused gives_up(core::JobError error, std::string why) {
    return {RefusalRule::give_up, std::move(error), std::move(why), Milliseconds(0)};
}

ports::SubmitRefused later(ErrorCode code, std::string why, Milliseconds pause) {
    return {RefusalRule::again_later, plain_error(code), std::move(why), pause};
}

ports::SubmitRefused refused_by_store(const ports::ObjectError& error) {
    if (error.kind == ports::ObjectErrorKind::missing)
        return gives_up(plain_error(ErrorCode::input_missing), error.detail);
    if (error.kind == ports::ObjectErrorKind::changed)
        return gives_up(plain_error(ErrorCode::input_changed), error.detail);
    return later(ErrorCode::storage_unavailable, error.detail, not_ready_pause);
}

Result<std::string, ports::SubmitRefused> bytes_of(ports::ObjectStore& store, const core::InputImage& input,
                                                   std::uint64_t bytes_max) {
    const auto too_large = [] {
        return Fail(
            gives_up(plain_error(ErrorCode::input_too_large), "the input is larger than the pod takes"));
    };
    if (input.bytes > bytes_max) return too_large();
    ports::OpenOptions options;
    options.version = input.version;
    auto reader = store.open(input.key, options);
    if (!reader) return Fail(refused_by_store(reader.error()));
    std::string bytes;
    bytes.reserve(input.bytes);
    std::vector<char> buffer(64u << 10);
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return Fail(refused_by_store(got.error()));
        if (*got == 0) return bytes;
        if (bytes.size() + *got > bytes_max) return too_large();
        bytes.append(buffer.data(), *got);
    }
}

ViewFile input_file(const ports::WorkOrder& work, std::size_t number) {
    const auto ending = core::extension_of(work.inputs.at(number).content_type).value_or("bin");
    return {"in" + std::to_string(number) + "." + std::string(ending), folder_of(work.attempt),
            FileKind::input};
}

bool has_main(const PodGraph& graph) {
    return std::any_of(graph.role_of_node.begin(), graph.role_of_node.end(),
                       [](const auto& entry) { return entry.second == "main"; });
}

}  // namespace

PodBackend::PodBackend(PodSettings settings, MakeGraph make_graph, ports::ObjectStore& main,
                       ports::HttpClient& http, const ports::Clock& clock, PromptProgress* progress)
    : settings_(std::move(settings)),
      info_{"pod", settings_.name, settings_.inflight_max, settings_.weight},
      target_("comfyui:" + settings_.client.base_url),
      make_graph_(std::move(make_graph)),
      main_(main),
      clock_(clock),
      client_(settings_.client, http, clock),
      preflight_([this](const std::string& class_type) { return client_.node_facts(class_type); }, clock),
      progress_(progress) {}

ports::SubmitAnswer PodBackend::submit(const ports::RemoteOrder& order) {
    if (auto why = trouble())
        return ports::SubmitRefused{RefusalRule::pause, plain_error(ErrorCode::backend_unavailable),
                                    *std::move(why), probe_period};
    const auto id = prompt_of(order.work.attempt);
    // An earlier submit whose answer was lost, perhaps with the process that sent it.
    const auto seen = client_.look(id);
    if (!seen) return refused_by(seen.error());
    if (seen->phase != PromptPhase::absent) return ports::SubmitTaken{id.str()};
    if (const auto fits = examine(order.work); !fits) return fits.error();
    auto answer = send(order, true);
    if (std::holds_alternative<ports::SubmitRefused>(answer)) tell_progress(order.work.attempt, false);
    return answer;
}

// With the names that the inputs will have: what a node or a model is called does not depend on them.
Result<void, ports::SubmitRefused> PodBackend::examine(const ports::WorkOrder& work) {
    Named names;
    for (std::size_t i = 0; i < work.inputs.size(); ++i) names.push_back(input_name(input_file(work, i)));
    const auto graph = read_graph_for(work, names);
    if (!graph) return Fail(graph.error());
    const auto lacks = preflight_.examine(*graph);
    if (!lacks) {
        // A proxy that lets only some routes through: the server will say what it lacks when it is sent.
        const bool never_told =
            lacks.error().kind == CallErrorKind::missing || lacks.error().kind == CallErrorKind::too_large;
        if (never_told) return {};
        return Fail(refused_by(lacks.error()));
    }
    if (*lacks) return Fail(gives_up(job_error(**lacks), (*lacks)->why));
    return {};
}

ports::SubmitAnswer PodBackend::send(const ports::RemoteOrder& order, bool may_upload_again) {
    const auto& work = order.work;
    const auto inputs = upload_inputs(work);
    if (!inputs) return inputs.error();
    const auto graph = read_graph_for(work, *inputs);
    if (!graph) return graph.error();
    const auto id = prompt_of(work.attempt);
    // Before it is sent: nobody repeats what a socket that comes too late has missed.
    tell_progress(work.attempt, true, graph->size());
    const auto outcome = client_.submit(id, boost::json::serialize(*graph), order.may_send);
    if (const auto* rejected = std::get_if<PromptRejected>(&outcome))
        return answer_of(*rejected, order, may_upload_again);
    if (const auto* refusal = std::get_if<PromptNotTaken>(&outcome)) return answer_of(*refusal);
    if (const auto* unclear = std::get_if<PromptUnclear>(&outcome)) return answer_of(*unclear, id);
    return ports::SubmitTaken{id.str()};
}

Result<PodBackend::Named, ports::SubmitRefused> PodBackend::upload_inputs(const ports::WorkOrder& work) {
    Named names;
    for (const auto& input : work.inputs) {
        const auto bytes = bytes_of(main_, input, settings_.client.upload_bytes_max);
        if (!bytes) return Fail(bytes.error());
        const auto file = input_file(work, names.size());
        const auto stored = client_.upload({file, input.content_type, *bytes});
        if (!stored && stored.error().kind == CallErrorKind::too_large)
            return Fail(gives_up(plain_error(ErrorCode::input_too_large), stored.error().detail));
        if (!stored) return Fail(refused_by(stored.error()));
        names.push_back(input_name(*stored));
    }
    return names;
}

Result<boost::json::object, ports::SubmitRefused> PodBackend::read_graph_for(const ports::WorkOrder& work,
                                                                             const Named& inputs) {
    const auto made = make_graph_(work, inputs);
    if (!made) return Fail(gives_up(made.error(), made.error().message));
    auto graph = read_graph(made->graph_json);
    if (!graph) return Fail(gives_up(job_error(graph.error()), graph.error().why));
    if (set_save_folder(*graph, folder_of(work.attempt), made->role_of_node) == 0 || !has_main(*made)) {
        const Trouble none{TroubleKind::bad_graph, {}, "no node of the workflow saves the result"};
        return Fail(gives_up(job_error(none), none.why));
    }
    return *std::move(graph);
}

ports::SubmitAnswer PodBackend::answer_of(const PromptRejected& rejected, const ports::RemoteOrder& order,
                                          bool may_upload_again) {
    const auto& trouble = rejected.trouble;
    if (rejected.is_queued) {
        // What is left of it would run for nothing; that it cannot be deleted is no reason to wait.
        if (const auto gone = client_.cancel(prompt_of(order.work.attempt)); !gone)
            log::warning("a prompt that was taken in part could not be deleted",
                         {{"endpoint", info_.name}, {"detail", gone.error().detail}});
    }
    if (traits(trouble.kind).remedy == Remedy::upload_again && may_upload_again) return send(order, false);
    if (traits(trouble.kind).remedy == Remedy::other_backend) preflight_.forget();
    return gives_up(job_error(trouble), trouble.why);
}

ports::SubmitAnswer PodBackend::answer_of(const PromptNotTaken& refusal) {
    switch (refusal.kind) {
        case NotTakenKind::not_ready:
            return later(ErrorCode::backend_unavailable, refusal.why, not_ready_pause);
        case NotTakenKind::busy:
            return later(ErrorCode::backend_unavailable, refusal.why, busy_pause);
        case NotTakenKind::auth:
            return refused_by({CallErrorKind::auth, refusal.why});
        case NotTakenKind::too_large:
        case NotTakenKind::refused:
            break;
    }
    return gives_up(plain_error(ErrorCode::workflow_rejected), refusal.why);
}

ports::SubmitAnswer PodBackend::answer_of(const PromptUnclear& unclear, const PromptId& id) {
    const auto seen = client_.look_after_unclear(id);
    if (!seen) return ports::SubmitUnclear{unclear.why + "; then: " + seen.error().detail};
    if (seen->phase != PromptPhase::absent) return ports::SubmitTaken{id.str()};
    return later(ErrorCode::backend_unavailable, unclear.why, not_ready_pause);
}

ports::SubmitRefused PodBackend::refused_by(const CallError& error) {
    if (error.kind != CallErrorKind::auth)
        return later(ErrorCode::backend_unavailable, error.detail, not_ready_pause);
    pause("What stands before the ComfyUI server refuses its credentials (" + error.detail + ").");
    return {RefusalRule::pause, plain_error(ErrorCode::backend_unavailable), error.detail, probe_period};
}

ports::RemoteTrouble PodBackend::trouble_of(const CallError& error) {
    if (error.kind == CallErrorKind::auth) {
        pause("What stands before the ComfyUI server refuses its credentials (" + error.detail + ").");
        return {RemoteTroubleKind::paused, error.detail, probe_period};
    }
    return {RemoteTroubleKind::later, error.detail, not_ready_pause};
}

Result<ports::RemoteLook, ports::RemoteTrouble> PodBackend::look_of(const JobId& job,
                                                                    const AttemptId& attempt) {
    const auto seen = client_.look(prompt_of(attempt));
    if (!seen) return Fail(trouble_of(seen.error()));
    tell_progress(attempt, seen->phase == PromptPhase::running || seen->phase == PromptPhase::pending);
    if (seen->end) return look_of_end(*seen->end, job, attempt);
    ports::RemoteLook look;
    look.phase = seen->phase == PromptPhase::running   ? RemotePhase::running
                 : seen->phase == PromptPhase::pending ? RemotePhase::queued
                                                       : RemotePhase::gone;
    return look;
}

ports::RemoteLook PodBackend::look_of_end(const PromptEnd& end, const JobId& job, const AttemptId& attempt) {
    ports::RemoteLook look;
    look.delay = end.queue_wait;
    look.execution = end.execution;
    auto result = remote_result(end, job, attempt);
    if (result) {
        look.phase = RemotePhase::succeeded;
        look.result = std::move(result).value();
        return look;
    }
    const auto& trouble = result.error();
    log::warning("a prompt failed", {{"endpoint", info_.name},
                                     {"attempt", attempt.str()},
                                     {"kind", traits(trouble.kind).name},
                                     {"why", trouble.why}});
    const auto remedy = traits(trouble.kind).remedy;
    if (remedy == Remedy::free_memory) (void)client_.free_memory();
    if (remedy == Remedy::restart) pause("A CUDA fault: ComfyUI must be restarted.", prompt_of(attempt));
    if (remedy == Remedy::drain) pause("The disk of the ComfyUI server is full.");
    look.phase = RemotePhase::failed;
    look.error = job_error(trouble);
    return look;
}

Result<ports::RemoteLook, ports::RemoteTrouble> PodBackend::look(const ports::RemoteTask& task) {
    return look_of(task.job, task.attempt);
}

Result<ports::RemoteLook, ports::RemoteTrouble> PodBackend::cancel(const ports::RemoteTask& task) {
    const auto asked = client_.cancel(prompt_of(task.attempt));
    if (!asked) return Fail(trouble_of(asked.error()));
    auto look = look_of(task.job, task.attempt);
    if (!look) return look;
    const bool was_stopped = look->error && look->error->code == ErrorCode::interrupted;
    const bool was_taken_out = look->phase == RemotePhase::gone && *asked == CancelOutcome::stopping;
    if (was_stopped || was_taken_out) {
        look->phase = RemotePhase::cancelled;
        look->error.reset();
    }
    return look;
}

Result<ports::RemoteLook, ports::RemoteTrouble> PodBackend::read_report(const ports::RemoteTask&,
                                                                        std::string_view) const {
    return Fail(ports::RemoteTrouble{RemoteTroubleKind::refused, "a pod reports nothing", Milliseconds(0)});
}

Result<std::optional<ports::RemoteResult>, ports::RemoteTrouble> PodBackend::find_outputs(
    const JobId& job, const AttemptId& attempt) {
    const auto end = client_.history(prompt_of(attempt));
    if (!end) return Fail(trouble_of(end.error()));
    if (!*end) return std::optional<ports::RemoteResult>();
    auto result = remote_result(**end, job, attempt);
    if (!result) return std::optional<ports::RemoteResult>();
    return std::optional(std::move(result).value());
}

ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> PodBackend::open_output(
    const ports::RemoteFile& wanted) {
    const ports::ObjectError missing{ports::ObjectErrorKind::missing, "the pod has no such result"};
    const auto attempt = attempt_of(wanted.key);
    if (!attempt) return Fail(missing);
    const auto end = client_.history(prompt_of(*attempt));
    if (!end) return Fail(object_error(end.error()));
    const auto file = *end ? file_of(**end, *attempt, wanted.key) : std::nullopt;
    if (!file) return Fail(missing);
    auto download = client_.open(*file);
    if (!download) return Fail(object_error(download.error()));
    if (!(*download)->total())
        return Fail(ports::ObjectError{ports::ObjectErrorKind::unavailable,
                                       "the pod does not tell the file's length"});
    return reader_of(std::move(download).value());
}

void PodBackend::clear(const JobId&, const AttemptId& attempt) {
    const auto id = prompt_of(attempt);
    tell_progress(attempt, false);
    {
        const std::lock_guard lock(mutex_);
        if (witness_ == id) return;
    }
    (void)client_.forget(id);
}

std::optional<std::string> PodBackend::trouble() const {
    const std::lock_guard lock(mutex_);
    return paused_;
}

void PodBackend::pause(std::string why, std::optional<PromptId> witness) {
    const auto now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        const bool known = paused_.has_value();
        if (!known || witness) paused_ = why;
        // The first one that failed will do: all of them go with the process.
        if (!witness_) witness_ = witness;
        if (known) return;
        next_probe_ = now + probe_period;
    }
    log::error("an endpoint is paused: the operator must act", {{"endpoint", info_.name}, {"why", why}});
}

void PodBackend::tell_progress(const AttemptId& attempt, bool is_there, std::size_t nodes) {
    if (progress_ == nullptr) return;
    if (is_there) {
        progress_->follow(attempt, nodes);
    } else {
        progress_->forget(attempt);
    }
}

bool PodBackend::is_well(const std::optional<PromptId>& witness) {
    // Nothing tells whether a full disk is mended: after a pause the next attempt does.
    if (!witness) return client_.system_stats().ok();
    const auto remembered = client_.history(*witness);
    return remembered && !*remembered;
}

void PodBackend::probe() {
    const auto now = clock_.monotonic();
    std::optional<PromptId> witness;
    {
        const std::lock_guard lock(mutex_);
        if (!paused_ || now < next_probe_) return;
        next_probe_ = now + probe_period;
        witness = witness_;
    }
    if (!is_well(witness)) return;
    {
        const std::lock_guard lock(mutex_);
        if (witness_ != witness) return;  // its GPU failed while it was asked
        paused_.reset();
        witness_.reset();
    }
    preflight_.forget();
    log::info("an endpoint goes on", {{"endpoint", info_.name}});
}

}  // namespace darkroom::comfyui
