#include "app/storage.h"

#include "objects/files/file_object_store.h"
#include "objects/s3/s3_object_store.h"

namespace darkroom::app {
namespace {

std::string at(const objects::S3Settings& settings) {
    return settings.endpoint.empty() ? "at AWS, " + settings.region : "at " + settings.endpoint;
}

}  // namespace

Result<Storage, std::string> open_storage(const StorageSettings& settings,
                                          const std::filesystem::path& data_dir, ports::HttpClient& http,
                                          const ports::Clock& clock, ports::Random& random) {
    const auto open_s3 = [&](const objects::S3Settings& s3) -> std::unique_ptr<ports::ObjectStore> {
        return std::make_unique<objects::S3ObjectStore>(s3, http, clock, random);
    };
    Storage storage;
    switch (settings.kind) {
        case StorageKind::files: {
            auto folder = objects::FileObjectStore::open(data_dir / "objects");
            if (!folder) return Fail(folder.error().detail);
            storage.main = *std::move(folder);
            break;
        }
        case StorageKind::bucket:
            storage.main = open_s3(*settings.bucket);
            break;
        case StorageKind::network_volume:
            storage.main = open_s3(*settings.volume);
            storage.main_is_volume = true;
            return storage;
    }
    if (settings.volume) storage.beside = open_s3(*settings.volume);
    return storage;
}

std::string describe(const StorageSettings& settings) {
    switch (settings.kind) {
        case StorageKind::bucket:
            return "bucket " + settings.bucket->bucket + " " + at(*settings.bucket);
        case StorageKind::network_volume:
            return "network volume " + settings.volume->bucket + " " + at(*settings.volume);
        case StorageKind::files:
            break;
    }
    return "the data folder";
}

}  // namespace darkroom::app
