#include "app/doctor.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/database_doctor.h"
#include "app/gateway_doctor.h"
#include "app/pod_doctor.h"
#include "app/recipe_files.h"
#include "app/runpod_doctor.h"
#include "app/storage.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "http/curl_client.h"
#include "objects/s3/s3_object_store.h"
#include "store/sqlite/sqlite_job_store.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;

constexpr double free_gib_min = 1;
// S3 refuses requests whose clock is 15 minutes off; one that drifts will get there.
constexpr Milliseconds offset_max{60'000};

class Examination {
public:
    explicit Examination(const Settings& settings) : settings_(settings) {}

    std::vector<Finding> run() {
        add(Level::ok, "config", "every value that is set can be used");
        for (const auto& note : settings_.notes) add(Level::ok, "config", note);
        const bool has_folder = look_at_data_folder();
        if (settings_.node.has_postgres()) {
            for (auto& finding : examine_database(settings_.node)) findings_.push_back(std::move(finding));
        } else if (has_folder) {
            look_at_database();
        }
        look_at_recipes();
        look_at_storage();
        look_at_own_volumes();
        auto of_gateway = examine_gateway(settings_, client_);
        const bool gateway_runs = !of_gateway.empty();
        for (auto& finding : of_gateway) findings_.push_back(std::move(finding));
        for (auto& finding : examine_runpod(settings_, gateway_runs, client_, clock_, random_))
            findings_.push_back(std::move(finding));
        for (auto& finding : examine_pods(settings_, recipes_.get(), client_, clock_))
            findings_.push_back(std::move(finding));
        return std::move(findings_);
    }

private:
    bool look_at_data_folder() {
        const auto& dir = settings_.data_dir;
        std::error_code error;
        if (!std::filesystem::exists(dir, error)) {
            add(Level::ok, "data folder", dir.string() + " is not there yet; the first start makes it");
            return false;
        }
        if (::access(dir.c_str(), W_OK | X_OK) != 0) {
            add(Level::failed, "data folder", dir.string() + " cannot be written to");
            return false;
        }
        struct statvfs space {};
        if (::statvfs(dir.c_str(), &space) != 0) {
            add(Level::failed, "data folder", dir.string() + " cannot be looked at");
            return false;
        }
        const double gib =
            static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize) / (1u << 30);
        auto tenths = std::to_string(static_cast<long>(gib * 10));
        if (tenths.size() == 1) tenths.insert(0, "0");
        tenths.insert(tenths.size() - 1, ".");
        add(gib < free_gib_min ? Level::warning : Level::ok, "data folder",
            dir.string() + " can be written to, " + tenths + " GiB free");
        return true;
    }

    void look_at_recipes() {
        const auto folder = recipe_folder(settings_);
        const auto loaded = load_recipes(folder, clock_.now());
        if (!loaded) return add(Level::failed, "recipes", loaded.error());
        for (const auto& finding : loaded->findings) add(Level::warning, "recipes", finding_line(finding));
        recipes_ = loaded->book;
        const auto& book = *recipes_;
        const auto ready = std::count_if(book.recipes().begin(), book.recipes().end(),
                                         [](const auto& recipe) { return recipe->licence.allowed; });
        std::error_code error;
        const bool is_there = std::filesystem::exists(folder.dir, error);
        add(Level::ok, "recipes",
            std::to_string(ready) + " can be used besides what is built in, " +
                (is_there ? "those of " + folder.dir.string() + " among them" : "all of them shipped"));
    }

    void look_at_database() {
        const auto file = settings_.data_dir / "darkroom.db";
        std::error_code error;
        if (!std::filesystem::exists(file, error)) {
            add(Level::ok, "database", "not there yet; the first start makes it");
            return;
        }
        const auto opened = store::SqliteJobStore::open(file.string(), random_);
        if (opened) {
            add(Level::ok, "database", "sqlite, whole and writable");
        } else if (opened.error().kind == ports::StoreErrorKind::unavailable) {
            add(Level::ok, "database", "sqlite, in use by a gateway that runs");
        } else {
            add(Level::failed, "database", opened.error().detail);
        }
    }

    void look_at_storage() {
        const auto& storage = settings_.storage;
        add(Level::ok, "storage", describe(storage));
        if (storage.kind == StorageKind::bucket) look_at_bucket("storage", *storage.bucket);
        if (!storage.volume) return;
        const bool beside = storage.kind != StorageKind::network_volume;
        if (beside) add(Level::ok, "volume", describe({StorageKind::network_volume, {}, storage.volume}));
        look_at_bucket(beside ? "volume" : "storage", *storage.volume);
    }

    void look_at_own_volumes() {
        for (const auto& endpoint : settings_.runpod.endpoints) {
            if (!endpoint.volume) continue;
            const auto name = "volume of " + endpoint.name;
            add(Level::ok, name, describe({StorageKind::network_volume, {}, endpoint.volume}));
            look_at_bucket(name, *endpoint.volume);
        }
    }

    void look_at_bucket(const std::string& name, const objects::S3Settings& settings) {
        objects::S3ObjectStore bucket(settings, client_, clock_, random_);
        if (const auto reached = bucket.check(); !reached) {
            add(Level::failed, name, reached.error().detail);
            return;
        }
        if (bucket.region() != settings.region) {
            add(Level::warning, name + " region",
                "the bucket is in " + bucket.region() + ": set " + settings.names.region + " to that");
        } else {
            add(Level::ok, name + " region", settings.region);
        }
        look_at_clock(name, bucket);
        for (auto& finding : upkeep::check_storage(bucket, client_, clock_, random_))
            add(finding.level, name + " " + finding.about, std::move(finding.detail));
    }

    void look_at_clock(const std::string& name, const objects::S3ObjectStore& bucket) {
        const auto offset = bucket.clock_offset();
        if (!offset) return;
        const auto seconds = offset->count() / 1'000;
        const bool far = *offset > offset_max || *offset < -offset_max;
        add(far ? Level::warning : Level::ok, name + " clock",
            seconds == 0 ? "agrees with the server's"
                         : "this machine's is " + std::to_string(std::abs(seconds)) + " s " +
                               (seconds > 0 ? "behind" : "ahead of") + " the server's" +
                               (far ? ": let the system keep the time (NTP)" : ""));
    }

    void add(Level level, std::string about, std::string detail) {
        findings_.push_back({level, std::move(about), std::move(detail)});
    }

    const Settings& settings_;
    SystemClock clock_;
    SystemRandom random_;
    http::CurlClient client_;
    std::shared_ptr<const recipes::RecipeBook> recipes_;  // unset if they could not be read
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(const Settings& settings) { return Examination(settings).run(); }

}  // namespace darkroom::app
