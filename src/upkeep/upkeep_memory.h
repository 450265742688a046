// For this room's tests only: a bucket and a job store in memory that do what upkeep asks of them, until a
// test says otherwise.
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::upkeep::fakes {

/// Over a fake whose functions all fail, as tests/support has them.
template <class UnusedStore>
class BucketOf : public UnusedStore {
public:
    std::map<std::string, std::string> objects;
    TimePoint modified_at{Milliseconds(1)};  // long ago
    bool presigns = true;
    std::map<std::string, ports::ObjectErrorKind> broken;  // by the function's name
    std::function<std::string(std::string)> on_read;       // what comes back instead
    std::function<ports::ObjectPage(const std::string& page, ports::ObjectPage)> on_list;
    std::string link_query = "?signed";
    bool keeps_what_is_removed = false;
    int listings = 0;

    ports::ObjectStoreCapabilities capabilities() const override { return {.presigns = presigns}; }

    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey& key,
                                               ports::ByteSource& source) override {
        if (auto error = failure("put")) return Fail(*error);
        std::string bytes;
        std::string buffer(7, '\0');  // small, so that reading it takes several turns
        for (;;) {
            const auto got = source.read(buffer);
            if (!got) return Fail(got.error());
            if (*got == 0) break;
            bytes.append(buffer, 0, *got);
        }
        objects[key.str()] = bytes;
        ports::ObjectInfo info;
        info.bytes = bytes.size();
        return info;
    }
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(const core::ObjectKey& key,
                                                                   const ports::OpenOptions& = {}) override {
        if (auto error = failure("open")) return Fail(*error);
        const auto found = objects.find(key.str());
        if (found == objects.end()) return Fail(error_of(ports::ObjectErrorKind::missing));
        auto bytes = on_read ? on_read(found->second) : found->second;
        return std::unique_ptr<ports::ObjectReader>(std::make_unique<Reader>(std::move(bytes)));
    }
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey& key) override {
        if (auto error = failure("head")) return Fail(*error);
        const auto found = objects.find(key.str());
        if (found == objects.end()) return Fail(error_of(ports::ObjectErrorKind::missing));
        ports::ObjectInfo info;
        info.bytes = found->second.size();
        return info;
    }
    ports::ObjectResult<void> remove(const core::ObjectKey& key) override {
        if (auto error = failure("remove")) return Fail(*error);
        if (!keeps_what_is_removed) objects.erase(key.str());
        return {};
    }
    ports::ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override {
        for (const auto& key : keys) {
            if (auto removed = remove(key); !removed) return removed;
        }
        return {};
    }
    ports::ObjectResult<ports::ObjectPage> list(std::string_view prefix, const std::string& page,
                                                int) override {
        ++listings;
        if (auto error = failure("list")) return Fail(*error);
        ports::ObjectPage found;
        for (const auto& [key, bytes] : objects) {
            if (key.starts_with(prefix)) found.objects.push_back({key, bytes.size(), modified_at});
        }
        return on_list ? on_list(page, std::move(found)) : found;
    }
    ports::ObjectResult<int> remove_unfinished(TimePoint, bool) override {
        if (auto error = failure("remove_unfinished")) return Fail(*error);
        return 0;
    }
    ports::PresignedRequest presign_get(const core::ObjectKey& key, const ports::PresignGet&) const override {
        return {.url = "https://bucket.example/" + key.str() + link_query, .headers = {}, .expires_at = {}};
    }
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override {
        return {.url = "https://bucket.example/" + key.str() + link_query,
                .headers = {{"Content-Type", what.content_type}},
                .expires_at = {}};
    }

private:
    class Reader : public ports::ObjectReader {
    public:
        explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
        std::uint64_t bytes() const override { return bytes_.size(); }
        ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
            const auto count = bytes_.copy(buffer.data(), buffer.size(), at_);
            at_ += count;
            return count;
        }
        int fd() const override { return -1; }

    private:
        std::string bytes_;
        std::size_t at_ = 0;
    };

    static ports::ObjectError error_of(ports::ObjectErrorKind kind) { return {kind, "broken by the test"}; }
    std::optional<ports::ObjectError> failure(const std::string& function) const {
        const auto found = broken.find(function);
        if (found == broken.end()) return std::nullopt;
        return error_of(found->second);
    }
};

/// Over a fake that knows nothing of upkeep. Nothing is due, and `named` is all that rows name.
template <class Memory>
class RowsOf : public Memory {
public:
    std::set<std::string> named;
    bool broken = false;

    ports::StoreResult<std::vector<ports::ExpiredUpload>> list_expired_uploads(TimePoint, int) override {
        return std::vector<ports::ExpiredUpload>{};
    }
    ports::StoreResult<ports::RetiredJobs> retire_jobs(ports::Retention, TimePoint, int, TimePoint) override {
        return ports::RetiredJobs{};
    }
    ports::StoreResult<std::vector<core::ObjectKey>> find_unnamed_objects(
        const std::vector<core::ObjectKey>& keys) override {
        if (broken) return Fail(ports::StoreError{ports::StoreErrorKind::unavailable, "broken by the test"});
        std::vector<core::ObjectKey> unnamed;
        std::copy_if(keys.begin(), keys.end(), std::back_inserter(unnamed),
                     [&](const auto& key) { return !named.contains(key.str()); });
        return unnamed;
    }
};

}  // namespace darkroom::upkeep::fakes
