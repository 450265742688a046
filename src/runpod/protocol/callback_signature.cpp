#include "runpod/protocol/callback_signature.h"

#include <algorithm>

#include "base/check.h"
#include "base/digest.h"
#include "runpod/protocol/base64.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t id_bytes_max = 256;
constexpr std::size_t timestamp_digits_max = 12;
constexpr std::size_t digest_bytes = 32;
constexpr std::string_view secret_prefix = "whsec_";

std::string signed_text(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string text;
    text.reserve(id.size() + timestamp.size() + body.size() + 2);
    text.append(id).append(".").append(timestamp).append(".").append(body);
    return text;
}

// No dot, so that id and timestamp cannot be shifted against each other.
bool is_message_id(std::string_view id) {
    return !id.empty() && id.size() <= id_bytes_max &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c <= '~' && c != '.'; });
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    if (text.empty() || text.size() > timestamp_digits_max || text.front() == '0') return std::nullopt;
    std::int64_t seconds = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        seconds = seconds * 10 + (c - '0');
    }
    return seconds;
}

// The decoded v1 signatures. Other versions and broken ones are passed over, as other senders' are meant to
// be; a header that is no list at all, or too long a one, is refused.
std::optional<std::vector<std::string>> listed_signatures(std::string_view header) {
    if (header.size() > callback_signature_bytes_max) return std::nullopt;
    std::vector<std::string> signatures;
    std::size_t listed = 0;
    while (true) {
        const auto space = header.find(' ');
        const auto one = header.substr(0, space);
        const bool visible = std::all_of(one.begin(), one.end(), [](char c) { return c > ' ' && c <= '~'; });
        if (one.empty() || !visible || ++listed > callback_signatures_max) return std::nullopt;
        if (one.starts_with("v1,")) {
            auto bytes = from_base64(one.substr(3));
            if (bytes && bytes->size() == digest_bytes) signatures.push_back(*std::move(bytes));
        }
        if (space == std::string_view::npos) return signatures;
        header.remove_prefix(space + 1);
    }
}

// Tries every signature with every secret and does not stop at the first that fits.
std::optional<std::size_t> fitting_secret(const std::vector<CallbackSecret>& secrets,
                                          const std::vector<std::string>& signatures, std::string_view text) {
    std::optional<std::size_t> fitting;
    for (std::size_t i = 0; i < secrets.size(); ++i) {
        const auto right = hmac_sha256(secrets[i].key(), text);
        for (const auto& signature : signatures) {
            const bool fits = equal_constant_time(as_text(right), signature);
            if (fits && !fitting) fitting = i;
        }
    }
    return fitting;
}

Result<VerifiedCallback, SignatureError> verify_standard(const std::vector<CallbackSecret>& secrets,
                                                         const CallbackProof& proof, std::string_view body,
                                                         TimePoint now) {
    if (!proof.id || !proof.timestamp || !proof.signature) return Fail(SignatureError::missing);
    const auto seconds = parse_timestamp(*proof.timestamp);
    const auto signatures = listed_signatures(*proof.signature);
    if (!is_message_id(*proof.id) || !seconds || !signatures) return Fail(SignatureError::malformed);
    const auto secret = fitting_secret(secrets, *signatures, signed_text(*proof.id, *proof.timestamp, body));
    if (!secret) return Fail(SignatureError::wrong);
    const auto off = std::chrono::abs(now - TimePoint(std::chrono::seconds(*seconds)));
    if (off > callback_tolerance) return Fail(SignatureError::stale);
    return VerifiedCallback{proof.id, *secret};
}

}  // namespace

Result<CallbackSecret, ProtocolError> CallbackSecret::parse(std::string_view text) {
    if (text.starts_with(secret_prefix)) {
        auto bytes = from_base64(text.substr(secret_prefix.size()));
        if (!bytes || bytes->size() < 24 || bytes->size() > 64)
            return Fail(ProtocolError{
                "a secret that begins with whsec_ must go on with the base64 of 24 to 64 bytes"});
        return CallbackSecret(*std::move(bytes));
    }
    if (text.size() < 16) return Fail(ProtocolError{"a secret needs 16 characters or more"});
    return CallbackSecret(std::string(text));
}

std::string x_signature(const CallbackSecret& secret, std::string_view body) {
    return to_base64(as_text(hmac_sha256(secret.key(), body)));
}

StandardHeaders standard_headers(const CallbackSecret& secret, std::string_view id, TimePoint now,
                                 std::string_view body) {
    DR_CHECK(is_message_id(id));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    StandardHeaders headers{std::string(id), std::to_string(seconds), {}};
    headers.signature =
        "v1," + to_base64(as_text(hmac_sha256(secret.key(), signed_text(id, headers.timestamp, body))));
    return headers;
}

Result<VerifiedCallback, SignatureError> verify_callback(const std::vector<CallbackSecret>& secrets,
                                                         const CallbackProof& proof, std::string_view body,
                                                         TimePoint now) {
    if (proof.repeated) return Fail(SignatureError::malformed);
    if (proof.id || proof.timestamp || proof.signature) return verify_standard(secrets, proof, body, now);
    if (!proof.x_signature) return Fail(SignatureError::missing);
    auto bytes = from_base64(*proof.x_signature);
    if (!bytes || bytes->size() != digest_bytes) return Fail(SignatureError::malformed);
    const auto secret = fitting_secret(secrets, {*std::move(bytes)}, body);
    if (!secret) return Fail(SignatureError::wrong);
    return VerifiedCallback{std::nullopt, *secret};
}

}  // namespace darkroom::runpod
