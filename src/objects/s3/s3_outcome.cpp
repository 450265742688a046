#include "objects/s3/s3_outcome.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "objects/s3/s3_headers.h"
#include "objects/s3/s3_xml.h"

namespace darkroom::objects {
namespace {

using ports::ObjectErrorKind;

struct Row {
    std::string_view code;
    S3Action action;
};
// S3's codes; those of Wasabi, MinIO, Supabase, Swift and RunPod where they have words of their own.
constexpr std::array rows = {
    Row{"SlowDown", S3Action::again},
    Row{"InternalError", S3Action::again},
    Row{"ServiceUnavailable", S3Action::again},
    Row{"RequestTimeout", S3Action::again},
    Row{"RequestTimeoutException", S3Action::again},
    Row{"Throttling", S3Action::again},
    Row{"ThrottlingException", S3Action::again},
    Row{"RequestLimitExceeded", S3Action::again},
    Row{"BandwidthLimitExceeded", S3Action::again},
    Row{"TooManyRequests", S3Action::again},
    Row{"Busy", S3Action::again},
    Row{"OperationAborted", S3Action::again},
    Row{"ConditionalRequestConflict", S3Action::again},
    // The bytes were damaged on their way: they are sent once more.
    Row{"BadDigest", S3Action::again},
    Row{"IncompleteBody", S3Action::again},
    Row{"XAmzContentSHA256Mismatch", S3Action::again},
    Row{"NoSuchKey", S3Action::missing},
    Row{"NoSuchVersion", S3Action::missing},
    Row{"NoSuchUpload", S3Action::upload_gone},
    Row{"PreconditionFailed", S3Action::changed},
    Row{"InvalidRange", S3Action::nothing_there},
    Row{"QuotaExceeded", S3Action::full},
    Row{"ServiceQuotaExceeded", S3Action::full},
    Row{"InsufficientStorage", S3Action::full},
    Row{"StorageFull", S3Action::full},
    Row{"XMinioStorageFull", S3Action::full},
    Row{"AccessDenied", S3Action::denied},
    Row{"AllAccessDisabled", S3Action::denied},
    Row{"AccountProblem", S3Action::denied},
    Row{"InvalidAccessKeyId", S3Action::denied},
    Row{"SignatureDoesNotMatch", S3Action::denied},
    Row{"ExpiredToken", S3Action::denied},
    Row{"InvalidToken", S3Action::denied},
    Row{"TokenRefreshRequired", S3Action::denied},
    Row{"InvalidSecurity", S3Action::denied},
    Row{"RequestTimeTooSkewed", S3Action::skewed},
    Row{"PermanentRedirect", S3Action::other_region},
    Row{"TemporaryRedirect", S3Action::other_region},
    Row{"Redirect", S3Action::other_region},
    Row{"AuthorizationHeaderMalformed", S3Action::other_region},
    Row{"IllegalLocationConstraintException", S3Action::other_region},
    Row{"IncorrectEndpoint", S3Action::other_region},
    Row{"NoSuchBucket", S3Action::misconfigured},
    Row{"InvalidBucketName", S3Action::misconfigured},
    Row{"MethodNotAllowed", S3Action::misconfigured},
    Row{"NotImplemented", S3Action::misconfigured},
    Row{"EntityTooLarge", S3Action::misconfigured},
};

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

S3Action action_of_status(int status) {
    switch (status) {
        case 301:
        case 302:
        case 307:
        case 308:
            return S3Action::other_region;
        case 401:
        case 403:
            return S3Action::denied;
        case 404:
            return S3Action::missing;
        case 402:
        case 507:
            return S3Action::full;
        case 408:
        case 409:
        case 425:
        case 429:
            return S3Action::again;
        case 412:
            return S3Action::changed;
        case 416:
            return S3Action::nothing_there;
        case 501:
            return S3Action::misconfigured;
        default:
            // A 2xx arrives here when its body is broken; 52x is a proxy's word for a server that is slow.
            return status >= 500 || (status >= 200 && status < 300) ? S3Action::again
                                                                    : S3Action::misconfigured;
    }
}

S3Action action_of(const S3Fault& fault) {
    // 507 is told in different words by everyone; the number is the same.
    if (fault.status == 507) return S3Action::full;
    // Swift and some others say "too large" for a quota that is used up.
    if (fault.code == "EntityTooLarge" && (holds(fault.message, "quota") || holds(fault.message, "Quota"))) {
        return S3Action::full;
    }
    for (const auto& row : rows) {
        if (row.code == fault.code) return row.action;
    }
    // A 400 without a body is how HEAD learns that the bucket is elsewhere.
    if (fault.status == 400 && fault.code.empty() && !fault.region.empty()) return S3Action::other_region;
    return action_of_status(fault.status);
}

std::string header_or_empty(const ports::HttpFields& headers, std::string_view name) {
    const auto* value = find_header(headers, name);
    return value == nullptr ? std::string() : *value;
}

// Of the two forms only the seconds: a date would need a clock here, and no S3 sends one.
Milliseconds retry_after(const ports::HttpFields& headers) {
    const auto text = header_or_empty(headers, "retry-after");
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) return Milliseconds{0};
    return std::chrono::seconds(std::min(seconds, 3'600));
}

// The old way of AuthorizationHeaderMalformed: "... the region 'us-east-1' is wrong; expecting 'eu-west-1'".
std::string region_in(std::string_view message) {
    constexpr std::string_view begin = "expecting '";
    const auto at = message.find(begin);
    if (at == std::string_view::npos) return {};
    message.remove_prefix(at + begin.size());
    const auto end = message.find('\'');
    return end == std::string_view::npos ? std::string() : std::string(message.substr(0, end));
}

// A region ends up in signatures, host names and sentences: it is only believed if it looks like one.
std::string believable_region(std::string region) {
    const bool word =
        !region.empty() && region.size() <= 40 && std::all_of(region.begin(), region.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_';
        });
    return word ? region : std::string();
}

void replace_all(std::string& text, const std::string& secret) {
    if (secret.size() < 4) return;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret)) {
        text.replace(at, secret.size(), "***");
    }
}

/// What the server said, fit for a log line: short, printable, and without what is nobody's business.
std::string printable(std::string text, const S3Settings& settings) {
    replace_all(text, settings.secret_key);
    replace_all(text, settings.session_token);
    for (const std::string_view secret : {"X-Amz-Signature=", "X-Amz-Security-Token=", "Signature="}) {
        if (const auto at = text.find(secret); at != std::string::npos) text.resize(at);
    }
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    constexpr std::size_t length_max = 200;
    if (text.size() > length_max) {
        // Not inside a character of UTF-8.
        std::size_t end = length_max;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        text.resize(end);
        text += "…";
    }
    return text;
}

/// AKIA… : enough to tell keys apart.
std::string begin_of(const std::string& access_key) {
    return access_key.size() <= 8 ? access_key : access_key.substr(0, 8) + "…";
}

std::string advice_for_denied(const std::string& code, const S3Settings& settings) {
    const auto& names = settings.names;
    if (code == "SignatureDoesNotMatch") {
        return "the secret key is not that of access key " + begin_of(settings.access_key) + "; check " +
               names.secret_key + " and " + names.access_key;
    }
    if (code == "InvalidAccessKeyId") {
        return "the server does not know access key " + begin_of(settings.access_key) + "; check " +
               names.access_key + " and " + names.endpoint;
    }
    if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired") {
        return "the session token has expired or is not that of the key; renew " + names.session_token;
    }
    return "access key " + begin_of(settings.access_key) + " may not do this in bucket " + settings.bucket +
           "; check its permissions, " + names.access_key + " and " + names.secret_key;
}

std::string advice_for_configuration(const S3Fault& fault, const S3Settings& settings) {
    const auto& names = settings.names;
    if (fault.code == "NoSuchBucket" || fault.code == "InvalidBucketName") {
        return "there is no bucket " + settings.bucket + " for this key; check " + names.bucket + " and " +
               names.endpoint;
    }
    if (fault.code == "EntityTooLarge") return "the server takes no object of this size";
    if (fault.status == 501 || fault.code == "NotImplemented") return "the server cannot do this";
    if (fault.status == 0) return "check " + names.endpoint;
    return "the server does not take the request; check " + names.endpoint + " and " + names.bucket;
}

std::string advice_for(const S3Fault& fault, const S3Settings& settings) {
    switch (fault.action) {
        case S3Action::again:
            return fault.status == 0 ? "no whole answer; see " + settings.names.endpoint : "try later";
        case S3Action::missing:
            return "there is no such object";
        case S3Action::changed:
            return "the object is not the version that was asked for";
        case S3Action::full:
            return "the storage or its quota is full";
        case S3Action::denied:
            return advice_for_denied(fault.code, settings);
        case S3Action::misconfigured:
            return advice_for_configuration(fault, settings);
        case S3Action::skewed:
            return "this machine's clock differs too much from the server's; set the clock";
        case S3Action::other_region:
            return fault.region.empty()
                       ? "the bucket is not at this endpoint; check " + settings.names.endpoint + " and " +
                             settings.names.region
                       : "the bucket is in region " + fault.region + "; set " + settings.names.region;
        case S3Action::upload_gone:
            return "the upload in parts is gone";
        case S3Action::nothing_there:
            return "the object ends before that";
    }
    return {};
}

ObjectErrorKind kind_of(S3Action action) {
    switch (action) {
        case S3Action::missing:
            return ObjectErrorKind::missing;
        case S3Action::changed:
            return ObjectErrorKind::changed;
        case S3Action::full:
            return ObjectErrorKind::full;
        case S3Action::denied:
            return ObjectErrorKind::denied;
        case S3Action::misconfigured:
        case S3Action::skewed:
        case S3Action::other_region:
            return ObjectErrorKind::misconfigured;
        case S3Action::again:
        case S3Action::upload_gone:
        case S3Action::nothing_there:
            return ObjectErrorKind::unavailable;
    }
    return ObjectErrorKind::unavailable;
}

}  // namespace

S3Fault fault_of(const ports::FetchedAnswer& answer) {
    S3Fault fault;
    fault.status = answer.status;
    fault.region = header_or_empty(answer.headers, "x-amz-bucket-region");
    fault.redirect = header_or_empty(answer.headers, "location");
    fault.retry_after = retry_after(answer.headers);
    if (auto error = read_error(answer.body)) {
        fault.code = std::move(error->code);
        fault.message = std::move(error->message);
        if (fault.region.empty()) fault.region = std::move(error->region);
        if (fault.region.empty()) fault.region = region_in(fault.message);
        if (fault.redirect.empty()) fault.redirect = std::move(error->endpoint);
    }
    fault.region = believable_region(std::move(fault.region));
    fault.action = action_of(fault);
    // A server that failed may have failed after the work was done.
    fault.may_have_happened = fault.status >= 500 || (fault.status >= 200 && fault.status < 300);
    return fault;
}

S3Fault fault_of(const ports::FetchFailure& failure) {
    S3Fault fault;
    fault.message = failure.detail;
    fault.may_have_happened = failure.kind == ports::FetchError::interrupted;
    // A handshake that failed may have been cut, so it is tried again like any other connection.
    const bool hopeless = failure.kind == ports::FetchError::bad_url;
    fault.action = hopeless ? S3Action::misconfigured : S3Action::again;
    return fault;
}

S3Fault fault_of_code(std::string code, std::string message) {
    S3Fault fault;
    fault.status = 200;
    fault.code = std::move(code);
    fault.message = std::move(message);
    fault.action = action_of(fault);
    return fault;
}

ports::ObjectError error_of(const S3Fault& fault, std::string_view doing, const S3Settings& settings) {
    std::string detail = "cannot " + std::string(doing) + ": ";
    if (!fault.code.empty()) {
        detail += printable(fault.code, settings) + ": ";
    } else if (fault.status != 0) {
        detail += "status " + std::to_string(fault.status) + ": ";
    }
    detail += advice_for(fault, settings);
    if (!fault.message.empty()) detail += " (" + printable(fault.message, settings) + ")";
    return {kind_of(fault.action), std::move(detail)};
}

}  // namespace darkroom::objects
