#include "objects/s3/s3_signer.h"

namespace darkroom::objects {

ports::HttpFields S3Signer::sign(const S3Signable& what, const S3Route& route,
                                 const std::string& payload_sha256, TimePoint time) const {
    const auto now = signing_time(time);
    const SigningScope scope{now.substr(0, 8), route.region};
    RequestToSign request{std::string(what.method), route.address.path_of(what.key), what.query, what.headers,
                          payload_sha256};
    auto& headers = request.headers;
    headers.emplace_back("x-amz-content-sha256", payload_sha256);
    headers.emplace_back("x-amz-date", now);
    if (!settings_.session_token.empty())
        headers.emplace_back("x-amz-security-token", settings_.session_token);
    headers.emplace_back("host", route.address.host());
    auto value = authorization(request, now, scope, settings_.access_key, key_for(scope));
    headers.pop_back();
    headers.emplace_back("Authorization", std::move(value));
    return std::move(headers);
}

std::string S3Signer::presign(const S3Signable& what, const S3Route& route, int life_seconds,
                              TimePoint time) const {
    const auto now = signing_time(time);
    const SigningScope scope{now.substr(0, 8), route.region};
    RequestToSign request{std::string(what.method), route.address.path_of(what.key), what.query, what.headers,
                          std::string(unsigned_payload)};
    request.headers.emplace_back("host", route.address.host());
    const PresignTerms terms{now, settings_.access_key, settings_.session_token, life_seconds};
    return route.address.url_of(what.key, presigned_query(std::move(request), terms, scope, key_for(scope)));
}

Sha256Bytes S3Signer::key_for(const SigningScope& scope) const {
    const std::lock_guard lock(mutex_);
    if (!(kept_scope_ == scope)) {
        kept_key_ = signing_key(settings_.secret_key, scope);
        kept_scope_ = scope;
    }
    return kept_key_;
}

}  // namespace darkroom::objects
