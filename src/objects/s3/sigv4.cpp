#include "objects/s3/sigv4.h"

#include <algorithm>
#include <map>

#include "base/percent.h"

namespace darkroom::objects {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// Blanks at the ends go, runs of blanks inside become one.
std::string collapsed(std::string_view value) {
    std::string out;
    bool blank = false;
    for (const char c : value) {
        if (is_blank(c)) {
            blank = !out.empty();
            continue;
        }
        if (blank) out += ' ';
        blank = false;
        out += c;
    }
    return out;
}

// By name; values of a name that comes several times are joined in the order they came.
std::map<std::string, std::string> canonical_headers(const ports::HttpFields& headers) {
    std::map<std::string, std::string> canonical;
    for (const auto& [name, value] : headers) {
        const auto [at, is_new] = canonical.try_emplace(lower(name));
        if (!is_new) at->second += ',';
        at->second += collapsed(value);
    }
    return canonical;
}

std::string signed_headers(const ports::HttpFields& headers) {
    std::string names;
    for (const auto& [name, value] : canonical_headers(headers)) {
        if (!names.empty()) names += ';';
        names += name;
    }
    return names;
}

}  // namespace

std::string canonical_query(const ports::HttpFields& query) {
    // Sorted after encoding: that is the order of the bytes that are signed.
    ports::HttpFields encoded;
    for (const auto& [name, value] : query) {
        encoded.emplace_back(percent_encode(name, false), percent_encode(value, false));
    }
    std::sort(encoded.begin(), encoded.end());
    std::string out;
    for (const auto& [name, value] : encoded) {
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(value);
    }
    return out;
}

std::string canonical_request(const RequestToSign& request) {
    std::string out = request.method + "\n" + percent_encode(request.path, true) + "\n" +
                      canonical_query(request.query) + "\n";
    for (const auto& [name, value] : canonical_headers(request.headers)) {
        out.append(name).append(":").append(value).append("\n");
    }
    return out + "\n" + signed_headers(request.headers) + "\n" + request.payload_hash;
}

std::string signing_time(TimePoint time) {
    std::string basic;
    for (const char c : format_rfc3339(time)) {
        if (c == '.') break;  // whole seconds
        if (c != '-' && c != ':') basic += c;
    }
    return basic + "Z";
}

Sha256Bytes signing_key(std::string_view secret_key, const SigningScope& scope) {
    const auto day = hmac_sha256("AWS4" + std::string(secret_key), scope.day);
    const auto region = hmac_sha256(as_text(day), scope.region);
    const auto service = hmac_sha256(as_text(region), scope.service);
    return hmac_sha256(as_text(service), "aws4_request");
}

std::string signature(std::string_view canonical, std::string_view time, const SigningScope& scope,
                      const Sha256Bytes& key) {
    std::string text(algorithm);
    text.append("\n").append(time).append("\n").append(scope.str()).append("\n");
    text.append(to_hex(sha256(canonical)));
    return to_hex(hmac_sha256(as_text(key), text));
}

std::string authorization(const RequestToSign& request, std::string_view time, const SigningScope& scope,
                          std::string_view access_key, const Sha256Bytes& key) {
    std::string value(algorithm);
    value.append(" Credential=").append(access_key).append("/").append(scope.str());
    value.append(", SignedHeaders=").append(signed_headers(request.headers));
    return value.append(", Signature=").append(signature(canonical_request(request), time, scope, key));
}

std::string presigned_query(RequestToSign request, const PresignTerms& terms, const SigningScope& scope,
                            const Sha256Bytes& key) {
    auto& query = request.query;
    query.emplace_back("X-Amz-Algorithm", algorithm);
    query.emplace_back("X-Amz-Credential", std::string(terms.access_key) + "/" + scope.str());
    query.emplace_back("X-Amz-Date", terms.time);
    query.emplace_back("X-Amz-Expires", std::to_string(terms.life_seconds));
    if (!terms.session_token.empty()) query.emplace_back("X-Amz-Security-Token", terms.session_token);
    query.emplace_back("X-Amz-SignedHeaders", signed_headers(request.headers));
    const auto signed_with = signature(canonical_request(request), terms.time, scope, key);
    return canonical_query(query) + "&X-Amz-Signature=" + signed_with;
}

}  // namespace darkroom::objects
