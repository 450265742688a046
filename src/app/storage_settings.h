// Where pictures live, as the settings say it: a folder, a bucket, a network volume, or a bucket with a
// network volume beside it for the workers.
#pragma once
#include <optional>
#include <string>
#include <vector>

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

/// The public addresses of RunPod's data centers follow one pattern.
std::string network_volume_endpoint(std::string region);

/// What is set for a storage that is not used after all, because its name or its key is missing: a line each.
std::vector<std::string> unused_storage_notes(const SettingReader& reader, const StorageSettings& storage);

}  // namespace darkroom::app
