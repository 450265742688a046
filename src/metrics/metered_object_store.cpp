#include "metrics/metered_object_store.h"

#include <algorithm>

namespace darkroom::metrics {
namespace {

using ports::ObjectErrorKind;
using ports::ObjectInfo;
using ports::ObjectReader;
using ports::ObjectResult;
using ports::StorageDirection;

std::string_view word_of(ObjectErrorKind kind) {
    switch (kind) {
        case ObjectErrorKind::missing:
            return "missing";
        case ObjectErrorKind::changed:
            return "changed";
        case ObjectErrorKind::full:
            return "full";
        case ObjectErrorKind::unavailable:
            return "unavailable";
        case ObjectErrorKind::denied:
            return "denied";
        case ObjectErrorKind::misconfigured:
            return "misconfigured";
    }
    return "other";
}

}  // namespace

// What has a descriptor is sent without passing here, so its bytes count when it is opened; all else as it is
// read, because most of what is opened is not read to its end.
class MeteredObjectStore::Reader final : public ObjectReader {
public:
    Reader(std::unique_ptr<ObjectReader> behind, std::string name, ports::Meters& meters,
           std::uint64_t part_bytes)
        : behind_(std::move(behind)), name_(std::move(name)), meters_(meters), on_read_(behind_->fd() < 0) {
        if (!on_read_) meters_.storage_bytes(name_, StorageDirection::out, part_bytes);
    }

    std::uint64_t bytes() const override { return behind_->bytes(); }
    int fd() const override { return behind_->fd(); }
    ObjectResult<std::size_t> read(std::span<char> buffer) override {
        auto read = behind_->read(buffer);
        if (read && on_read_) meters_.storage_bytes(name_, StorageDirection::out, *read);
        return read;
    }

private:
    std::unique_ptr<ObjectReader> behind_;
    const std::string name_;  // of its own: a reader may outlive the store
    ports::Meters& meters_;
    const bool on_read_;
};

MeteredObjectStore::MeteredObjectStore(std::unique_ptr<ports::ObjectStore> behind, std::string name,
                                       ports::Meters& meters, const ports::Clock& clock)
    : behind_(std::move(behind)), name_(std::move(name)), meters_(meters), clock_(clock) {}

template <class Ask>
auto MeteredObjectStore::metered(std::string_view op, const Ask& ask) -> decltype(ask()) {
    const auto began = clock_.monotonic();
    auto answer = ask();
    meters_.storage_op({.store = name_,
                        .op = op,
                        .outcome = answer ? std::string_view("ok") : word_of(answer.error().kind),
                        .took = clock_.monotonic() - began});
    return answer;
}

ObjectResult<ObjectInfo> MeteredObjectStore::put(const core::ObjectKey& key, ports::ByteSource& source) {
    auto put = metered("put", [&] { return behind_->put(key, source); });
    if (put) meters_.storage_bytes(name_, StorageDirection::in, put->bytes);
    return put;
}

ObjectResult<ObjectInfo> MeteredObjectStore::put_file(const core::ObjectKey& key,
                                                      const std::filesystem::path& file) {
    auto put = metered("put", [&] { return behind_->put_file(key, file); });
    if (put) meters_.storage_bytes(name_, StorageDirection::in, put->bytes);
    return put;
}

ObjectResult<std::unique_ptr<ObjectReader>> MeteredObjectStore::open(const core::ObjectKey& key,
                                                                     const ports::OpenOptions& options) {
    auto opened = metered("open", [&] { return behind_->open(key, options); });
    if (!opened) return opened;
    const auto rest = (*opened)->bytes() - std::min(options.offset, (*opened)->bytes());
    const auto part = std::min(rest, options.length.value_or(rest));
    return std::unique_ptr<ObjectReader>(std::make_unique<Reader>(*std::move(opened), name_, meters_, part));
}

ObjectResult<ObjectInfo> MeteredObjectStore::head(const core::ObjectKey& key) {
    return metered("head", [&] { return behind_->head(key); });
}

ObjectResult<ObjectInfo> MeteredObjectStore::copy(const core::ObjectKey& from, const core::ObjectKey& to) {
    return metered("copy", [&] { return behind_->copy(from, to); });
}

ObjectResult<void> MeteredObjectStore::remove(const core::ObjectKey& key) {
    return metered("remove", [&] { return behind_->remove(key); });
}

ObjectResult<void> MeteredObjectStore::remove_many(std::span<const core::ObjectKey> keys) {
    return metered("remove", [&] { return behind_->remove_many(keys); });
}

ObjectResult<ports::ObjectPage> MeteredObjectStore::list(std::string_view prefix, const std::string& page,
                                                         int count_max) {
    return metered("list", [&] { return behind_->list(prefix, page, count_max); });
}

ObjectResult<int> MeteredObjectStore::remove_unfinished(TimePoint begun_before, bool dry_run) {
    return metered("tidy", [&] { return behind_->remove_unfinished(begun_before, dry_run); });
}

}  // namespace darkroom::metrics
