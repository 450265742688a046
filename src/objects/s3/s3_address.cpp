#include "objects/s3/s3_address.h"

#include <algorithm>

#include "base/percent.h"

namespace darkroom::objects {
namespace {

constexpr auto npos = std::string_view::npos;

struct Url {
    std::string scheme;
    std::string host;  // with the port, unless it is the scheme's own
    std::string path;  // without a slash at the end
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
}

bool valid_host(std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        return std::all_of(host.begin(), host.end(), [](char c) {
            return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
        });
    }
    return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

bool valid_port(std::string_view port) {
    return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit) &&
           std::stoul(std::string(port)) >= 1 && std::stoul(std::string(port)) <= 65535;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::optional<std::string> host_of(std::string_view authority, std::string_view scheme) {
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    std::string_view host = authority;
    std::string_view port;
    if (colon != npos && (bracket == npos || colon > bracket)) {
        host = authority.substr(0, colon);
        port = authority.substr(colon + 1);
        if (!valid_port(port)) return std::nullopt;
    }
    if (!valid_host(host)) return std::nullopt;
    const bool own = port.empty() || port == (scheme == "https" ? "443" : "80");
    // Names compare without case, but signatures do not: what libcurl sends is lower case.
    return lower(host) + (own ? "" : ":" + std::string(port));
}

std::optional<Url> parse_url(std::string_view text) {
    Url url;
    const auto colon = text.find("://");
    if (colon == npos) return std::nullopt;
    url.scheme = lower(text.substr(0, colon));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(colon + 3);
    const auto slash = std::min(text.find('/'), text.size());
    auto host = host_of(text.substr(0, slash), url.scheme);
    if (!host) return std::nullopt;
    url.host = std::move(*host);
    url.path = text.substr(slash);
    while (url.path.ends_with('/')) url.path.pop_back();
    return url;
}

bool is_address(std::string_view host) {
    const auto name = host.substr(0, host.rfind(':'));
    return host.front() == '[' || name.find_first_not_of("0123456789.") == npos;
}

std::string aws_endpoint(const std::string& region) {
    return "https://s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace

bool fits_a_host_name(std::string_view bucket) {
    return bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '-' && bucket.back() != '-' &&
           std::all_of(bucket.begin(), bucket.end(),
                       [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

Result<S3Address, std::string> S3Address::of(const S3Settings& settings, const std::string& region) {
    const bool at_aws = settings.endpoint.empty();
    if (at_aws && !fits_a_host_name(region)) {
        return Fail(settings.names.region + " is no region of AWS: \"" + region + "\"");
    }
    const auto url = parse_url(at_aws ? aws_endpoint(region) : settings.endpoint);
    if (!url || url->path.find_first_of("?#%") != npos) {
        return Fail(settings.names.endpoint +
                    " is to be https://host, with a port and a path if needed, without user, query and "
                    "fragment");
    }
    S3Address address;
    address.scheme_ = url->scheme;
    address.bucket_ = settings.bucket;
    const bool path_style = settings.path_style.value_or(!at_aws || !fits_a_host_name(settings.bucket));
    if (path_style) {
        address.host_ = url->host;
        address.base_ = url->path + "/" + settings.bucket + "/";
        return address;
    }
    if (is_address(url->host) || !fits_a_host_name(settings.bucket)) {
        return Fail("the bucket " + settings.bucket + " cannot be part of the host " + url->host +
                    ": use path style");
    }
    address.host_ = settings.bucket + "." + url->host;
    address.base_ = url->path + "/";
    return address;
}

std::string S3Address::path_of(std::string_view key) const {
    // The bucket itself has no slash at its end in path style ("/bucket"), and is "/" in host style.
    if (key.empty() && base_.size() > 1) return base_.substr(0, base_.size() - 1);
    return base_ + std::string(key);
}

std::string S3Address::url_of(std::string_view key, std::string_view query) const {
    auto url = scheme_ + "://" + host_ + percent_encode(path_of(key), true);
    if (!query.empty()) url.append("?").append(query);
    return url;
}

std::optional<S3Address> S3Address::redirected(std::string_view target, std::string_view key) const {
    if (target.find("://") == npos) {  // <Endpoint>: a host, of the bucket or of the region
        const auto host = host_of(target, scheme_);
        if (!host || is_address(*host)) return std::nullopt;
        S3Address there = *this;
        const bool host_style = host->starts_with(bucket_ + ".");
        there.host_ = *host;
        there.base_ = host_style ? "/" : "/" + bucket_ + "/";
        if (there.host_ == host_) return std::nullopt;
        return there;
    }
    const auto url = parse_url(target.substr(0, target.find_first_of("?#")));
    if (!url || url->scheme != scheme_ || url->host == host_) return std::nullopt;
    S3Address there = *this;
    there.host_ = url->host;
    const auto in_path =
        "/" + percent_encode(bucket_, true) + (key.empty() ? "" : "/") + percent_encode(key, true);
    if (url->path.ends_with(in_path)) {
        there.base_ = url->path.substr(0, url->path.size() - in_path.size()) + "/" + bucket_ + "/";
    } else if (url->host.starts_with(bucket_ + ".")) {
        there.base_ = "/";
    }
    return there;
}

}  // namespace darkroom::objects
