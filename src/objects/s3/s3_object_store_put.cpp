// How bytes get into the bucket: in one request, in parts from a stream, or in parts from a file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/digest.h"
#include "base/unique_fd.h"
#include "objects/s3/md5.h"
#include "objects/s3/s3_headers.h"
#include "objects/s3/s3_object_store.h"
#include "objects/s3/s3_part_senders.h"

namespace darkroom::objects {
namespace {

using core::ObjectKey;
using ports::HttpMethod;
using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectInfo;
using ports::ObjectResult;

constexpr std::size_t piece_bytes = std::size_t{128} * 1024;
constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t few_parts = 8;
constexpr std::uint64_t large_part_bytes = 128 * mebibyte;
constexpr int looks_max = 5;
constexpr int puts_max = 3;

std::string content_type_of_key(const ObjectKey& key) {
    const auto& text = key.str();
    const auto extension = std::string_view(text).substr(text.rfind('.') + 1);
    if (const auto type = core::content_type_of(extension)) return std::string(*type);
    return extension == "txt" ? "text/plain" : "application/octet-stream";
}

/// Appends to `buffer` until it has `until` bytes or the source ends.
ObjectResult<void> fill(ports::ByteSource& source, std::string& buffer, std::size_t until) {
    while (buffer.size() < until) {
        // Small pictures take little; whatever is large gets all at once what doubling would overshoot.
        if (buffer.size() >= mebibyte) buffer.reserve(until);
        const auto have = buffer.size();
        const auto wanted = std::min(piece_bytes, until - have);
        buffer.resize(have + wanted);
        auto got = source.read({buffer.data() + have, wanted});
        buffer.resize(have + (got ? *got : 0));
        if (!got) return Fail(std::move(got).error());
        if (*got == 0) break;
    }
    return {};
}

ObjectError file_failed(int error, const std::filesystem::path& file) {
    const auto kind = error == ENOENT                     ? ObjectErrorKind::missing
                      : error == EACCES || error == EPERM ? ObjectErrorKind::denied
                      : error == EISDIR || error == ELOOP ? ObjectErrorKind::misconfigured
                                                          : ObjectErrorKind::unavailable;
    return {kind, "cannot read " + file.string() + ": " + std::generic_category().message(error)};
}

struct OpenFile {
    UniqueFd file;
    std::uint64_t bytes = 0;
};

// Anything but a regular file (a link, a pipe that would block, a folder) is somebody's doing.
ObjectResult<OpenFile> open_regular(const std::filesystem::path& path) {
    OpenFile opened;
    opened.file.reset(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (!opened.file || ::fstat(opened.file.get(), &status) != 0) return Fail(file_failed(errno, path));
    if (!S_ISREG(status.st_mode)) return Fail(file_failed(EISDIR, path));
    opened.bytes = static_cast<std::uint64_t>(status.st_size);
    return opened;
}

/// Hashes a slice of a file, into `whole` as well.
ObjectResult<std::string> hash_slice(const OpenFile& opened, const ports::FileSlice& slice, Sha256& whole) {
    Sha256 part;
    std::vector<char> buffer(piece_bytes);
    auto left = slice.bytes.value_or(0);
    auto at = slice.offset;
    while (left > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
        const auto got = ::pread(opened.file.get(), buffer.data(), wanted, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Fail(file_failed(errno, slice.path));
        if (got == 0) {
            return Fail(ObjectError{ObjectErrorKind::unavailable,
                                    slice.path.string() + " became shorter while it was being stored"});
        }
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        part.update(bytes);
        whole.update(bytes);
        at += bytes.size();
        left -= bytes.size();
    }
    return to_hex(part.finish());
}

// Parts of a file take no memory, so they are as large as what goes in one piece. Each costs the server a
// file and a row of its own, so large files go in few parts, yet never so large that sending one again is a
// burden; huge ones need larger parts still, because their number is limited.
std::uint64_t file_part_bytes(const S3Settings& settings, std::uint64_t bytes) {
    const auto few = std::min(bytes / few_parts, large_part_bytes);
    const auto wanted = std::max({settings.single_put_bytes, few, bytes / parts_max + 1});
    return std::min((wanted + mebibyte - 1) / mebibyte * mebibyte, settings.put_bytes_max);
}

S3Request put_request(const ObjectKey& key) {
    S3Request request;
    request.method = HttpMethod::put;
    request.key = key.str();
    request.headers = {{"content-type", content_type_of_key(key)}};
    return request;
}

std::string md5_of_file(const OpenFile& opened) {
    std::string bytes(static_cast<std::size_t>(opened.bytes), '\0');
    const auto got = ::pread(opened.file.get(), bytes.data(), bytes.size(), 0);
    return got >= 0 && static_cast<std::size_t>(got) == bytes.size() ? md5_hex(bytes) : std::string();
}

std::string_view unquoted(std::string_view etag) {
    const bool quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return quoted ? etag.substr(1, etag.size() - 2) : etag;
}

std::string etag_of(const S3Answer& answer) {
    const auto* etag = find_header(answer.head.headers, "etag");
    return etag == nullptr ? std::string() : *etag;
}

}  // namespace

ObjectResult<ObjectInfo> S3ObjectStore::put(const ObjectKey& key, ports::ByteSource& source) {
    const auto part_bytes = static_cast<std::size_t>(client_.settings().part_bytes);
    std::string buffer;
    // One byte more than a part tells whether there is more than a part.
    if (auto filled = fill(source, buffer, part_bytes + 1); !filled) return Fail(std::move(filled).error());
    return buffer.size() <= part_bytes ? put_whole(key, buffer) : put_parts(key, buffer, source);
}

ObjectResult<ObjectInfo> S3ObjectStore::put_whole(const ObjectKey& key, std::string& bytes) {
    auto request = put_request(key);
    ObjectInfo stored{bytes.size(), to_hex(sha256(bytes)), {}, {}};
    request.payload_sha256 = stored.sha256;
    request.body = std::move(bytes);
    return put_request_of(key, request, std::move(stored), [&] { return md5_hex(request.body); });
}

// A put that is not seen afterwards is sent again: Swift says yes to one that it drops, because a removal of
// the same moment is newer; network volumes have lost what they had taken.
ObjectResult<ObjectInfo> S3ObjectStore::put_request_of(const ObjectKey& key, S3Request& request,
                                                       ObjectInfo stored,
                                                       const std::function<std::string()>& md5) {
    for (int puts = 1;; ++puts) {
        auto answer = client_.send(request);
        if (!answer) return Fail(failed(answer.error(), "put " + key.str()));
        stored.version = etag_of(*answer);
        auto look = look_for(key, stored, md5);
        if (!look) return Fail(std::move(look).error());
        if (look->is_there) return std::move(look->info);
        if (puts == puts_max) return Fail(not_there(key, stored, *look));
    }
}

ObjectResult<ObjectInfo> S3ObjectStore::put_parts(const ObjectKey& key, std::string& buffer,
                                                  ports::ByteSource& source) {
    const auto part_bytes = static_cast<std::size_t>(client_.settings().part_bytes);
    auto upload = S3Multipart::begin(client_, key.str(), content_type_of_key(key));
    if (!upload) return Fail(failed(upload.error(), "put " + key.str()));
    Sha256 sha256;
    ObjectInfo stored;
    while (!buffer.empty()) {
        if (upload->parts() == parts_max) {
            return Fail(ObjectError{ObjectErrorKind::full, "cannot put " + key.str() + ": more than " +
                                                               std::to_string(stored.bytes) +
                                                               " bytes cannot be stored from a stream"});
        }
        const auto next = buffer.substr(std::min(buffer.size(), part_bytes));
        buffer.resize(std::min(buffer.size(), part_bytes));
        sha256.update(buffer);
        stored.bytes += buffer.size();
        if (auto sent = upload->add(buffer); !sent) return Fail(failed(sent.error(), "put " + key.str()));
        buffer = next;  // one byte, in the memory that is there already
        if (buffer.empty()) break;
        if (auto filled = fill(source, buffer, part_bytes + 1); !filled) {
            return Fail(std::move(filled).error());
        }
    }
    stored.sha256 = to_hex(sha256.finish());
    return finished(key, *upload, std::move(stored));
}

// What is stored is what was hashed, also if the file changes meanwhile: each request is signed with the hash
// of its bytes, and the server refuses others.
ObjectResult<ObjectInfo> S3ObjectStore::put_file(const ObjectKey& key, const std::filesystem::path& file) {
    auto opened = open_regular(file);
    if (!opened) return Fail(std::move(opened).error());
    const auto& settings = client_.settings();
    auto info = [&]() -> ObjectResult<ObjectInfo> {
        if (opened->bytes > std::min(settings.single_put_bytes, settings.put_bytes_max)) {
            return put_slices(key, file, opened->bytes);
        }
        auto request = put_request(key);
        request.file = ports::FileSlice{file, 0, opened->bytes};
        Sha256 whole;
        auto hash = hash_slice(*opened, *request.file, whole);
        if (!hash) return Fail(std::move(hash).error());
        request.payload_sha256 = *hash;
        return put_request_of(key, request, {opened->bytes, std::move(*hash), {}, {}},
                              [&] { return md5_of_file(*opened); });
    }();
    if (info) (void)::unlink(file.c_str());  // stored; what is left is the caller's folder to clean
    return info;
}

ObjectResult<ObjectInfo> S3ObjectStore::put_slices(const ObjectKey& key, const std::filesystem::path& file,
                                                   std::uint64_t bytes) {
    const auto& settings = client_.settings();
    const auto part_bytes = file_part_bytes(settings, bytes);
    auto opened = open_regular(file);
    if (!opened) return Fail(std::move(opened).error());
    auto upload = S3Multipart::begin(client_, key.str(), content_type_of_key(key));
    if (!upload) return Fail(failed(upload.error(), "put " + key.str()));
    S3PartSenders senders(*upload, settings.parts_at_once);
    Sha256 whole;
    for (std::uint64_t at = 0; at < bytes; at += part_bytes) {
        ports::FileSlice slice{file, at, std::min(part_bytes, bytes - at)};
        auto hash = hash_slice(*opened, slice, whole);
        if (!hash) return Fail(std::move(hash).error());
        if (!senders.send(std::move(slice), *std::move(hash))) break;
    }
    auto etags = senders.finish();
    if (!etags) return Fail(failed(etags.error(), "put " + key.str()));
    upload->consists_of(*std::move(etags), bytes);
    return finished(key, *upload, {bytes, to_hex(whole.finish()), {}, {}});
}

ObjectResult<ObjectInfo> S3ObjectStore::finished(const ObjectKey& key, S3Multipart& upload,
                                                 ObjectInfo stored) {
    auto etag = upload.complete();
    if (!etag) return Fail(failed(etag.error(), "put " + key.str()));
    stored.version = std::move(etag).value();
    auto look = look_for(key, stored, [] { return std::string(); });  // no ETag of parts is their MD5
    if (!look) return Fail(std::move(look).error());
    if (!look->is_there) return Fail(not_there(key, stored, *look));
    return std::move(look->info);
}

ObjectResult<S3ObjectStore::Look> S3ObjectStore::look_for(const ObjectKey& key, ObjectInfo stored,
                                                          const std::function<std::string()>& md5) {
    const auto deadline = client_.deadline_for(0);
    for (int looks = 1;; ++looks) {
        auto seen = head_of(key.str());
        if (seen && seen->bytes == stored.bytes) {
            if (stored.version.empty()) stored.version = std::move(seen->version);
            return Look{true, std::move(stored)};
        }
        if (!seen && seen.error().action != S3Action::missing) {
            return Fail(failed(seen.error(), "look at " + key.str() + " after it was put"));
        }
        const bool another = !seen || seen->version != stored.version;
        if (another && !stored.version.empty() && unquoted(stored.version) == md5()) {
            return Look{true, std::move(stored)};
        }
        if (looks == looks_max || !client_.pause(looks, deadline, client_.settings().settle_time * looks)) {
            return Look{false, seen ? std::move(seen).value() : ObjectInfo{}};
        }
    }
}

ObjectError S3ObjectStore::not_there(const ObjectKey& key, const ObjectInfo& stored, const Look& look) {
    const auto seen =
        look.info.version.empty() ? std::string("nothing") : std::to_string(look.info.bytes) + " bytes";
    return {ObjectErrorKind::unavailable, "cannot put " + key.str() + ": the server said it had stored " +
                                              std::to_string(stored.bytes) + " bytes, but shows " + seen};
}

}  // namespace darkroom::objects
