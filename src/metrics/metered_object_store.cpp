#include "metrics/metered_object_store.h"

#include <algorithm>

namespace darkroom::metrics {
namespace {

using ports::ObjectCall;
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

std::string_view word_of(ObjectCall call) {
    switch (call) {
        case ObjectCall::put:
            return "put";
        case ObjectCall::open:
            return "open";
        case ObjectCall::head:
            return "head";
        case ObjectCall::copy:
            return "copy";
        case ObjectCall::remove:
        case ObjectCall::remove_many:
            return "remove";
        case ObjectCall::list:
            return "list";
        case ObjectCall::remove_unfinished:
            return "tidy";
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
    : ObjectStoreAround(*behind),
      behind_(std::move(behind)),
      name_(std::move(name)),
      meters_(meters),
      clock_(clock) {}

std::optional<ports::ObjectError> MeteredObjectStore::around(ObjectCall call, const Ask& ask) {
    const auto began = clock_.monotonic();
    const auto error = ask();
    meters_.storage_op({.store = name_,
                        .op = word_of(call),
                        .outcome = error ? word_of(*error) : std::string_view("ok"),
                        .took = clock_.monotonic() - began});
    return std::nullopt;
}

ObjectResult<ObjectInfo> MeteredObjectStore::put(const core::ObjectKey& key, ports::ByteSource& source) {
    auto put = ObjectStoreAround::put(key, source);
    if (put) meters_.storage_bytes(name_, StorageDirection::in, put->bytes);
    return put;
}

ObjectResult<ObjectInfo> MeteredObjectStore::put_file(const core::ObjectKey& key,
                                                      const std::filesystem::path& file) {
    auto put = ObjectStoreAround::put_file(key, file);
    if (put) meters_.storage_bytes(name_, StorageDirection::in, put->bytes);
    return put;
}

ObjectResult<std::unique_ptr<ObjectReader>> MeteredObjectStore::open(const core::ObjectKey& key,
                                                                     const ports::OpenOptions& options) {
    auto opened = ObjectStoreAround::open(key, options);
    if (!opened) return opened;
    const auto rest = (*opened)->bytes() - std::min(options.offset, (*opened)->bytes());
    const auto part = std::min(rest, options.length.value_or(rest));
    return std::unique_ptr<ObjectReader>(std::make_unique<Reader>(*std::move(opened), name_, meters_, part));
}

}  // namespace darkroom::metrics
