// Permission to PUT or GET the bytes of one object for a while, as text that goes into a URL: what may be
// done, signed with Darkroom's own secret (HMAC-SHA256). Used wherever the object store cannot presign. Pure:
// the clock is handed in.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/object_key.h"

namespace darkroom::core {

/// Send the bytes of this upload.
struct UploadPermit {
    UploadId upload;
    UserId user;
    std::uint64_t bytes_max = 0;
    TimePoint expires_at{};
};

/// Fetch this object, as a file of this type and name.
struct DownloadPermit {
    ObjectKey key;
    std::string content_type;
    std::string file_name;
    TimePoint expires_at{};
};

enum class TokenError {
    forged,  // not signed by this secret, or not a token at all
    expired
};

std::string seal(const UploadPermit& permit, std::string_view secret);
std::string seal(const DownloadPermit& permit, std::string_view secret);

/// A token sealed for one purpose never opens for the other.
Result<UploadPermit, TokenError> open_upload_permit(std::string_view token, std::string_view secret,
                                                    TimePoint now);
Result<DownloadPermit, TokenError> open_download_permit(std::string_view token, std::string_view secret,
                                                        TimePoint now);

}  // namespace darkroom::core
