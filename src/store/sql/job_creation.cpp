#include "store/sql/job_creation.h"

#include "base/check.h"
#include "store/sql/chain_steps.h"
#include "store/sql/event_rows.h"
#include "store/sql/key_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/upload_rows.h"

namespace darkroom::store {
namespace {

void append_creation(Transaction& transaction, std::int64_t seq, const ports::NewJob& request,
                     const JobId& job) {
    core::JobEvent event;
    event.kind = "created";
    event.actor = request.actor;
    event.at = request.job.created_at;
    append_event(transaction.db, seq, event);
    transaction.news.changed.push_back(job);
}

void stand_in_line(Transaction& transaction, std::int64_t seq, const core::Job& job) {
    JobHead head;
    head.seq = seq;
    head.user = job.user;
    head.backend = job.backend;
    head.priority = job.priority;
    enqueue(transaction, head, true);
}

// A step is its chain's in all that is not its own. Its end is not told to anybody's webhook: that of the
// chain is.
core::Job step_of(const core::Job& chain, const core::Job& given) {
    core::Job step = given;
    step.user = chain.user;
    step.priority = chain.priority;
    step.created_at = chain.created_at;
    step.inputs.clear();
    if (step.place->from_step.empty()) step.inputs = chain.inputs;
    return step;
}

void insert_steps(Transaction& transaction, std::int64_t chain_seq, const ports::NewJob& request) {
    for (const auto& given : request.steps) {
        DR_CHECK(given.place && given.place->chain == request.job.id);
        const auto step = step_of(request.job, given);
        const auto seq = insert_job(transaction, step, {.is_chain = false, .chain_seq = chain_seq});
        append_creation(transaction, seq, request, step.id);
        if (step.place->from_step.empty()) stand_in_line(transaction, seq, step);
    }
    begin_chain(transaction, request.job.id, request.job.created_at);
}

void insert_created_job(Transaction& transaction, const ports::NewJob& request, bool replaces_earlier) {
    const bool is_chain = !request.steps.empty();
    const auto seq = insert_job(transaction, request.job, {.is_chain = is_chain, .chain_seq = {}});
    append_creation(transaction, seq, request, request.job.id);
    transaction.news.created.push_back(request.job.type);
    use_uploads(transaction, seq, request.uploads, request.job.inputs);
    if (request.idempotency) {
        remember_request(transaction, request.job.user, *request.idempotency, request.job.id,
                         request.job.created_at, replaces_earlier);
    }
    if (is_chain) {
        insert_steps(transaction, seq, request);
    } else {
        stand_in_line(transaction, seq, request.job);
    }
}

}  // namespace

// The earlier request decides first: a repeat must get its first answer even if the upload has gone since.
ports::CreateOutcome create_job(Transaction& transaction, const ports::NewJob& request) {
    const auto& job = request.job;
    std::optional<RememberedRequest> earlier;
    if (request.idempotency)
        earlier = find_request(transaction.db, job.user, request.idempotency->key, job.created_at);
    if (earlier && earlier->counts) {
        if (earlier->request.fingerprint != request.idempotency->fingerprint)
            return ports::IdempotencyKeyReused{};
        return ports::JobAlreadyCreated{earlier->request.job};
    }
    const auto access = request.uploads_of.value_or(ports::Access::of(job.user));
    for (const auto& upload : request.uploads) {
        if (!upload_usable(transaction.db, access, upload, job.created_at)) return ports::UploadGone{upload};
    }
    insert_created_job(transaction, request, earlier.has_value());
    return ports::JobCreated{};
}

}  // namespace darkroom::store
