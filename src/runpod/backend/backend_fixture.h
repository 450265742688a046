// For the tests of this room: stores in memory that can or cannot presign, and the words of jobs and workers.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json_writer.h"
#include "core/job.h"
#include "ports/remote_backend.h"
#include "runpod/protocol/work_result.h"
#include "tests/support/seeded_random.h"
#include "tests/support/unused_object_store.h"

namespace darkroom::runpod::testing {

using core::ObjectKey;

/// A store in memory with the capabilities that the test gives it. One thread.
class FakeStore : public darkroom::testing::UnusedObjectStore {
public:
    explicit FakeStore(ports::ObjectStoreCapabilities can) : can_(can) {}

    std::map<std::string, std::string> objects;
    std::map<std::string, ports::ObjectErrorKind> broken;  // by the function's name
    std::vector<std::string> asked;                        // "head inputs/…"
    std::function<void()> before_remove;

    ports::ObjectStoreCapabilities capabilities() const override { return can_; }
    void hold(const ObjectKey& key, std::string bytes) { objects[key.str()] = std::move(bytes); }
    bool holds(const ObjectKey& key) const { return objects.contains(key.str()); }
    static std::string version_of(const std::string& bytes) { return to_hex(sha256(bytes)).substr(0, 8); }

    ports::ObjectResult<ports::ObjectInfo> put(const ObjectKey& key, ports::ByteSource& source) override {
        if (auto error = failure("put", key)) return Fail(*error);
        std::string bytes;
        std::string buffer(5, '\0');
        for (;;) {
            const auto got = source.read(buffer);
            if (!got) return Fail(ports::ObjectError{ports::ObjectErrorKind::unavailable, "cut"});
            if (*got == 0) break;
            bytes.append(buffer, 0, *got);
        }
        objects[key.str()] = bytes;
        ports::ObjectInfo info;
        info.bytes = bytes.size();
        info.sha256 = to_hex(sha256(bytes));
        return info;
    }
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const ObjectKey& key, const ports::OpenOptions& options = {}) override {
        if (auto error = failure("open", key)) return Fail(*error);
        const auto found = objects.find(key.str());
        if (found == objects.end()) return missing();
        if (!options.version.empty() && options.version != version_of(found->second))
            return Fail(ports::ObjectError{ports::ObjectErrorKind::changed, "another version"});
        std::optional<ports::ObjectError> breaks;
        if (const auto read = broken.find("read"); read != broken.end())
            breaks = ports::ObjectError{read->second, "broken by the test"};
        return std::unique_ptr<ports::ObjectReader>(std::make_unique<Reader>(found->second, breaks));
    }
    ports::ObjectResult<ports::ObjectInfo> head(const ObjectKey& key) override {
        if (auto error = failure("head", key)) return Fail(*error);
        const auto found = objects.find(key.str());
        if (found == objects.end()) return missing();
        ports::ObjectInfo info;
        info.bytes = found->second.size();
        info.version = version_of(found->second);
        return info;
    }
    ports::ObjectResult<ports::ObjectInfo> copy(const ObjectKey& from, const ObjectKey& to) override {
        if (auto error = failure("copy", from)) return Fail(*error);
        if (!objects.contains(from.str())) return missing();
        objects[to.str()] = objects[from.str()];
        return head(to);
    }
    ports::ObjectResult<void> remove(const ObjectKey& key) override {
        if (before_remove) before_remove();
        if (auto error = failure("remove", key)) return Fail(*error);
        objects.erase(key.str());
        return {};
    }
    ports::ObjectResult<void> remove_many(std::span<const ObjectKey> keys) override {
        if (auto error = failure("remove_many", keys.front())) return Fail(*error);
        for (const auto& key : keys) objects.erase(key.str());
        return {};
    }
    ports::ObjectResult<ports::ObjectPage> list(std::string_view prefix, const std::string&, int) override {
        asked.push_back("list " + std::string(prefix));
        if (const auto found = broken.find("list"); found != broken.end())
            return Fail(ports::ObjectError{found->second, "broken by the test"});
        ports::ObjectPage page;
        for (const auto& [key, bytes] : objects) {
            if (key.starts_with(prefix)) page.objects.push_back({key, bytes.size(), {}});
        }
        return page;
    }
    ports::PresignedRequest presign_get(const ObjectKey& key, const ports::PresignGet& what) const override {
        return {.url = "https://bucket.example/" + key.str() + "?name=" + what.file_name +
                       "&life=" + std::to_string(what.life.count()),
                .headers = {},
                .expires_at = {}};
    }
    ports::PresignedRequest presign_put(const ObjectKey& key, const ports::PresignPut& what) const override {
        return {.url = "https://bucket.example/" + key.str() +
                       "?bytes=" + (what.bytes ? std::to_string(*what.bytes) : "any") +
                       "&life=" + std::to_string(what.life.count()),
                .headers = {{"Content-Type", what.content_type}},
                .expires_at = {}};
    }

private:
    class Reader : public ports::ObjectReader {
    public:
        Reader(std::string bytes, std::optional<ports::ObjectError> breaks)
            : bytes_(std::move(bytes)), breaks_(std::move(breaks)) {}
        std::uint64_t bytes() const override { return bytes_.size(); }
        ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
            if (breaks_ && at_ > 0) return Fail(*breaks_);
            const auto count = bytes_.copy(buffer.data(), std::min<std::size_t>(buffer.size(), 4096), at_);
            at_ += count;
            return count;
        }
        int fd() const override { return -1; }

    private:
        std::string bytes_;
        std::optional<ports::ObjectError> breaks_;
        std::size_t at_ = 0;
    };

    static Failure<ports::ObjectError> missing() {
        return Fail(ports::ObjectError{ports::ObjectErrorKind::missing, "not there"});
    }
    std::optional<ports::ObjectError> failure(const std::string& function, const ObjectKey& key) {
        asked.push_back(function + " " + key.str());
        const auto found = broken.find(function);
        if (found == broken.end()) return std::nullopt;
        return ports::ObjectError{found->second, "broken by the test"};
    }

    const ports::ObjectStoreCapabilities can_;
};

inline constexpr ports::ObjectStoreCapabilities bucket_can{
    .presigns = true, .removes_many = true, .copies = true};
inline constexpr ports::ObjectStoreCapabilities volume_can{.copies = true};
inline constexpr ports::ObjectStoreCapabilities folder_can{.opens_files = true};

/// A job with one JPEG that lies in `main`.
struct SampleJob {
    explicit SampleJob(FakeStore& main, std::string bytes = "pixels of a shoe", std::uint64_t seed = 1) {
        darkroom::testing::SeededRandom random(seed);
        job = random.id<JobId>();
        attempt = random.id<AttemptId>();
        image.name = "anna's shoe.jpg";
        image.key = ObjectKey::uploaded(random.id<UploadId>(), "jpg");
        image.content_type = "image/jpeg";
        image.bytes = bytes.size();
        image.sha256 = to_hex(sha256(bytes));
        image.version = FakeStore::version_of(bytes);
        main.hold(image.key, std::move(bytes));
    }
    ports::RemoteTask task(std::string remote_id = "r-1-u1") const {
        return {job, attempt, std::move(remote_id)};
    }
    std::string prefix() const { return ObjectKey::worker_output_prefix(job, attempt); }
    ObjectKey output(std::string_view role, std::string_view extension) const {
        return ObjectKey::worker_output(job, attempt, role, extension);
    }
    /// What a worker reports of one file under `prefix`.
    WorkFile file(std::string_view name, std::string_view role = "main",
                  std::string_view type = "image/png") const {
        WorkFile file;
        file.role = role;
        file.key = prefix() + "/" + std::string(name);
        file.content_type = type;
        file.bytes = 3;
        file.sha256 = std::string(64, 'a');
        return file;
    }

    JobId job;
    AttemptId attempt;
    core::InputImage image;
};

}  // namespace darkroom::runpod::testing
