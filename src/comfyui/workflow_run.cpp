#include "comfyui/workflow_run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include "base/log.h"
#include "comfyui/comfy_runner.h"

namespace darkroom::comfyui {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr int submits_max = 3;
constexpr std::size_t files_max = 200;
constexpr Milliseconds not_ready_pause{500};

/// nullopt if it cannot be read, or is larger than `bytes_max`.
std::optional<std::string> bytes_of(int file, std::uint64_t bytes_max) {
    struct stat facts {};
    if (::fstat(file, &facts) != 0 || static_cast<std::uint64_t>(facts.st_size) > bytes_max)
        return std::nullopt;
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const auto got = ::pread(file, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        have += static_cast<std::size_t>(got);
    }
    return bytes;
}

JobError error_of_fetch(const CallError& error) {
    if (error.kind == CallErrorKind::missing)
        return {ErrorCode::output_missing, "ComfyUI does not have the file that it named."};
    if (error.kind == CallErrorKind::refused || error.kind == CallErrorKind::changed)
        return {ErrorCode::output_invalid, "A file of the result is empty or not whole."};
    if (error.kind == CallErrorKind::too_large)
        return {ErrorCode::output_invalid, "A file of the result is larger than this worker takes."};
    return plain_error(ErrorCode::backend_unavailable);
}

/// Names below ComfyUI's folder that were not made by us have passed problem_of().
void remove_quietly(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::remove_all(path, failed);
    if (failed) log::warning("a file of ComfyUI could not be removed", {{"why", failed.message()}});
}

std::string file_name_of(std::string_view name) {
    const auto dot = name.rfind('.');
    const auto ending = dot == std::string_view::npos ? std::string() : plain_name(name.substr(dot + 1));
    return plain_name(name.substr(0, dot)) + (ending.empty() ? "" : "." + ending);
}

}  // namespace

WorkflowRun::WorkflowRun(ComfyRunner& runner)
    : runner_(runner),
      own_(runner.random().id<PromptId>()),
      folder_("dr/" + own_.str()),
      wake_up_(runner.clock().make_wake_up()) {}

void WorkflowRun::stop() {
    stop_.set();
    wake_up_->set();
}

bool WorkflowRun::pause(Milliseconds how_long) {
    const auto until = std::min(runner_.clock().monotonic() + how_long, deadline_);
    while (!stop_.is_set() && runner_.clock().monotonic() < until) wake_up_->wait_until(until);
    return !over();
}

std::optional<WorkflowRun::Miss> WorkflowRun::over() const {
    if (stop_.is_set()) return Miss{plain_error(ErrorCode::cancelled), Remedy::none, "stopped"};
    if (runner_.clock().monotonic() >= deadline_)
        return Miss{plain_error(ErrorCode::timeout), Remedy::none, "its time is over"};
    return std::nullopt;
}

WorkflowRun::Miss WorkflowRun::miss_of(const Trouble& trouble) {
    return {job_error(trouble), traits(trouble.kind).remedy, trouble.why};
}

ports::WorkflowResult WorkflowRun::run(const ports::WorkflowOrder& order, const Tell& tell) {
    deadline_ = runner_.clock().monotonic() + order.time_limit;
    auto settings = runner_.settings().client;
    if (!order.api_node_key.empty()) settings.api_node_key = order.api_node_key;
    client_.emplace(std::move(settings), runner_.http(), runner_.clock());
    return run_in_folder(order, tell);
}

ports::WorkflowResult WorkflowRun::run_in_folder(const ports::WorkflowOrder& order, const Tell& tell) {
    const auto end = perform(order, tell);
    if (!end) {
        log::warning("a workflow failed",
                     {{"code", core::to_string(end.error().error.code)}, {"why", end.error().why}});
        clean_up(nullptr);
        return Fail(end.error().error);
    }
    tell("storing");
    auto done = collect(order, *end);
    clean_up(&*end);
    return done;
}

WorkflowRun::Got<PromptEnd> WorkflowRun::perform(const ports::WorkflowOrder& order, const Tell& tell) {
    auto end = perform_once(order, tell);
    if (end || !helps_itself(end.error())) return end;
    if (auto miss = over()) return Fail(*std::move(miss));
    log::info("the workflow is tried once more", {{"why", end.error().why}});
    end = perform_once(order, tell);
    if (!end) (void)helps_itself(end.error());
    return end;
}

bool WorkflowRun::helps_itself(const Miss& miss) {
    if (miss.remedy == Remedy::restart) runner_.give_up("a CUDA fault: " + miss.why);
    if (miss.remedy == Remedy::free_memory) (void)client_->free_memory();
    return miss.remedy == Remedy::free_memory || miss.remedy == Remedy::upload_again;
}

WorkflowRun::Got<PromptEnd> WorkflowRun::perform_once(const ports::WorkflowOrder& order, const Tell& tell) {
    tell("waiting");
    if (auto miss = wait_until_ready()) return Fail(*std::move(miss));
    const auto names = upload(order);
    if (!names) return Fail(names.error());
    auto graph = make_run_graph(order.workflow_json, folder_, *names, order.role_of_node);
    if (!graph) return Fail(miss_of(graph.error()));
    graph_ = *std::move(graph);
    if (graph_.saving_nodes == 0 && !order.role_of_node.empty())
        return Fail(miss_of({TroubleKind::bad_graph, {}, "no node of the workflow saves the result"}));
    const auto id = submit(graph_.graph_json);
    if (!id) return Fail(id.error());
    prompt_ = *id;
    return follow(*id, tell);
}

/// On this machine nobody else answers for a ComfyUI that is still starting: it is waited for.
std::optional<WorkflowRun::Miss> WorkflowRun::wait_until_ready() {
    if (runner_.trouble()) return Miss{plain_error(ErrorCode::backend_unavailable), Remedy::none, "given up"};
    const auto until = runner_.clock().monotonic() + runner_.settings().ready_patience;
    for (;;) {
        if (auto miss = over()) return miss;
        const auto facts = client_->system_stats();
        if (facts) return std::nullopt;
        if (runner_.clock().monotonic() >= until) {
            runner_.give_up("ComfyUI does not answer: " + facts.error().detail);
            return Miss{plain_error(ErrorCode::backend_unavailable), Remedy::none, facts.error().detail};
        }
        (void)pause(not_ready_pause);
    }
}

WorkflowRun::Got<WorkflowRun::Names> WorkflowRun::upload(const ports::WorkflowOrder& order) {
    Names names;
    for (const auto& input : order.inputs) {
        if (auto miss = over()) return Fail(*std::move(miss));
        const auto bytes = bytes_of(input.file, runner_.settings().client.upload_bytes_max);
        if (!bytes)
            return Fail(
                Miss{plain_error(ErrorCode::input_too_large), Remedy::none, "an input cannot be sent"});
        const ViewFile file{"in" + std::to_string(names.size()) + "-" + file_name_of(input.name), folder_,
                            FileKind::input};
        const auto type = input.content_type.empty() ? "application/octet-stream" : input.content_type;
        const auto stored = client_->upload({file, type, *bytes});
        if (!stored) {
            const bool large = stored.error().kind == CallErrorKind::too_large;
            return Fail(Miss{plain_error(large ? ErrorCode::input_too_large : ErrorCode::backend_unavailable),
                             Remedy::none, stored.error().detail});
        }
        names.emplace(input.name, input_name(*stored));
    }
    return names;
}

WorkflowRun::Got<PromptId> WorkflowRun::submit(const std::string& graph_json) {
    const auto id = runner_.random().id<PromptId>();
    for (int tries = 1;; ++tries) {
        if (auto miss = over()) return Fail(*std::move(miss));
        if (auto done = submit_once(id, graph_json)) return *std::move(done);
        if (tries == submits_max)
            return Fail(
                Miss{plain_error(ErrorCode::backend_unavailable), Remedy::none, "no prompt is taken"});
        (void)pause(not_ready_pause);
    }
}

std::optional<WorkflowRun::Got<PromptId>> WorkflowRun::submit_once(const PromptId& id,
                                                                   const std::string& graph_json) {
    const auto outcome = client_->submit(id, graph_json);
    if (const auto* rejected = std::get_if<PromptRejected>(&outcome)) {
        // What is left of it would run for nothing.
        if (rejected->is_queued) let_go_of(id);
        return Got<PromptId>(Fail(miss_of(rejected->trouble)));
    }
    if (const auto* refusal = std::get_if<PromptNotTaken>(&outcome)) {
        if (refusal->kind == NotTakenKind::not_ready || refusal->kind == NotTakenKind::busy)
            return std::nullopt;
        return Got<PromptId>(
            Fail(Miss{plain_error(ErrorCode::workflow_rejected), Remedy::none, refusal->why}));
    }
    if (std::holds_alternative<PromptUnclear>(outcome)) {
        const auto seen = client_->look_after_unclear(id);
        if (!seen || seen->phase == PromptPhase::absent) return std::nullopt;
    }
    return Got<PromptId>(id);
}

/// Where nobody listens the process is gone; one that only keeps silent may be working so hard that it does
/// not come to answering.
Milliseconds WorkflowRun::patience_with(const CallError& error) const {
    const auto& settings = runner_.settings();
    return error.kind == CallErrorKind::not_ready ? settings.gone_patience : settings.silent_patience;
}

/// Only what ComfyUI answers ends a run, or that it answers no more.
WorkflowRun::Got<PromptEnd> WorkflowRun::follow(const PromptId& id, const Tell& tell) {
    auto heard_at = runner_.clock().monotonic();
    auto phase = PromptPhase::absent;
    for (auto wait = runner_.settings().first_poll;;
         wait = std::min(wait * 2, runner_.settings().longest_poll)) {
        if (auto miss = over()) {
            let_go_of(id);
            return Fail(*std::move(miss));
        }
        const auto seen = client_->look(id);
        const auto now = runner_.clock().monotonic();
        if (seen) heard_at = now;
        if (!seen && now - heard_at >= patience_with(seen.error()))
            return Fail(Miss{{ErrorCode::worker_crashed, "ComfyUI went away while it worked on this."},
                             Remedy::none,
                             seen.error().detail});
        if (seen && seen->phase == PromptPhase::absent)
            return Fail(Miss{{ErrorCode::worker_crashed, "ComfyUI was started anew while it worked on this."},
                             Remedy::none,
                             "the prompt is gone"});
        if (seen && seen->end && seen->end->trouble) {
            (void)client_->forget(id);
            return Fail(miss_of(*seen->end->trouble));
        }
        if (seen && seen->end) return *seen->end;
        if (seen && seen->phase == PromptPhase::running && phase != PromptPhase::running) tell("working");
        if (seen) phase = seen->phase;
        (void)pause(wait);
    }
}

/// Cancels our prompt and nobody else's, and waits until the GPU is free of it: the next job would only stand
/// behind it.
void WorkflowRun::let_go_of(const PromptId& id) {
    const auto until = runner_.clock().monotonic() + runner_.settings().cancel_patience;
    const auto alarm = runner_.clock().make_wake_up();
    const auto asked = client_->cancel(id);
    while (runner_.clock().monotonic() < until) {
        const auto seen = client_->look(id);
        if (!seen || seen->phase == PromptPhase::absent || seen->phase == PromptPhase::ended) {
            (void)client_->forget(id);
            return;
        }
        alarm->wait_until(runner_.clock().monotonic() + runner_.settings().longest_poll / 4);
    }
    log::warning("ComfyUI still works on what nobody wants",
                 {{"prompt", id.str()}, {"told", asked && *asked == CancelOutcome::stopping ? 1 : 0}});
}

ports::WorkflowResult WorkflowRun::collect(const ports::WorkflowOrder& order, const PromptEnd& end) {
    std::vector<OutputFile> outputs;
    if (order.role_of_node.empty() && end.bad_names == 0) {
        std::copy_if(end.files.begin(), end.files.end(), std::back_inserter(outputs),
                     [](const OutputFile& output) { return output.file.kind == FileKind::output; });
    } else {
        auto results = results_of(end, folder_);
        if (!results) return Fail(job_error(results.error()));
        outputs = *std::move(results);
    }
    if (outputs.size() > files_max)
        return Fail(JobError{ErrorCode::output_invalid, "The workflow made too many files."});
    ports::WorkflowDone done;
    done.prompt_id = prompt_.str();
    done.execution = end.execution.value_or(Milliseconds(0));
    std::optional<JobError> failed;
    for (const auto& output : outputs) {
        auto file = fetch(order, output, done.files.size());
        if (!file) {
            failed = file.error();
        } else {
            done.files.push_back(*std::move(file));
        }
        if (const auto miss = over()) failed = miss->error;
        if (!failed) continue;
        for (const auto& stored : done.files) remove_quietly(stored.path);
        return Fail(*std::move(failed));
    }
    return done;
}

Result<ports::WorkflowFile, JobError> WorkflowRun::fetch(const ports::WorkflowOrder& order,
                                                         const OutputFile& output, std::size_t number) {
    ports::WorkflowFile file{.node = output.node, .kind = output.key, .name = output.file.name};
    if (const auto role = order.role_of_node.find(output.node); role != order.role_of_node.end())
        file.role = role->second;
    if (const auto wanted = graph_.folder_of_node.find(output.node); wanted != graph_.folder_of_node.end())
        file.folder = wanted->second;
    file.path = order.work_dir / ("result-" + own_.str() + "-" + std::to_string(number));
    std::ofstream out(file.path, std::ios::binary);
    const auto got = client_->download(output.file, [&](std::string_view piece) {
        out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
        return out.good() && !stop_.is_set();
    });
    out.close();
    if (got && out.good()) {
        file.bytes = got->bytes;
        return file;
    }
    remove_quietly(file.path);
    if (!out.good()) return Fail(plain_error(ErrorCode::storage_full));
    log::warning("a result could not be fetched",
                 {{"name", one_line(output.file.name)}, {"why", got.error().detail}});
    return Fail(error_of_fetch(got.error()));
}

void WorkflowRun::clean_up(const PromptEnd* end) {
    const auto& settings = runner_.settings();
    if (end != nullptr) (void)client_->forget(prompt_);
    if (!settings.input_dir.empty()) remove_quietly(settings.input_dir / folder_);
    if (!settings.output_dir.empty()) remove_quietly(settings.output_dir / folder_);
    if (settings.temp_dir.empty() || end == nullptr) return;
    // Previews lie where ComfyUI likes; their names have been checked.
    for (const auto& output : end->files) {
        std::error_code ignored;
        if (output.file.kind == FileKind::temp)
            std::filesystem::remove(settings.temp_dir / output.file.folder / output.file.name, ignored);
    }
}

}  // namespace darkroom::comfyui
