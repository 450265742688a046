#include "objects/s3/s3_object_store.h"

#include <algorithm>

#include "base/percent.h"
#include "objects/s3/s3_headers.h"
#include "objects/s3/s3_reader.h"
#include "objects/s3/sigv4.h"

namespace darkroom::objects {
namespace {

using core::ObjectKey;
using ports::HttpMethod;
using ports::ObjectError;
using ports::ObjectInfo;
using ports::ObjectResult;

constexpr std::int64_t life_seconds_max = 604'800;  // S3's limit: a week

ObjectInfo info_of(const ports::FetchedAnswer& head) {
    ObjectInfo info;
    info.bytes = content_length(head.headers).value_or(0);
    if (const auto* etag = find_header(head.headers, "etag")) info.version = *etag;
    info.modified_at = date_header(head.headers, "last-modified").value_or(TimePoint{});
    return info;
}

// RFC 6266: a plain name for every client, and the exact one for those that read the second form.
std::string attachment(const std::string& name) {
    if (name.empty()) return "attachment";
    std::string plain;
    bool exact = true;
    for (const char c : name) {
        const bool printable = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '/';
        plain += printable ? c : '_';
        exact = exact && printable;
    }
    auto text = "attachment; filename=\"" + plain + "\"";
    if (!exact) text += "; filename*=UTF-8''" + percent_encode(name, false);
    return text;
}

}  // namespace

ports::ObjectStoreCapabilities S3ObjectStore::capabilities() const {
    const auto& settings = client_.settings();
    return {.presigns = settings.presigns,
            .removes_many = settings.removes_many,
            .copies = true,
            .put_bytes_max = settings.put_bytes_max};
}

ObjectError S3ObjectStore::failed(const S3Fault& fault, const std::string& doing) const {
    return error_of(fault, doing, client_.settings());
}

Result<ObjectInfo, S3Fault> S3ObjectStore::head_of(const std::string& key) {
    S3Request request;
    request.method = HttpMethod::head;
    request.key = key;
    request.is_whole = [](const ports::FetchedAnswer& answer) {
        return content_length(answer.headers).has_value();
    };
    auto answer = client_.send(request);
    if (!answer) return Fail(std::move(answer).error());
    return info_of(answer->head);
}

ObjectResult<ObjectInfo> S3ObjectStore::head(const ObjectKey& key) {
    auto info = head_of(key.str());
    if (!info) return Fail(failed(info.error(), "look at " + key.str()));
    return std::move(info).value();
}

ObjectResult<std::unique_ptr<ports::ObjectReader>> S3ObjectStore::open(const ObjectKey& key,
                                                                       const ports::OpenOptions& options) {
    const bool nothing_asked = options.length == std::uint64_t{0};
    if (!nothing_asked) {
        auto reader = S3Reader::open(client_, key.str(), options);
        // Servers that keep objects as files (Swift with one copy, a network volume) may miss one just while
        // it is replaced: what is missing twice is missing.
        if (!reader && reader.error().action == S3Action::missing) {
            reader = S3Reader::open(client_, key.str(), options);
        }
        if (reader) return std::unique_ptr<ports::ObjectReader>(std::move(reader).value());
        if (reader.error().action != S3Action::nothing_there) {
            return Fail(failed(reader.error(), "read " + key.str()));
        }
    }
    // No range tells of an empty part, nor of one behind the end.
    auto info = head(key);
    if (!info) return Fail(std::move(info).error());
    if (!options.version.empty() && info->version != options.version) {
        S3Fault fault;
        fault.action = S3Action::changed;
        return Fail(failed(fault, "read " + key.str()));
    }
    return std::unique_ptr<ports::ObjectReader>(S3Reader::at_end(client_, key.str(), info->bytes));
}

ObjectResult<ObjectInfo> S3ObjectStore::copy(const ObjectKey& from, const ObjectKey& to) {
    // S3 refuses to copy an object to itself; it is there already.
    if (from == to) return head(from);
    S3Request request;
    request.method = HttpMethod::put;
    request.key = to.str();
    request.headers = {
        {"x-amz-copy-source", percent_encode("/" + client_.settings().bucket + "/" + from.str(), true)}};
    request.is_whole = [](const ports::FetchedAnswer& answer) { return read_etag(answer.body).has_value(); };
    request.answers_late = true;
    auto answer = client_.send(request);
    if (!answer) return Fail(failed(answer.error(), "copy " + from.str() + " to " + to.str()));
    auto info = head(to);
    if (!info) return info;
    if (auto etag = *read_etag(answer->head.body); !etag.empty()) info->version = std::move(etag);
    info->modified_at = {};
    return info;
}

ObjectResult<void> S3ObjectStore::remove(const ObjectKey& key) {
    S3Request request;
    request.method = HttpMethod::del;
    request.key = key.str();
    auto answer = client_.send(request);
    if (answer || answer.error().action == S3Action::missing) return {};
    return Fail(failed(answer.error(), "remove " + key.str()));
}

ports::PresignedRequest S3ObjectStore::presigned(std::string_view method, const ObjectKey& key,
                                                 const ports::HttpFields& query, ports::HttpFields headers,
                                                 Milliseconds life) const {
    const auto seconds =
        std::clamp<std::int64_t>(std::chrono::floor<std::chrono::seconds>(life).count(), 1, life_seconds_max);
    // What is signed has whole seconds, by the server's clock; what is told is by this machine's.
    const auto now = client_.server_now();
    const auto begin = std::chrono::floor<std::chrono::seconds>(now);
    const auto offset = client_.bearings().applied_offset();
    ports::PresignedRequest request;
    request.url =
        client_.presign({method, key.str(), query, headers}, static_cast<int>(seconds), TimePoint(begin));
    request.headers = std::move(headers);
    request.expires_at = TimePoint(begin) + std::chrono::seconds(seconds) - offset;
    return request;
}

ports::PresignedRequest S3ObjectStore::presign_get(const ObjectKey& key,
                                                   const ports::PresignGet& what) const {
    ports::HttpFields query = {{"response-content-disposition", attachment(what.file_name)}};
    if (!what.content_type.empty()) query.emplace_back("response-content-type", what.content_type);
    return presigned("GET", key, query, {}, what.life);
}

ports::PresignedRequest S3ObjectStore::presign_put(const ObjectKey& key,
                                                   const ports::PresignPut& what) const {
    std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", what.content_type}};
    if (what.bytes) headers.emplace_back("Content-Length", std::to_string(*what.bytes));
    return presigned("PUT", key, {}, headers, what.life);
}

ObjectResult<void> S3ObjectStore::check() {
    // A listing, because HEAD tells no reasons and every key that is good for Darkroom may list.
    S3Request request;
    request.query = {{"list-type", "2"}, {"max-keys", "1"}};
    request.is_whole = [](const ports::FetchedAnswer& answer) {
        return read_listing(answer.body).has_value();
    };
    request.tries_max = 2;
    auto answer = client_.send(request);
    if (answer) return {};
    return Fail(failed(answer.error(), "use bucket " + client_.settings().bucket));
}

}  // namespace darkroom::objects
