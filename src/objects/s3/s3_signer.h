// Signs requests and URLs with the credentials of the settings. Keeps the day's signing key. Safe to use from
// many threads at once.
#pragma once
#include <mutex>
#include <string>
#include <string_view>

#include "objects/s3/s3_bearings.h"
#include "objects/s3/s3_settings.h"
#include "objects/s3/sigv4.h"
#include "ports/http_message.h"

namespace darkroom::objects {

/// What a signature covers, beside the time and the place.
struct S3Signable {
    std::string_view method;
    std::string_view key;  // empty = the bucket
    const ports::HttpFields& query;
    const ports::HttpFields& headers;  // beside Host and those of S3 itself; all are signed
};

class S3Signer {
public:
    explicit S3Signer(const S3Settings& settings) : settings_(settings) {}

    /// All header fields to be sent; Host is left to the HTTP client, which sends the one that is signed.
    ports::HttpFields sign(const S3Signable& what, const S3Route& route, const std::string& payload_sha256,
                           TimePoint time) const;
    /// The whole URL. Its sender sends `what.headers` exactly as they are.
    std::string presign(const S3Signable& what, const S3Route& route, int life_seconds, TimePoint time) const;

private:
    Sha256Bytes key_for(const SigningScope& scope) const;

    const S3Settings& settings_;
    mutable std::mutex mutex_;
    mutable SigningScope kept_scope_;
    mutable Sha256Bytes kept_key_{};
};

}  // namespace darkroom::objects
