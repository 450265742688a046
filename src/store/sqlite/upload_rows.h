// Tables uploads and job_uploads: what clients sent, until a job uses it or its time is over.
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sqlite/database.h"

namespace darkroom::store {

void insert_upload(Database& db, const core::Upload& upload);
std::optional<core::Upload> find_upload(Database& db, const ports::Access& access, const UploadId& id);
ports::UploadOutcome complete_upload(Database& db, const ports::Access& access, const UploadId& id,
                                     const core::InputImage& image, TimePoint now, TimePoint expires_at);
std::vector<core::ObjectKey> take_expired_uploads(Database& db, TimePoint now, int count_max);

/// Can a job be made of it at `now` by whoever has `access`? One that a job uses no longer expires.
bool upload_usable(Database& db, const ports::Access& access, const UploadId& id, TimePoint now);
void use_upload(Database& db, std::int64_t job_seq, const UploadId& id);

}  // namespace darkroom::store
