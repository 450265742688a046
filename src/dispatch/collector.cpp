#include "dispatch/collector.h"

#include <algorithm>

#include "base/log.h"
#include "dispatch/attempt_history.h"
#include "dispatch/files_to_remove.h"

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;

// Between two offers of an end that the store could not take, as with a full disk.
constexpr Milliseconds offer_again_after{500};
// Between two offers of a result to an object store that does not answer or does not let us in.
constexpr Milliseconds put_again_after{2'000};

core::JobError storage_error(const ports::ObjectError& error) {
    return plain_error(error.kind == ports::ObjectErrorKind::full ? ErrorCode::storage_full
                                                                  : ErrorCode::storage_unavailable);
}

const core::Attempt* find_attempt(const core::Job& job, const AttemptId& id) {
    for (const auto& attempt : job.attempts) {
        if (attempt.id == id) return &attempt;
    }
    return nullptr;
}

bool is_thumbnail_of(const core::Job& job, const core::ObjectKey& key) {
    return job.thumbnail == key || std::any_of(job.attempts.begin(), job.attempts.end(),
                                               [&](const auto& known) { return known.thumbnail == key; });
}

// No two attempts share a name: what a rerun makes must not take the place of what an earlier one shows, and
// retention may be about to remove what an earlier one has made.
core::ObjectKey thumbnail_key(const core::Job& job, const AttemptId& attempt) {
    const auto* known = find_attempt(job, attempt);
    const bool is_first = known != nullptr && known->number == 1;
    return is_first ? core::ObjectKey::thumbnail(job.id) : core::ObjectKey::thumbnail(job.id, attempt);
}

// There the recipe cannot be done at all, however often it is tried.
bool is_for_fallback(ErrorCode code) {
    return code == ErrorCode::model_unavailable || code == ErrorCode::workflow_rejected;
}

}  // namespace

Collector::Collector(ports::JobStore& store, ports::ObjectStore& objects, const ports::Clock& clock,
                     ports::Random& random, core::RetryPolicy policy, Milliseconds storage_patience,
                     OpenAttempts& open, StorageGate& gate, std::function<void()> slot_freed,
                     Fallback fallback, ports::Meters& meters)
    : store_(store),
      objects_(objects),
      clock_(clock),
      random_(random),
      policy_(policy),
      storage_patience_(storage_patience),
      open_(open),
      gate_(gate),
      slot_freed_(std::move(slot_freed)),
      fallback_(std::move(fallback)),
      meters_(meters) {}

void Collector::attempt_started(const AttemptId& attempt) {
    const auto started = store_.start_attempt(attempt, clock_.now());
    // Not fatal: an attempt may end without ever having been seen running.
    if (!started)
        log::warning("start of an attempt was not recorded",
                     {{"attempt", attempt.str()}, {"detail", started.error().detail}});
}

void Collector::attempt_finished(const AttemptId& attempt, ports::WorkResult result) {
    FilesToRemove files;
    if (result) files.add(*result);
    const auto open = open_.find(attempt);
    if (!open) return;  // heard before
    const auto& endpoint = open->backend->endpoint().name;
    std::optional<ports::Applied> applied;
    if (!result) {
        applied = fail(open->job, attempt, result.error(), endpoint);
    } else if (auto kept = keep(open->job, attempt, *result, storage_patience_)) {
        kept->completed_via = open->backend->endpoint().backend;
        applied = finish(open->job.id, attempt, *kept, endpoint);
    } else {
        applied = fail(open->job, attempt, kept.error(), endpoint);
    }
    tell_completion(open->backend->endpoint(), applied);
    open_.remove(attempt);
    slot_freed_();
}

Result<ports::AttemptSucceeded, core::JobError> Collector::keep(const core::Job& job,
                                                                const AttemptId& attempt,
                                                                const ports::WorkDone& done,
                                                                Milliseconds patience) {
    ports::AttemptSucceeded kept;
    kept.execution = done.execution;
    kept.measures_json = done.measures_json;
    kept.warnings_json = done.warnings_json;
    for (const auto& file : done.files) {
        const bool is_report = file.role == "report" && file.content_type == "application/json";
        const auto extension =
            is_report ? std::optional<std::string_view>("json") : core::extension_of(file.content_type);
        if (!extension) {
            discard(kept);
            return Fail(core::JobError{ErrorCode::output_invalid, "The result is of an unknown type."});
        }
        const bool is_thumbnail = file.role == "thumbnail";
        const auto key = is_thumbnail ? thumbnail_key(job, attempt)
                                      : core::ObjectKey::restored(job.id, attempt, file.role, *extension);
        const auto put = put_patiently(key, file.path, patience);
        if (!put) {
            discard(kept);
            return Fail(put.error());
        }
        if (is_thumbnail) {
            kept.thumbnail = key;
        } else {
            kept.outputs.push_back(
                {file.role, key, file.content_type, put->bytes, file.width, file.height, put->sha256});
        }
    }
    const bool has_main = std::any_of(kept.outputs.begin(), kept.outputs.end(),
                                      [](const auto& output) { return output.role == "main"; });
    if (!has_main) {
        discard(kept);
        return Fail(core::JobError{ErrorCode::output_missing,
                                   std::string(core::traits(ErrorCode::output_missing).message)});
    }
    return kept;
}

Result<ports::ObjectInfo, core::JobError> Collector::put_patiently(const core::ObjectKey& key,
                                                                   const std::filesystem::path& file,
                                                                   Milliseconds patience) {
    const auto give_up_at = clock_.monotonic() + patience;
    const auto wake_up = clock_.make_wake_up();
    for (bool told = false;; told = true) {
        auto put = objects_.put_file(key, file);
        if (put) return *std::move(put);
        // Once for each output: an outage is told of by the gate.
        if (!told)
            log::warning("an output could not be stored",
                         {{"key", key.str()}, {"detail", put.error().detail}});
        if (put.error().kind == ports::ObjectErrorKind::full) return Fail(storage_error(put.error()));
        gate_.doubt();
        if (!insisting_) return Fail(plain_error(ErrorCode::interrupted));
        const auto next = clock_.monotonic() + put_again_after;
        if (next > give_up_at) return Fail(storage_error(put.error()));
        wake_up->wait_until(next);
    }
}

std::optional<ports::Applied> Collector::fail(const core::Job& job, const AttemptId& attempt,
                                              core::JobError error, const std::string& endpoint) {
    return finish(job.id, attempt, failed(job, attempt, std::move(error), endpoint), endpoint);
}

void Collector::tell_completion(const ports::EndpointInfo& endpoint, std::optional<ports::Applied> applied) {
    if (!applied) return;
    meters_.completion(endpoint.name, endpoint.backend,
                       *applied == ports::Applied::applied ? ports::Verdict::applied : ports::Verdict::stale);
}

ports::AttemptFailed Collector::failed(const core::Job& job, const AttemptId& attempt, core::JobError error,
                                       const std::string& via) {
    if (error.code == ErrorCode::storage_unavailable) gate_.doubt();
    const auto pause =
        core::pause_before_retry(policy_, error.code, history_of(job, error.code), random_.number());
    ports::AttemptFailed failed{.error = std::move(error), .retry_at = std::nullopt, .completed_via = via};
    if (pause) failed.retry_at = clock_.now() + *pause;
    failed.retry_as = fallback_for(job, attempt, failed.error.code, pause.has_value());
    if (failed.retry_as) failed.retry_at = clock_.now();
    const bool cancelled = failed.error.code == ErrorCode::cancelled;
    log::info(cancelled ? "attempt cancelled" : "attempt failed",
              {{"job", job.id.str()},
               {"attempt", attempt.str()},
               {"code", core::to_string(failed.error.code)},
               {"retry", failed.retry_as   ? failed.retry_as->recipe
                         : failed.retry_at ? "yes"
                                           : "no"}});
    return failed;
}

std::optional<ports::WorkPlan> Collector::fallback_for(const core::Job& job, const AttemptId& attempt,
                                                       ErrorCode code, bool will_retry) const {
    const auto* known = find_attempt(job, attempt);
    if (!fallback_ || known == nullptr || !is_for_fallback(code)) return std::nullopt;
    auto plan = fallback_(job, *known, will_retry);
    if (!plan) return std::nullopt;
    const bool was_tried = std::any_of(job.attempts.begin(), job.attempts.end(), [&](const auto& earlier) {
        return earlier.number > job.attempts_forgiven && earlier.recipe == plan->recipe;
    });
    if (was_tried) return std::nullopt;  // two recipes that name each other would go on for ever
    return plan;
}

std::optional<ports::Applied> Collector::finish(const JobId& job, const AttemptId& attempt,
                                                const ports::AttemptEnd& end, const std::string& endpoint) {
    const auto wake_up = clock_.make_wake_up();
    for (;;) {
        const auto applied = store_.finish_attempt(attempt, end, "backend:" + endpoint, clock_.now());
        if (applied) {
            const auto* kept = std::get_if<ports::AttemptSucceeded>(&end);
            if (*applied == ports::Applied::stale && kept != nullptr)
                discard_unless_shown(job, attempt, *kept);
            return *applied;
        }
        log::error("the end of an attempt was not recorded",
                   {{"attempt", attempt.str()}, {"detail", applied.error().detail}});
        if (applied.error().kind == ports::StoreErrorKind::broken || !insisting_) return std::nullopt;
        wake_up->wait_until(clock_.monotonic() + offer_again_after);
    }
}

void Collector::discard_unless_shown(const JobId& job, const AttemptId& attempt,
                                     const ports::AttemptSucceeded& kept) {
    // Stale means cancelled in the meantime, or recorded before: only in the first case are these objects
    // nobody's.
    const auto now = store_.find_job(ports::Access::everyone(), job);
    if (!now || !*now) return;
    for (const auto& known : (*now)->attempts) {
        if (known.id == attempt && !known.outputs.empty()) return;
    }
    discard(kept);
    if (kept.thumbnail && !is_thumbnail_of(**now, *kept.thumbnail)) (void)objects_.remove(*kept.thumbnail);
}

void Collector::discard_unrecorded(const core::Job& job, const AttemptId& attempt) {
    auto keys = core::ObjectKey::all_restored(job.id, attempt);
    for (auto key : {core::ObjectKey::thumbnail(job.id), core::ObjectKey::thumbnail(job.id, attempt)}) {
        if (!is_thumbnail_of(job, key)) keys.push_back(std::move(key));
    }
    remove(keys);
}

void Collector::discard(const ports::AttemptSucceeded& kept) {
    std::vector<core::ObjectKey> keys;
    for (const auto& output : kept.outputs) keys.push_back(output.key);
    remove(keys);
}

void Collector::remove(const std::vector<core::ObjectKey>& keys) {
    // What stays after all has no row, and is found as an orphan.
    if (const auto removed = objects_.remove_many(keys); !removed)
        log::warning("unused outputs could not be removed", {{"detail", removed.error().detail}});
}

}  // namespace darkroom::dispatch
