// Where pictures live: a folder or a bucket. Blocking; safe to use from many threads at once. An object
// appears whole or not at all. What a store cannot do it says in its capabilities; nobody guesses.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/object_key.h"

namespace darkroom::ports {

enum class ObjectErrorKind {
    missing,       // it was never there, or is gone
    changed,       // it is there, but is not the version that was asked for
    full,          // no space or quota left: try later
    unavailable,   // try later
    denied,        // credentials or permissions: an operator must act
    misconfigured  // no such bucket or folder, wrong region: an operator must act
};

struct ObjectError {
    ObjectErrorKind kind;
    std::string detail;  // for the operator; holds no secrets
};

template <class T>
using ObjectResult = Result<T, ObjectError>;

struct ObjectInfo {
    std::uint64_t bytes = 0;
    std::string sha256;  // hex; known after a put, empty after a head
    /// Names these very bytes: another put gives another version, even of the same length. Opaque (an ETag,
    /// or what a folder can tell of a file).
    std::string version;
    TimePoint modified_at{};  // by the store's clock; unknown (the epoch) after a put
};

/// Which part of an object, and of which version.
struct OpenOptions {
    std::uint64_t offset = 0;  // beyond the end: nothing to read
    std::optional<std::uint64_t> length;
    std::string version;  // fails with `changed` if the object has another one; empty = any
};

/// An open object. Reading goes on where it stopped.
class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    /// Of the whole object, whatever part is read.
    virtual std::uint64_t bytes() const = 0;
    /// 0 = the end. Fewer bytes than bytes() promises are an error, never a silent end.
    virtual ObjectResult<std::size_t> read(std::span<char> buffer) = 0;
    /// A descriptor of the same bytes for a transfer without copies, owned by the reader; -1 where there is
    /// none (capabilities().opens_files).
    virtual int fd() const = 0;
};

/// Where bytes to be stored come from.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// 0 = the end.
    virtual ObjectResult<std::size_t> read(std::span<char> buffer) = 0;
};

struct ObjectStoreCapabilities {
    bool presigns = false;      // clients may PUT and GET straight at the store; otherwise Darkroom relays by
                                // signed URLs of its own
    bool removes_many = false;  // one request removes many objects
    bool opens_files = false;   // what is open has a descriptor
    bool copies = false;        // without the bytes passing through Darkroom
    std::uint64_t put_bytes_max = 0;  // of one request; what is larger goes in parts; 0 = no limit
};

/// A request that a client may send to the store by itself, without credentials, for a while.
struct PresignedRequest {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  // to be sent exactly so
    TimePoint expires_at{};
};

/// A download as a file of this type and name, whatever the object was stored as.
struct PresignGet {
    std::string content_type;
    std::string file_name;
    Milliseconds life{0};
};

/// An upload of exactly this type, and of this length if it is known; the store refuses anything else.
struct PresignPut {
    std::string content_type;
    std::optional<std::uint64_t> bytes;
    Milliseconds life{0};
};

struct ListedObject {
    std::string key;  // as the store has it: may be somebody else's
    std::uint64_t bytes = 0;
    TimePoint modified_at{};
};

struct ObjectPage {
    std::vector<ListedObject> objects;
    std::string next;  // give it back for the page after this one; empty = the end
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;
    virtual ObjectStoreCapabilities capabilities() const = 0;
    /// Stores what `source` gives, up to its end. A failure leaves nothing behind; an object of that name is
    /// replaced.
    virtual ObjectResult<ObjectInfo> put(const core::ObjectKey& key, ByteSource& source) = 0;
    /// As put, from a file that is the caller's to give away: after success it may be gone.
    virtual ObjectResult<ObjectInfo> put_file(const core::ObjectKey& key,
                                              const std::filesystem::path& file) = 0;
    virtual ObjectResult<std::unique_ptr<ObjectReader>> open(const core::ObjectKey& key,
                                                             const OpenOptions& options = {}) = 0;
    virtual ObjectResult<ObjectInfo> head(const core::ObjectKey& key) = 0;
    /// An object of the name `to` is replaced. The sha256 stays empty.
    virtual ObjectResult<ObjectInfo> copy(const core::ObjectKey& from, const core::ObjectKey& to) = 0;
    /// Removing what is not there is a success.
    virtual ObjectResult<void> remove(const core::ObjectKey& key) = 0;
    /// All of them, in as few requests as the store can; after an error some may be left.
    virtual ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) = 0;
    /// About `count_max` (at most 1,000) objects whose keys begin with `prefix`, a folder with its slash; in
    /// no promised order.
    virtual ObjectResult<ObjectPage> list(std::string_view prefix, const std::string& page,
                                          int count_max) = 0;
    /// What puts of earlier processes left unfinished: removes what was begun before, returns how many there
    /// were. With `dry_run` it only counts.
    virtual ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) = 0;
    /// Only where capabilities().presigns. No request is made: nothing tells whether the object is there.
    virtual PresignedRequest presign_get(const core::ObjectKey& key, const PresignGet& what) const = 0;
    virtual PresignedRequest presign_put(const core::ObjectKey& key, const PresignPut& what) const = 0;
};

}  // namespace darkroom::ports
