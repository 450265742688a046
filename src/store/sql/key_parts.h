// The ids that an object's key was made from: how rows are found by the name of an object. Reads what
// core/object_key.h writes and knows no table.
#pragma once
#include "base/ids.h"
#include "core/object_key.h"

namespace darkroom::store {

enum class KeyKind { nothing, uploaded, restored, thumbnail, worker_input, worker_output, probe };

struct KeyParts {
    KeyKind kind = KeyKind::nothing;  // of the empty key
    UuidBytes owner{};                // upload, job or probe
    UuidBytes attempt{};              // of restored, worker_output and most thumbnails only

    UploadId upload() const { return UploadId(owner); }
    JobId job() const { return JobId(owner); }
};

KeyParts parts_of(const core::ObjectKey& key);

}  // namespace darkroom::store
