#include "core/transfer_token.h"

#include <charconv>
#include <vector>

#include "base/digest.h"

namespace darkroom::core {
namespace {

// token = base64url(fields joined by 0x1f) "." base64url(HMAC-SHA256(secret, first half as sent)); the first
// field is the purpose.
constexpr char separator = '\x1f';
constexpr std::string_view upload_purpose = "put";
constexpr std::string_view download_purpose = "get";

std::string mac_of(std::string_view payload, std::string_view secret) {
    return to_base64url(as_text(hmac_sha256(secret, payload)));
}

std::string seal_fields(std::initializer_list<std::string_view> fields, std::string_view secret) {
    std::string joined;
    for (const auto field : fields) {
        if (!joined.empty()) joined.push_back(separator);
        joined.append(field);
    }
    auto token = to_base64url(joined);
    const auto mac = mac_of(token, secret);
    token.push_back('.');
    return token + mac;
}

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The fields of a token that is authentic; what they say is believed afterwards, but still parsed strictly.
std::optional<std::vector<std::string>> authentic_fields(std::string_view token, std::string_view secret) {
    const auto dot = token.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    if (!equal_constant_time(token.substr(dot + 1), mac_of(token.substr(0, dot), secret)))
        return std::nullopt;
    const auto joined = from_base64url(token.substr(0, dot));
    if (!joined) return std::nullopt;
    std::vector<std::string> fields(1);
    for (const char c : *joined) {
        if (c == separator) {
            fields.emplace_back();
        } else {
            fields.back().push_back(c);
        }
    }
    return fields;
}

}  // namespace

std::string seal(const UploadPermit& permit, std::string_view secret) {
    return seal_fields({upload_purpose, std::to_string(to_unix_ms(permit.expires_at)), permit.upload.str(),
                        permit.user.str(), std::to_string(permit.bytes_max)},
                       secret);
}

std::string seal(const DownloadPermit& permit, std::string_view secret) {
    return seal_fields({download_purpose, std::to_string(to_unix_ms(permit.expires_at)), permit.key.str(),
                        permit.content_type, permit.file_name},
                       secret);
}

Result<UploadPermit, TokenError> open_upload_permit(std::string_view token, std::string_view secret,
                                                    TimePoint now) {
    const auto fields = authentic_fields(token, secret);
    if (!fields || fields->size() != 5 || fields->front() != upload_purpose) return Fail(TokenError::forged);
    const auto expires = number_in((*fields)[1]);
    const auto upload = UploadId::parse((*fields)[2]);
    const auto user = UserId::parse((*fields)[3]);
    const auto bytes_max = number_in((*fields)[4]);
    if (!expires || !upload || !user || !bytes_max) return Fail(TokenError::forged);
    if (now >= from_unix_ms(*expires)) return Fail(TokenError::expired);
    return UploadPermit{*upload, *user, static_cast<std::uint64_t>(*bytes_max), from_unix_ms(*expires)};
}

Result<DownloadPermit, TokenError> open_download_permit(std::string_view token, std::string_view secret,
                                                        TimePoint now) {
    const auto fields = authentic_fields(token, secret);
    if (!fields || fields->size() != 5 || fields->front() != download_purpose)
        return Fail(TokenError::forged);
    const auto expires = number_in((*fields)[1]);
    const auto key = ObjectKey::parse((*fields)[2]);
    if (!expires || !key) return Fail(TokenError::forged);
    if (now >= from_unix_ms(*expires)) return Fail(TokenError::expired);
    return DownloadPermit{*key, (*fields)[3], (*fields)[4], from_unix_ms(*expires)};
}

}  // namespace darkroom::core
