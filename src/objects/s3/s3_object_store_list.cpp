// What concerns many objects at once: listing them, removing them, and clearing away uploads in parts that
// nobody will finish.
#include <algorithm>
#include <utility>

#include "objects/s3/md5.h"
#include "objects/s3/s3_object_store.h"

namespace darkroom::objects {
namespace {

using core::ObjectKey;
using ports::FetchedAnswer;
using ports::HttpMethod;
using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectPage;
using ports::ObjectResult;

constexpr int page_max = 1'000;        // S3's limit, for keys listed and keys removed
constexpr int upload_pages_max = 100;  // a bucket with more unfinished uploads is cleared over several rounds
constexpr int listing_looks_max = 3;

/// What is wrong with a page of a listing, if it cannot be gone on from.
std::string trouble_of(const S3Listing& listing, const std::string& page) {
    if (!listing.is_truncated) return {};
    if (listing.next.empty()) return "the listing claims more and does not say where";
    if (listing.next == page) return "the listing repeats its token";
    if (listing.objects.empty()) return "the listing claims more and gives nothing";
    return {};
}

}  // namespace

ObjectResult<ObjectPage> S3ObjectStore::list(std::string_view prefix, const std::string& page,
                                             int count_max) {
    S3Request request;
    request.query = {{"list-type", "2"},
                     {"encoding-type", "url"},
                     {"max-keys", std::to_string(std::clamp(count_max, 1, page_max))},
                     {"prefix", std::string(prefix)}};
    if (!page.empty()) request.query.emplace_back("continuation-token", page);
    request.is_whole = [](const FetchedAnswer& answer) { return read_listing(answer.body).has_value(); };
    auto doing = std::string("list ");
    doing += prefix;
    const auto deadline = client_.deadline_for(0);
    for (int look = 1;; ++look) {
        auto answer = client_.send(request);
        if (!answer) return Fail(failed(answer.error(), doing));
        auto listing = *read_listing(answer->head.body);
        if (const auto trouble = trouble_of(listing, page); !trouble.empty()) {
            // A network volume does so while it computes what it will list.
            if (look < listing_looks_max && client_.pause(look, deadline, client_.settings().settle_time)) {
                continue;
            }
            std::string detail("cannot ");
            detail.append(doing).append(": ").append(trouble);
            return Fail(ObjectError{ObjectErrorKind::unavailable, std::move(detail)});
        }
        // A volume lists its folders, too, and what it keeps for itself.
        std::erase_if(listing.objects, [&](const ports::ListedObject& object) {
            const auto& own = client_.settings().excluded_prefix;
            return object.key.ends_with('/') || (!own.empty() && object.key.starts_with(own));
        });
        return ObjectPage{std::move(listing.objects), listing.is_truncated ? listing.next : std::string()};
    }
}

ObjectResult<void> S3ObjectStore::remove_many(std::span<const ObjectKey> keys) {
    if (!client_.settings().removes_many) {
        for (const auto& key : keys) {
            if (auto removed = remove(key); !removed) return removed;
        }
        return {};
    }
    while (!keys.empty()) {
        const auto count = std::min<std::size_t>(keys.size(), page_max);
        std::vector<ObjectKey> left(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count));
        const auto deadline = client_.deadline_for(0);
        for (int tries = 1; !left.empty(); ++tries) {
            if (tries > client_.settings().tries_max || (tries > 1 && !client_.pause(tries - 1, deadline))) {
                return Fail(ObjectError{ObjectErrorKind::unavailable,
                                        "cannot remove " + left.front().str() + ": the server puts it off"});
            }
            auto again = remove_batch(left);
            if (!again) return Fail(std::move(again).error());
            left = std::move(again).value();
        }
        keys = keys.subspan(count);
    }
    return {};
}

ObjectResult<std::vector<ObjectKey>> S3ObjectStore::remove_batch(std::span<const ObjectKey> keys) {
    S3Request request;
    request.method = HttpMethod::post;
    request.query = {{"delete", ""}};
    request.body = write_removals(keys);
    request.headers = {{"content-type", "application/xml"}, {"content-md5", content_md5(request.body)}};
    request.is_whole = [](const FetchedAnswer& answer) {
        return read_remove_faults(answer.body).has_value();
    };
    auto answer = client_.send(request);
    if (!answer) return Fail(failed(answer.error(), "remove " + std::to_string(keys.size()) + " objects"));
    std::vector<ObjectKey> again;
    auto faults = *read_remove_faults(answer->head.body);
    for (auto& one : faults) {
        const auto fault = fault_of_code(std::move(one.code), std::move(one.message));
        if (fault.action == S3Action::missing) continue;
        auto key = ObjectKey::parse(one.key);
        if (fault.action != S3Action::again || !key) return Fail(failed(fault, "remove " + one.key));
        again.push_back(std::move(*key));
    }
    return again;
}

Result<S3UploadListing, S3Fault> S3ObjectStore::uploads_after(const S3UploadListing& page) {
    S3Request request;
    request.query = {{"uploads", ""}, {"encoding-type", "url"}, {"max-uploads", std::to_string(page_max)}};
    if (!page.next_key.empty()) request.query.emplace_back("key-marker", page.next_key);
    if (!page.next_id.empty()) request.query.emplace_back("upload-id-marker", page.next_id);
    request.is_whole = [](const FetchedAnswer& answer) { return read_uploads(answer.body).has_value(); };
    auto answer = client_.send(request);
    if (!answer) return Fail(std::move(answer).error());
    return *read_uploads(answer->head.body);
}

ObjectResult<int> S3ObjectStore::remove_unfinished(TimePoint begun_before, bool dry_run) {
    int count = 0;
    S3UploadListing page;
    for (int pages = 0; pages < upload_pages_max; ++pages) {
        auto next = uploads_after(page);
        if (!next) return Fail(failed(next.error(), "list unfinished uploads"));
        for (const auto& upload : next->uploads) {
            // The bucket may be shared: what has no name of Darkroom's, or no age, is somebody else's.
            const bool begun = upload.begun_at != TimePoint{} && upload.begun_at < begun_before;
            if (!begun || !ObjectKey::parse(upload.key)) continue;
            ++count;
            if (dry_run) continue;
            S3Request request;
            request.method = HttpMethod::del;
            request.key = upload.key;
            request.query = {{"uploadId", upload.id}};
            const auto answer = client_.send(request);
            const bool gone = answer || answer.error().action == S3Action::upload_gone ||
                              answer.error().action == S3Action::missing;
            if (!gone) return Fail(failed(answer.error(), "abort the upload of " + upload.key));
        }
        const bool stands = next->next_key == page.next_key && next->next_id == page.next_id;
        if (!next->is_truncated || stands) break;
        page = std::move(next).value();
    }
    return count;
}

}  // namespace darkroom::objects
