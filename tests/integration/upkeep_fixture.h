// Upkeep between a real database and a real folder of objects, which a test may break; time stands still
// until it is moved.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "objects/files/file_object_store.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/conformance/kept_jobs.h"
#include "tests/support/breakable_object_store.h"
#include "tests/support/child_process.h"
#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::integration {

constexpr Milliseconds hour{3'600'000};
constexpr Milliseconds day = 24 * hour;

class UpkeepTest : public ::testing::Test {
protected:
    UpkeepTest() {
        open();
        auto folder = objects::FileObjectStore::open(folder_.path() / "objects");
        DR_CHECK(folder.ok());
        files = *std::move(folder);
        breakable = std::make_unique<darkroom::testing::BreakableObjectStore>(*files);
        clock.advance(start - clock.now());
    }

    void open() {
        store.reset();
        auto opened = store::SqliteJobStore::open((folder_.path() / "darkroom.db").string(), random);
        DR_CHECK(opened.ok());
        store = *std::move(opened);
    }

    /// Of the main store, or of a folder beside it.
    std::filesystem::path path_of(const std::string& key, const char* root = "objects") const {
        return folder_.path() / root / key;
    }
    void put(const core::ObjectKey& key, ports::ObjectStore& into) {
        const auto file = folder_.path() / "spool";
        darkroom::testing::write_file(file, "pixels");
        DR_CHECK(into.put_file(key, file).ok());
    }
    core::ObjectKey put(const core::ObjectKey& key) {
        put(key, *files);
        return key;
    }
    bool there(const core::ObjectKey& key) const { return std::filesystem::exists(path_of(key.str())); }
    /// As if it had been written that long before the test's present.
    void make_older(const std::string& key, Milliseconds age, const char* root = "objects") const {
        const auto at = std::chrono::system_clock::time_point(clock.now() - age);
        std::filesystem::last_write_time(path_of(key, root), std::chrono::file_clock::from_sys(at));
    }

    core::Job read(const JobId& job) {
        auto found = store->find_job(ports::Access::everyone(), job);
        DR_CHECK(found.ok() && found->has_value());
        return **std::move(found);
    }
    bool known(const JobId& job) { return store->find_job(ports::Access::everyone(), job)->has_value(); }

    /// A picture of the owner's, with its object.
    core::InputImage picture() {
        auto image = kept.picture();
        put(image.key);
        return image;
    }
    std::vector<core::ObjectKey> outputs_of(const JobId& job) {
        const auto found = read(job);
        std::vector<core::ObjectKey> keys;
        for (const auto& attempt : found.attempts) {
            for (const auto& output : attempt.outputs) keys.push_back(output.key);
        }
        if (found.thumbnail) keys.push_back(*found.thumbnail);
        return keys;
    }
    /// Ended with its outputs in the folder, so long after the start.
    JobId succeeded(const std::vector<core::InputImage>& pictures, Milliseconds ended) {
        const auto job = kept.succeeded(pictures, start + ended);
        for (const auto& key : outputs_of(job)) put(key);
        return job;
    }
    int objects_there() const {
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "objects"))
            count += entry.is_regular_file() ? 1 : 0;
        return count;
    }

    const TimePoint start = conformance::at(0);
    const UserId owner = conformance::user("ann");
    darkroom::testing::TempDir folder_;
    darkroom::testing::SeededRandom random{5};
    darkroom::testing::ManualClock clock;
    std::unique_ptr<store::SqliteJobStore> store;
    std::unique_ptr<objects::FileObjectStore> files;
    std::unique_ptr<darkroom::testing::BreakableObjectStore> breakable;  // in front of `files`
    conformance::Samples samples{random};
    conformance::KeptJobs kept{owner, [this]() -> ports::JobStore& { return *store; }, samples};
};

}  // namespace darkroom::integration
