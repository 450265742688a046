// Where a request for a bucket or an object goes: path style (https://host/bucket/key) or host style
// (https://bucket.host/key), at AWS or at an endpoint of the operator's, which may have a path of its own
// (Supabase). Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "objects/s3/s3_settings.h"

namespace darkroom::objects {

class S3Address {
public:
    /// The error is a sentence that names the setting.
    static Result<S3Address, std::string> of(const S3Settings& settings, const std::string& region);

    /// What the Host header says, and what is signed: the port only where it is not the scheme's own.
    const std::string& host() const { return host_; }
    const std::string& scheme() const { return scheme_; }
    /// Decoded, as it is signed; an empty key means the bucket.
    std::string path_of(std::string_view key) const;
    /// `query` is encoded already.
    std::string url_of(std::string_view key, std::string_view query) const;

    /// The same bucket where a server that was asked for `key` says it is: `target` is a whole URL (a
    /// Location) or a host (S3's <Endpoint>). Nothing, if it is another scheme, no address at all, or this
    /// very one: a redirect must neither drop the encryption nor run in circles.
    std::optional<S3Address> redirected(std::string_view target, std::string_view key) const;

private:
    std::string scheme_;
    std::string host_;
    std::string base_;  // before the key: "/", "/bucket/", "/some/path/bucket/"
    std::string bucket_;
};

/// Three to 63 characters of a-z, 0-9 and '-': a name that TLS certificates for *.host cover.
bool fits_a_host_name(std::string_view bucket);

}  // namespace darkroom::objects
