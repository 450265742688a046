// A bucket in memory that presigns: what a client would put there, the test puts by client_puts(). Versions
// count up, as every put makes another one.
#pragma once
#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

#include "base/digest.h"
#include "tests/support/unused_object_store.h"

namespace darkroom::testing {

class MemoryObjectStore : public UnusedObjectStore {
public:
    void client_puts(const core::ObjectKey& key, std::string bytes) {
        const std::lock_guard lock(mutex_);
        objects_[key.str()] = {std::move(bytes), "v" + std::to_string(++versions_)};
    }
    bool holds(const core::ObjectKey& key) const {
        const std::lock_guard lock(mutex_);
        return objects_.count(key.str()) > 0;
    }
    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return objects_.size();
    }
    /// Called, without any lock, before each open: where a client may be faster.
    void before_open(std::function<void()> hook) { before_open_ = std::move(hook); }
    /// The same, while what was opened is being read.
    void after_open(std::function<void()> hook) { after_open_ = std::move(hook); }
    /// The next operation of this kind fails so: "put", "open", "read", "head".
    void fail_next(const std::string& operation, ports::ObjectErrorKind kind) {
        const std::lock_guard lock(mutex_);
        failures_[operation] = kind;
    }

    ports::ObjectStoreCapabilities capabilities() const override { return {.presigns = true}; }

    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey& key,
                                                    const std::filesystem::path& file) override {
        std::ifstream in(file, std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        const std::lock_guard lock(mutex_);
        if (const auto failure = failure_of("put")) return Fail(*failure);
        ports::ObjectInfo info;
        info.bytes = bytes.size();
        info.sha256 = to_hex(sha256(bytes));
        info.version = "v" + std::to_string(++versions_);
        objects_[key.str()] = {std::move(bytes), info.version};
        std::filesystem::remove(file);
        return info;
    }

    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey& key) override {
        const std::lock_guard lock(mutex_);
        if (const auto failure = failure_of("head")) return Fail(*failure);
        const auto found = objects_.find(key.str());
        if (found == objects_.end()) return Fail(error(ports::ObjectErrorKind::missing));
        ports::ObjectInfo info;
        info.bytes = found->second.bytes.size();
        info.version = found->second.version;
        return info;
    }

    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override {
        if (before_open_) before_open_();
        auto reader = open_now(key, options);
        if (reader && after_open_) after_open_();
        return reader;
    }

    ports::ObjectResult<void> remove(const core::ObjectKey& key) override {
        const std::lock_guard lock(mutex_);
        objects_.erase(key.str());
        return {};
    }

    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override {
        return {.url = "https://bucket.example/" + key.str() +
                       "?bytes=" + (what.bytes ? std::to_string(*what.bytes) : "any") +
                       "&life=" + std::to_string(what.life.count()),
                .headers = {{"Content-Type", what.content_type}},
                .expires_at = {}};
    }

    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override {
        return {.url = "https://bucket.example/" + key.str() + "?life=" + std::to_string(what.life.count()),
                .headers = {},
                .expires_at = {}};
    }

private:
    struct Object {
        std::string bytes;
        std::string version;
    };
    class Reader : public ports::ObjectReader {
    public:
        Reader(std::string bytes, std::optional<ports::ObjectError> breaks)
            : bytes_(std::move(bytes)), breaks_(std::move(breaks)) {}
        std::uint64_t bytes() const override { return bytes_.size(); }
        ports::ObjectResult<std::size_t> read(std::span<char> buffer) override {
            if (breaks_ && at_ > 0) return Fail(*breaks_);
            const auto piece_max = std::max<std::size_t>(1, bytes_.size() / 2);  // two pieces at least
            const auto count = std::min({buffer.size(), bytes_.size() - at_, piece_max});
            std::copy_n(bytes_.data() + at_, count, buffer.data());
            at_ += count;
            return count;
        }
        int fd() const override { return -1; }

    private:
        std::string bytes_;
        std::optional<ports::ObjectError> breaks_;
        std::size_t at_ = 0;
    };

    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_now(const core::ObjectKey& key,
                                                                       const ports::OpenOptions& options) {
        const std::lock_guard lock(mutex_);
        if (const auto failure = failure_of("open")) return Fail(*failure);
        const auto found = objects_.find(key.str());
        if (found == objects_.end()) return Fail(error(ports::ObjectErrorKind::missing));
        if (!options.version.empty() && options.version != found->second.version)
            return Fail(error(ports::ObjectErrorKind::changed));
        return std::unique_ptr<ports::ObjectReader>(
            std::make_unique<Reader>(found->second.bytes, failure_of("read")));
    }

    static ports::ObjectError error(ports::ObjectErrorKind kind) { return {kind, "broken by the test"}; }
    std::optional<ports::ObjectError> failure_of(const std::string& operation) {
        const auto found = failures_.find(operation);
        if (found == failures_.end()) return std::nullopt;
        const auto kind = found->second;
        failures_.erase(found);
        return error(kind);
    }

    mutable std::mutex mutex_;
    std::map<std::string, Object> objects_;
    std::map<std::string, ports::ObjectErrorKind> failures_;
    std::function<void()> before_open_;
    std::function<void()> after_open_;
    int versions_ = 0;
};

}  // namespace darkroom::testing
