// The XML that S3 answers with and is asked with. Reads what AWS, Swift and the smaller servers write; what
// is no such document, is cut off or lacks what it must have is nullopt, never half a result. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/object_key.h"
#include "ports/object_store.h"

namespace darkroom::objects {

struct S3ErrorText {
    std::string code;
    std::string message;
    std::string region;    // where the bucket is, if the error says so
    std::string endpoint;  // ditto
};
/// Also finds an error that comes with status 200, which is how S3 fails after it has begun to answer.
std::optional<S3ErrorText> read_error(std::string_view xml);

struct S3Listing {
    std::vector<ports::ListedObject> objects;
    bool is_truncated = false;
    std::string next;
};
std::optional<S3Listing> read_listing(std::string_view xml);

struct S3Upload {
    std::string key;
    std::string id;
    TimePoint begun_at{};
};
struct S3UploadListing {
    std::vector<S3Upload> uploads;
    bool is_truncated = false;
    std::string next_key;
    std::string next_id;
};
std::optional<S3UploadListing> read_uploads(std::string_view xml);

/// The id of a multipart upload that was begun.
std::optional<std::string> read_upload_id(std::string_view xml);
/// The ETag that CompleteMultipartUpload or CopyObject answers; empty if it names none.
std::optional<std::string> read_etag(std::string_view xml);

struct S3RemoveFault {
    std::string key;
    std::string code;
    std::string message;
};
std::optional<std::vector<S3RemoveFault>> read_remove_faults(std::string_view xml);

std::string write_parts(std::span<const std::string> etags);  // numbered from 1
std::string write_removals(std::span<const core::ObjectKey> keys);

/// %XX and '+' of encoding-type=url; what is no such code stays as it is.
std::string percent_decode(std::string_view text);

}  // namespace darkroom::objects
