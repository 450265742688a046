#include "objects/s3/s3_multipart.h"

#include <utility>

#include "base/log.h"
#include "objects/s3/s3_headers.h"
#include "objects/s3/s3_xml.h"

namespace darkroom::objects {
namespace {

using ports::FetchedAnswer;
using ports::HttpMethod;

std::string header_or_empty(const FetchedAnswer& answer, std::string_view name) {
    const auto* value = find_header(answer.headers, name);
    return value == nullptr ? std::string() : *value;
}

}  // namespace

Result<S3Multipart, S3Fault> S3Multipart::begin(S3Client& client, const std::string& key,
                                                const std::string& content_type) {
    S3Request request;
    request.method = HttpMethod::post;
    request.key = key;
    request.query = {{"uploads", ""}};
    request.headers = {{"content-type", content_type}};
    request.is_whole = [](const FetchedAnswer& answer) { return read_upload_id(answer.body).has_value(); };
    auto answer = client.send(request);
    if (!answer) return Fail(std::move(answer).error());
    return S3Multipart(client, key, *read_upload_id(answer->head.body),
                       date_header(answer->head.headers, "date"));
}

S3Multipart::~S3Multipart() {
    if (id_.empty()) return;
    try {
        abort();
    } catch (const std::exception&) {  // no memory: upkeep finds the parts
    }
}

void S3Multipart::abort() {
    S3Request request;
    request.method = HttpMethod::del;
    request.key = key_;
    request.query = {{"uploadId", id_}};
    const auto answer = client_.send(request);
    if (answer || answer.error().action == S3Action::upload_gone ||
        answer.error().action == S3Action::missing) {
        return;
    }
    log::warning(
        "an upload in parts could not be aborted; its parts stay until upkeep finds them",
        {{"key", key_}, {"error", error_of(answer.error(), "abort the upload", client_.settings()).detail}});
}

Result<void, S3Fault> S3Multipart::add(std::string& bytes) {
    S3Request request;
    request.body = std::move(bytes);
    auto etag = send_part(etags_.size() + 1, request);
    bytes = std::move(request.body);
    if (!etag) return Fail(std::move(etag).error());
    etags_.push_back(*std::move(etag));
    bytes_ += bytes.size();
    return {};
}

Result<std::string, S3Fault> S3Multipart::send(std::size_t number, const ports::FileSlice& slice,
                                               const std::string& slice_sha256) const {
    S3Request request;
    request.file = slice;
    request.payload_sha256 = slice_sha256;
    return send_part(number, request);
}

void S3Multipart::consists_of(std::vector<std::string> etags, std::uint64_t bytes) {
    etags_ = std::move(etags);
    bytes_ = bytes;
}

Result<std::string, S3Fault> S3Multipart::send_part(std::size_t number, S3Request& request) const {
    request.method = HttpMethod::put;
    request.key = key_;
    request.query = {{"partNumber", std::to_string(number)}, {"uploadId", id_}};
    request.is_whole = [](const FetchedAnswer& answer) { return !header_or_empty(answer, "etag").empty(); };
    auto answer = client_.send(request);
    if (!answer) return Fail(std::move(answer).error());
    return header_or_empty(answer->head, "etag");
}

Result<std::string, S3Fault> S3Multipart::complete() {
    S3Request request;
    request.method = HttpMethod::post;
    request.key = key_;
    request.query = {{"uploadId", id_}};
    request.headers = {{"content-type", "application/xml"}};
    request.body = write_parts(etags_);
    request.is_whole = [](const FetchedAnswer& answer) { return read_etag(answer.body).has_value(); };
    request.answers_late = true;
    request.tries_max = 1;
    request.try_timeout = client_.settings().try_timeout;
    const auto deadline = client_.deadline_for(bytes_);
    for (int tries = 1;; ++tries) {
        auto answer = client_.send(request);
        if (answer) {
            id_.clear();
            return *read_etag(answer->head.body);
        }
        const auto& fault = answer.error();
        const bool gone = fault.action == S3Action::upload_gone;
        if (gone || fault.may_have_happened) {
            if (auto etag = etag_if_completed()) {
                id_.clear();
                return std::move(*etag);
            }
        }
        if (fault.action != S3Action::again || tries >= client_.settings().tries_max ||
            !client_.pause(tries, deadline, fault.retry_after)) {
            return Fail(std::move(answer).error());
        }
        request.try_timeout *= 2;  // large files take their time to be put together
    }
}

// An object of this name, of exactly this size, and not older than the upload. S3 gives it the time when the
// upload began; the clocks are both the server's, to the second.
std::optional<std::string> S3Multipart::etag_if_completed() {
    S3Request request;
    request.method = HttpMethod::head;
    request.key = key_;
    const auto answer = client_.send(request);
    if (!answer || content_length(answer->head.headers) != bytes_) return std::nullopt;
    const auto modified_at = date_header(answer->head.headers, "last-modified");
    if (modified_at && begun_at_ && *modified_at < *begun_at_ - std::chrono::seconds(2)) return std::nullopt;
    return header_or_empty(answer->head, "etag");
}

}  // namespace darkroom::objects
