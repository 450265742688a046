#include "app/storage_settings.h"

#include <algorithm>
#include <cctype>

#include "app/setting_reader.h"

namespace darkroom::app {
namespace {

void report(SettingReader& reader, const objects::S3Settings& settings) {
    for (const auto& problem : settings.problems())
        reader.problem(problem + (problem.back() == '.' ? "" : "."));
}

objects::S3Settings read_bucket(SettingReader& reader) {
    auto settings = objects::bucket_settings(reader.text("S3_BUCKET"), reader.text("S3_ENDPOINT"),
                                             reader.text("AWS_REGION"));
    settings.access_key = reader.text("AWS_ACCESS_KEY_ID");
    settings.secret_key = reader.text("AWS_SECRET_ACCESS_KEY");
    settings.session_token = reader.text("AWS_SESSION_TOKEN");
    settings.path_style = reader.choice<std::optional<bool>>(
        "DARKROOM_S3_PATH_STYLE", {{"auto", std::nullopt}, {"on", true}, {"off", false}});
    report(reader, settings);
    return settings;
}

objects::S3Settings read_volume(SettingReader& reader) {
    const auto region = reader.text("RUNPOD_S3_REGION");
    auto endpoint = reader.text("RUNPOD_S3_ENDPOINT");
    if (endpoint.empty() && !region.empty()) endpoint = network_volume_endpoint(region);
    auto settings =
        objects::network_volume_settings(reader.text("RUNPOD_NETWORK_VOLUME_ID"), endpoint, region);
    settings.access_key = reader.text("RUNPOD_S3_ACCESS_KEY");
    settings.secret_key = reader.text("RUNPOD_S3_SECRET_KEY");
    // Without either the address would silently be AWS's.
    if (endpoint.empty()) {
        reader.problem("RUNPOD_S3_REGION is not set: the data center of the network volume, as in EU-CZ-1.");
        auto rest = settings;  // what else is wrong is to be told in the same go
        rest.endpoint = network_volume_endpoint("region");
        report(reader, rest);
    } else {
        report(reader, settings);
    }
    return settings;
}

}  // namespace

std::string network_volume_endpoint(std::string region) {
    std::transform(region.begin(), region.end(), region.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return "https://s3api-" + region + ".runpod.io";
}

StorageSettings read_storage(SettingReader& reader) {
    const bool has_bucket = !reader.text("S3_BUCKET").empty();
    const bool has_volume =
        !reader.text("RUNPOD_NETWORK_VOLUME_ID").empty() && !reader.text("RUNPOD_S3_ACCESS_KEY").empty();
    const auto by_what_is_set = has_bucket   ? StorageKind::bucket
                                : has_volume ? StorageKind::network_volume
                                             : StorageKind::files;
    StorageSettings storage;
    storage.kind =
        reader.choice<StorageKind>("DARKROOM_STORAGE", {{"", by_what_is_set},
                                                        {"fs", StorageKind::files},
                                                        {"s3", StorageKind::bucket},
                                                        {"runpod-volume", StorageKind::network_volume}});
    if (storage.kind == StorageKind::bucket) storage.bucket = read_bucket(reader);
    if (storage.kind == StorageKind::network_volume || has_volume) storage.volume = read_volume(reader);
    return storage;
}

std::vector<std::string> unused_storage_notes(const SettingReader& reader, const StorageSettings& storage) {
    std::vector<std::string> notes;
    const auto is_set = [&](const char* name) { return !reader.text(name).empty(); };
    // Whoever chose a kind by its name knows what is left unused.
    if (!is_set("DARKROOM_STORAGE") && is_set("S3_ENDPOINT") && !is_set("S3_BUCKET"))
        notes.push_back("S3_ENDPOINT is set and S3_BUCKET is not: no bucket is used.");
    if (storage.volume) return notes;
    if (is_set("RUNPOD_NETWORK_VOLUME_ID")) {
        notes.push_back(
            "RUNPOD_NETWORK_VOLUME_ID is set and RUNPOD_S3_ACCESS_KEY is not: the network volume is not "
            "used.");
    } else if (is_set("RUNPOD_S3_ACCESS_KEY")) {
        notes.push_back(
            "RUNPOD_S3_ACCESS_KEY is set and RUNPOD_NETWORK_VOLUME_ID is not: no network volume is used.");
    }
    return notes;
}

}  // namespace darkroom::app
