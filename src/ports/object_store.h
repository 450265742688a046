// Where pictures live: a folder or a bucket. Blocking; safe to use from many threads at once. An object
// appears whole or not at all.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "core/object_key.h"

namespace darkroom::ports {

enum class ObjectErrorKind {
    missing,       // it was never there, or is gone
    full,          // no space or quota left: try later
    unavailable,   // try later
    denied,        // credentials or permissions: an operator must act
    misconfigured  // no such bucket or folder: an operator must act
};

struct ObjectError {
    ObjectErrorKind kind;
    std::string detail;  // for the operator
};

struct ObjectInfo {
    std::uint64_t bytes = 0;
    std::string sha256;  // hex; known after a put, empty after a head
};

/// An open object. Reading goes on where it stopped.
class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    virtual std::uint64_t bytes() const = 0;
    /// 0 = the end.
    virtual Result<std::size_t, ObjectError> read(std::span<char> buffer) = 0;
    /// A descriptor of the same bytes for a transfer without copies, owned by the reader; -1 where there is
    /// none.
    virtual int fd() const = 0;
};

/// Where bytes to be stored come from.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// 0 = the end.
    virtual Result<std::size_t, ObjectError> read(std::span<char> buffer) = 0;
};

struct ObjectStoreCapabilities {
    bool presigns = false;  // clients may PUT and GET straight at the store; otherwise Darkroom relays by
                            // signed URLs of its own
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;
    virtual ObjectStoreCapabilities capabilities() const = 0;
    /// Stores what `source` gives, up to its end. A failure leaves nothing behind; an object of that name is
    /// replaced.
    virtual Result<ObjectInfo, ObjectError> put(const core::ObjectKey& key, ByteSource& source) = 0;
    /// As put, from a file that is the caller's to give away: after success it may be gone.
    virtual Result<ObjectInfo, ObjectError> put_file(const core::ObjectKey& key,
                                                     const std::filesystem::path& file) = 0;
    virtual Result<std::unique_ptr<ObjectReader>, ObjectError> open(const core::ObjectKey& key) = 0;
    virtual Result<ObjectInfo, ObjectError> head(const core::ObjectKey& key) = 0;
    /// Removing what is not there is a success.
    virtual Result<void, ObjectError> remove(const core::ObjectKey& key) = 0;
};

}  // namespace darkroom::ports
