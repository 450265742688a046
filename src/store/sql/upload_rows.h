// Tables uploads, job_uploads and loose_inputs: what clients sent, how many jobs keep it as an input, and
// what is over. An upload's row goes with the last job that keeps it, or when it has expired unused and its
// objects are removed.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

/// The row of one, to be changed.
std::string upload_sql(const Database& db);
void insert_upload(Transaction& transaction, const core::Upload& upload);
std::optional<core::Upload> find_upload(Database& db, const ports::Access& access, const UploadId& id);
ports::UploadOutcome complete_upload(Transaction& transaction, const ports::Access& access,
                                     const UploadId& id, const core::InputImage& image, TimePoint now,
                                     TimePoint expires_at);
/// From here on none of them can be completed or used, however late a request with an earlier clock comes.
std::vector<ports::ExpiredUpload> expire_uploads(Transaction& transaction, TimePoint now, int count_max);
/// Only what expire_uploads() has told.
void forget_uploads(Transaction& transaction, const std::vector<UploadId>& ids);

/// Can a job be made of it at `now` by whoever has `access`? One that a job uses no longer expires.
bool upload_usable(Database& db, const ports::Access& access, const UploadId& id, TimePoint now);
/// The new job `job_seq` uses `uploads` and has `inputs`, of which some may have come without an upload.
void use_uploads(Transaction& transaction, std::int64_t job_seq, const std::vector<UploadId>& uploads,
                 const std::vector<core::InputImage>& inputs);
/// The job no longer keeps its inputs; returns the objects of uploads that went with it.
std::vector<core::ObjectKey> give_up_uploads(Transaction& transaction, std::int64_t job_seq,
                                             const std::vector<core::InputImage>& inputs);
/// Does an upload, or a job that keeps its inputs, still need objects that `upload` was made for?
bool upload_needed(Database& db, const UploadId& upload);
/// The same for one object, by its exact name.
bool uploaded_object_named(Database& db, const UploadId& upload, const core::ObjectKey& key);

}  // namespace darkroom::store
