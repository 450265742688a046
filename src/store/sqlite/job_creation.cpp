#include "store/sqlite/job_creation.h"

#include "store/sqlite/event_rows.h"
#include "store/sqlite/key_rows.h"
#include "store/sqlite/queue_rows.h"
#include "store/sqlite/upload_rows.h"

namespace darkroom::store {
namespace {

void insert_created_job(Transaction& transaction, const ports::NewJob& request) {
    auto& db = transaction.db;
    JobHead head;
    head.seq = insert_job(db, request.job);
    head.backend = request.job.backend;
    head.priority = request.job.priority;
    enqueue_ready(db, head);
    core::JobEvent event;
    event.kind = "created";
    event.actor = request.actor;
    event.at = request.job.created_at;
    append_event(db, head.seq, event);
    use_uploads(db, head.seq, request.uploads, request.job.inputs);
    if (request.idempotency) {
        remember_request(db, request.job.user, *request.idempotency, request.job.id, request.job.created_at);
    }
    transaction.news.changed.push_back(request.job.id);
    transaction.news.ready = true;
}

}  // namespace

// The earlier request decides first: a repeat must get its first answer even if the upload has gone since.
ports::CreateOutcome create_job(Transaction& transaction, const ports::NewJob& request) {
    const auto& job = request.job;
    if (request.idempotency) {
        const auto earlier =
            find_earlier_request(transaction.db, job.user, request.idempotency->key, job.created_at);
        if (earlier && earlier->fingerprint != request.idempotency->fingerprint)
            return ports::IdempotencyKeyReused{};
        if (earlier) return ports::JobAlreadyCreated{earlier->job};
    }
    const auto access = request.uploads_of.value_or(ports::Access::of(job.user));
    for (const auto& upload : request.uploads) {
        if (!upload_usable(transaction.db, access, upload, job.created_at)) return ports::UploadGone{upload};
    }
    insert_created_job(transaction, request);
    return ports::JobCreated{};
}

}  // namespace darkroom::store
