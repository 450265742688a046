#include "core/multipart_header.h"

#include <algorithm>

namespace darkroom::core {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// RFC 9110 §5.6.2
bool is_token_char(char c) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    for (auto& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

std::string_view take_token(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_token_char);
    const auto token = text.substr(0, std::size_t(end - text.begin()));
    text.remove_prefix(token.size());
    return token;
}

std::optional<std::string> take_quoted(std::string_view& text) {
    std::string value;
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        const bool escape = text.front() == '\\' && text.size() > 1 && (text[1] == '"' || text[1] == '\\');
        if (escape) text.remove_prefix(1);
        value.push_back(text.front());
        text.remove_prefix(1);
    }
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    return value;
}

Result<void, MultipartError> apply_disposition(std::string_view value, PartHead& part) {
    const auto disposition = parse_parameterized(value);
    if (!disposition || disposition->value != "form-data") {
        return Fail(MultipartError::malformed);
    }
    auto name = disposition->only("name");
    if (!name || name->empty()) return Fail(MultipartError::malformed);
    part.name = std::move(*name);
    const bool names_file = std::any_of(disposition->params.begin(), disposition->params.end(),
                                        [](const auto& param) { return param.first == "filename"; });
    part.file_name = disposition->only("filename");
    if (names_file && !part.file_name) return Fail(MultipartError::malformed);
    return {};
}

// Sees one header line of a part; `disposed` becomes true with its Content-Disposition.
Result<void, MultipartError> apply_line(std::string_view line, PartHead& part, bool& disposed) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() ||
        !std::all_of(name.begin(), name.end(), is_token_char)) {
        return Fail(MultipartError::malformed);
    }
    const auto value = trimmed(line.substr(colon + 1));
    if (std::any_of(value.begin(), value.end(), is_control)) return Fail(MultipartError::malformed);
    const auto field = lower_case(name);
    if (field == "content-disposition") {
        if (std::exchange(disposed, true)) return Fail(MultipartError::malformed);
        return apply_disposition(value, part);
    }
    if (field == "content-type") part.content_type = value;
    if (field == "content-transfer-encoding") {
        const auto encoding = lower_case(value);  // RFC 7578 §4.7: nobody sends base64 any more
        if (encoding != "binary" && encoding != "8bit" && encoding != "7bit") {
            return Fail(MultipartError::malformed);
        }
    }
    return {};
}

}  // namespace

std::optional<std::string> ParameterizedValue::only(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& [param, value] : params) {
        if (param != name) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::optional<ParameterizedValue> parse_parameterized(std::string_view text) {
    ParameterizedValue parsed;
    const auto semicolon = std::min(text.find(';'), text.size());
    parsed.value = lower_case(trimmed(text.substr(0, semicolon)));
    text.remove_prefix(semicolon);
    while (!text.empty()) {
        text.remove_prefix(1);  // the semicolon
        skip_blanks(text);
        if (text.empty()) break;  // a trailing semicolon does no harm
        const auto name = take_token(text);
        if (name.empty() || text.empty() || text.front() != '=') return std::nullopt;
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '"') {
            auto value = take_quoted(text);
            if (!value) return std::nullopt;
            parsed.params.emplace_back(lower_case(name), std::move(*value));
        } else {
            parsed.params.emplace_back(lower_case(name), std::string(take_token(text)));
        }
        skip_blanks(text);
        if (!text.empty() && text.front() != ';') return std::nullopt;
    }
    return parsed;
}

Result<PartHead, MultipartError> parse_part_head(std::string_view lines) {
    PartHead part;
    bool disposed = false;
    while (!lines.empty()) {
        const auto end = std::min(lines.find("\r\n"), lines.size());
        if (auto applied = apply_line(lines.substr(0, end), part, disposed); !applied)
            return Fail(applied.error());
        lines.remove_prefix(std::min(end + 2, lines.size()));
    }
    if (!disposed) return Fail(MultipartError::malformed);
    return part;
}

}  // namespace darkroom::core
