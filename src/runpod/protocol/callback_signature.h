// Proof that a worker's callback comes from somebody who knows the secret. Two forms over the raw body:
//
//   X-Signature: base64(HMAC-SHA256(body, secret))                                   simple, no replay
//   protection webhook-id, webhook-timestamp, webhook-signature: v1,base64(HMAC-SHA256(id.timestamp.body,
//   secret)) …
//
// The second is Standard Webhooks 1.0.0. Checked before any JSON is read, over the bytes as they came, and in
// a time that does not tell how much of a signature was right. Pure: the time is handed in; that an id is
// used only once is the store's business.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

inline constexpr std::size_t callback_signatures_max = 8;
inline constexpr std::size_t callback_signature_bytes_max = 1024;  // of the header
inline constexpr std::chrono::seconds callback_tolerance{300};     // both ways

/// A secret as configured: "whsec_" and base64 of 24 to 64 bytes, or any other text, whose bytes are the key.
/// Never printed.
class CallbackSecret {
public:
    /// Fails for a text of fewer than 16 bytes and for a whsec_ that is none.
    static Result<CallbackSecret, ProtocolError> parse(std::string_view text);
    const std::string& key() const { return key_; }

private:
    explicit CallbackSecret(std::string key) : key_(std::move(key)) {}
    std::string key_;
};

/// The value of X-Signature.
std::string x_signature(const CallbackSecret& secret, std::string_view body);

struct StandardHeaders {
    std::string id;
    std::string timestamp;
    std::string signature;
};

/// `id` must be 1 to 256 visible ASCII characters without a dot; anything else is a bug.
StandardHeaders standard_headers(const CallbackSecret& secret, std::string_view id, TimePoint now,
                                 std::string_view body);

/// Headers of a request, as they came; a header that came twice must be handed in as `repeated`.
struct CallbackProof {
    std::optional<std::string> x_signature;
    std::optional<std::string> id;
    std::optional<std::string> timestamp;
    std::optional<std::string> signature;
    bool repeated = false;
};

enum class SignatureError {
    missing,    // no form is complete
    malformed,  // no header of this form can be right
    stale,      // signed correctly or not: outside the tolerance
    wrong,      // no secret fits
};

struct VerifiedCallback {
    /// Of the Standard Webhooks form: to be used once, kept for twice the tolerance. Absent for X-Signature.
    std::optional<std::string> id;
    std::size_t secret = 0;  // which of the secrets fitted
};

/// `secrets` are all that are valid now: the new one, and the old one during a rotation. If any header of the
/// stronger form is there, it must be complete and right: X-Signature does not stand in for it.
Result<VerifiedCallback, SignatureError> verify_callback(const std::vector<CallbackSecret>& secrets,
                                                         const CallbackProof& proof, std::string_view body,
                                                         TimePoint now);

}  // namespace darkroom::runpod
