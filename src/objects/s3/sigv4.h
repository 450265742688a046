// AWS Signature Version 4 as S3 wants it. Pure: the time, the key and the request are handed in, so that the
// official vectors are its tests. Names and values come in decoded and are encoded here exactly once; paths
// are never normalised, because "a//b" and "a/../b" are keys of their own. Knows nothing of sending.
#pragma once
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::objects {

/// For a body that is not hashed: in presigned URLs, where the signer never sees it.
constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";

/// What a signing key is good for: one day, one region, one service.
struct SigningScope {
    std::string day;  // 20150830
    std::string region;
    std::string service = "s3";

    std::string str() const { return day + "/" + region + "/" + service + "/aws4_request"; }
    bool operator==(const SigningScope&) const = default;
};

struct RequestToSign {
    std::string method;         // as sent, in capitals
    std::string path;           // decoded, from the first slash on
    ports::HttpFields query;    // decoded; a parameter without a value has an empty one
    ports::HttpFields headers;  // those to be signed, Host among them
    std::string payload_hash;   // hex of the body's SHA-256, or unsigned_payload
};

/// Sorted and encoded, as it is signed and as it is sent.
std::string canonical_query(const ports::HttpFields& query);
std::string canonical_request(const RequestToSign& request);

/// "20150830T123600Z"; its first eight characters are the day of the scope.
std::string signing_time(TimePoint time);

/// Costs four HMACs; whoever signs often keeps it for the day.
Sha256Bytes signing_key(std::string_view secret_key, const SigningScope& scope);

/// Hex. `time` is signing_time's.
std::string signature(std::string_view canonical, std::string_view time, const SigningScope& scope,
                      const Sha256Bytes& key);

/// The value of the Authorization header. Every header in `request` is signed.
std::string authorization(const RequestToSign& request, std::string_view time, const SigningScope& scope,
                          std::string_view access_key, const Sha256Bytes& key);

struct PresignTerms {
    std::string_view time;
    std::string_view access_key;
    std::string_view session_token;  // empty = none
    int life_seconds = 0;
};

/// The whole query of a presigned URL, encoded; whoever sends it must send the headers of `request` as they
/// are.
std::string presigned_query(RequestToSign request, const PresignTerms& terms, const SigningScope& scope,
                            const Sha256Bytes& key);

}  // namespace darkroom::objects
