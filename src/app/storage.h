// The object stores that the settings ask for, opened.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "app/storage_settings.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::app {

struct Storage {
    std::unique_ptr<ports::ObjectStore> main;
    std::unique_ptr<ports::ObjectStore> beside;  // a network volume that is not the main store; may be empty
    bool main_is_volume = false;

    /// Where workers exchange files, nullptr if there is no such place beside the main store.
    ports::ObjectStore* volume() const { return beside.get(); }
};

/// Asks no server anything: whether a bucket can be used is found out when it is. The error is a sentence.
Result<Storage, std::string> open_storage(const StorageSettings& settings,
                                          const std::filesystem::path& data_dir, ports::HttpClient& http,
                                          const ports::Clock& clock, ports::Random& random);

/// As in "bucket pictures at https://s3.example.com": for people, without secrets.
std::string describe(const StorageSettings& settings);

}  // namespace darkroom::app
