#include "http/head_check.h"

#include <strings.h>

#include <algorithm>

namespace darkroom::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 9110 §5.6.2
bool is_token_char(char c) {
    return is_alpha(c) || is_digit(c) ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// Visible ASCII only: RFC 3986 knows no other bytes, and a fragment is never sent.
bool is_target_char(char c) { return c > 0x20 && c < 0x7f && c != '#'; }

// RFC 9110 §5.5: tab, visible ASCII and obs-text; never NUL, CR, LF or another control byte.
bool is_value_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_host_char(char c) {
    return is_alpha(c) || is_digit(c) ||
           (c != '\0' && std::string_view("-._~!$&'()*+,;=:[]%").find(c) != std::string_view::npos);
}

bool same_text(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view without_default_port(std::string_view authority) {
    constexpr std::string_view port = ":80";
    if (authority.size() > port.size() && authority.substr(authority.size() - port.size()) == port) {
        authority.remove_suffix(port.size());
    }
    return authority;
}

}  // namespace

HeadCheck::Progress HeadCheck::feed(std::string_view bytes) {
    if (!fault_.code.empty()) return Progress::refused;
    while (true) {
        const auto newline = bytes.find('\n', searched_);
        if (newline == std::string_view::npos) {
            searched_ = bytes.size();
            return check_size(bytes);
        }
        searched_ = newline + 1;
        if (newline == line_start_ || bytes[newline - 1] != '\r') {
            return refuse(400, "bad_request", "A header line does not end in CR LF.");
        }
        const auto line = bytes.substr(line_start_, newline - 1 - line_start_);
        if (searched_ - facts_.begin > limits_.head_bytes) return check_size(bytes.substr(0, searched_));
        line_start_ = searched_;
        const auto progress = take_line(line);
        if (progress != Progress::need_more) return progress;
    }
}

// Called when the last line is still open, or the head is too long: which of the two limits was passed?
HeadCheck::Progress HeadCheck::check_size(std::string_view bytes) {
    const auto open_line = bytes.size() - line_start_;
    if (!seen_request_line_) {
        const auto first = bytes.substr(line_start_);
        // What cannot begin a request (a TLS hello, say) is refused at once rather than waited for.
        if (!first.empty() && !is_token_char(first.front()) && (facts_.begin > 0 || first.front() != '\r')) {
            return refuse(400, "bad_request", "This is not an HTTP request.");
        }
        if (open_line > limits_.request_line_bytes + 2) {
            return refuse(414, "target_too_long", "The request line is too long.");
        }
        return Progress::need_more;
    }
    if (bytes.size() - facts_.begin > limits_.head_bytes) {
        return refuse(431, "headers_too_large", "The header is too large.");
    }
    return Progress::need_more;
}

HeadCheck::Progress HeadCheck::take_line(std::string_view line) {
    if (seen_request_line_) {
        if (!line.empty()) return take_field(line);
        facts_.end = line_start_;
        return finish();
    }
    if (line.empty() && facts_.begin == 0) {
        facts_.begin = line_start_;
        return Progress::need_more;
    }
    seen_request_line_ = true;
    return take_request_line(line);
}

HeadCheck::Progress HeadCheck::take_request_line(std::string_view line) {
    if (line.size() > limits_.request_line_bytes) {
        return refuse(414, "target_too_long", "The request line is too long.");
    }
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "bad_request", "The request line is not 'METHOD target HTTP/1.1'.");
    }
    const auto method = line.substr(0, first);
    const auto version = line.substr(last + 1);
    if (!is_token(method)) return refuse(400, "bad_request", "The method is not a token.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return refuse(400, "http_version_unsupported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    }
    facts_.http_1_0 = version == "HTTP/1.0";
    needs_length_ = method == "POST" || method == "PUT" || method == "PATCH";
    const auto target = line.substr(first + 1, last - first - 1);
    if (target == "*" && method != "OPTIONS")
        return refuse(400, "bad_target", "Only OPTIONS may ask for '*'.");
    return take_target(target);
}

HeadCheck::Progress HeadCheck::take_target(std::string_view target) {
    if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char)) {
        return refuse(400, "bad_target", "The request target holds bytes that no URL may hold.");
    }
    if (target.front() == '/' || target == "*") return Progress::need_more;
    constexpr std::string_view scheme = "http://";
    if (target.size() <= scheme.size() || !same_text(target.substr(0, scheme.size()), scheme)) {
        return refuse(400, "bad_target", "The request target must be a path.");
    }
    const auto rest = target.substr(scheme.size());
    authority_ = rest.substr(0, rest.find_first_of("/?"));
    if (authority_.empty() || !std::all_of(authority_.begin(), authority_.end(), is_host_char)) {
        return refuse(400, "bad_target", "The host in the request target is not valid.");
    }
    return Progress::need_more;
}

HeadCheck::Progress HeadCheck::take_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {
        return refuse(400, "bad_request", "Folded header lines are not accepted.");
    }
    if (++fields_ > limits_.fields)
        return refuse(431, "headers_too_large", "There are too many header fields.");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return refuse(400, "bad_request", "A header field has no valid name.");
    }
    const auto value = line.substr(colon + 1);
    if (!std::all_of(value.begin(), value.end(), is_value_char)) {
        return refuse(400, "bad_request", "A header value holds control bytes.");
    }
    return take_known_field(line.substr(0, colon), trimmed(value));
}

HeadCheck::Progress HeadCheck::take_known_field(std::string_view name, std::string_view value) {
    if (same_text(name, "Host")) return take_host(value);
    if (same_text(name, "Content-Length")) return take_length(value);
    if (same_text(name, "Transfer-Encoding")) {
        return refuse(411, "length_required",
                      "Transfer-Encoding is not accepted: send the body with a Content-Length.");
    }
    if (same_text(name, "Connection")) take_connection(value);
    if (same_text(name, "Expect")) {
        if (!same_text(value, "100-continue"))
            return refuse(417, "expectation_failed", "Only 100-continue can be expected.");
        facts_.expects_continue = true;
    }
    return Progress::need_more;
}

HeadCheck::Progress HeadCheck::take_length(std::string_view value) {
    if (facts_.has_length) return refuse(400, "bad_content_length", "There is more than one Content-Length.");
    // 18 digits hold any body there will ever be and cannot overflow.
    if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), is_digit)) {
        return refuse(400, "bad_content_length", "Content-Length is not a plain number.");
    }
    facts_.has_length = true;
    for (const char c : value)
        facts_.content_length = facts_.content_length * 10 + static_cast<std::uint64_t>(c - '0');
    return Progress::need_more;
}

HeadCheck::Progress HeadCheck::take_host(std::string_view value) {
    if (seen_host_) return refuse(400, "bad_host", "There is more than one Host.");
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_host_char)) {
        return refuse(400, "bad_host", "Host is not a valid name.");
    }
    seen_host_ = true;
    if (!authority_.empty()) host_ = value;
    return Progress::need_more;
}

void HeadCheck::take_connection(std::string_view value) {
    while (!value.empty()) {
        const auto comma = std::min(value.find(','), value.size());
        const auto option = trimmed(value.substr(0, comma));
        if (same_text(option, "close")) close_named_ = true;
        if (same_text(option, "keep-alive")) keep_alive_named_ = true;
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
}

HeadCheck::Progress HeadCheck::finish() {
    if (!seen_host_) return refuse(400, "bad_host", "There is no Host.");
    if (!authority_.empty() && !same_text(without_default_port(authority_), without_default_port(host_))) {
        return refuse(400, "bad_host", "The request target names another host than Host does.");
    }
    if (needs_length_ && !facts_.has_length) {
        return refuse(411, "length_required", "A body needs a Content-Length, also when it is empty.");
    }
    facts_.keep_alive = !close_named_ && (!facts_.http_1_0 || keep_alive_named_);
    if (facts_.http_1_0) facts_.expects_continue = false;  // RFC 9110 §10.1.1
    return Progress::complete;
}

HeadCheck::Progress HeadCheck::refuse(int status, std::string_view code, std::string_view detail) {
    fault_ = {status, code, detail};
    return Progress::refused;
}

}  // namespace darkroom::http
