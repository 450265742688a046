// Where pictures live, as the settings say it: a folder, a bucket, a network volume, or a bucket with a
// network volume beside it for the workers.
#pragma once
#include <optional>

#include "objects/s3/s3_settings.h"

namespace darkroom::app {

class SettingReader;

enum class StorageKind { files, bucket, network_volume };

struct StorageSettings {
    StorageKind kind = StorageKind::files;
    std::optional<objects::S3Settings> bucket;  // with kind bucket
    std::optional<objects::S3Settings> volume;  // with kind network_volume, or beside another kind
};

/// Reads DARKROOM_STORAGE, S3_*, AWS_* and RUNPOD_S3_*; what is wrong is left with the reader.
StorageSettings read_storage(SettingReader& reader);

}  // namespace darkroom::app
