#include "http/answer_head.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/log.h"
#include "http/asio.h"

namespace darkroom::http {
namespace {

bool is_server_owned(std::string_view name) {
    static constexpr std::array<std::string_view, 7> owned{
        "Content-Length",         "Date",  "Connection", "Darkroom-Request-Id", "Transfer-Encoding",
        "X-Content-Type-Options", "Server"};
    return std::any_of(owned.begin(), owned.end(), [&](std::string_view one) {
        return one.size() == name.size() && ::strncasecmp(one.data(), name.data(), one.size()) == 0;
    });
}

bool is_safe_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

bool is_safe_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void append_answer_head(std::string& out, int status, const ports::HttpFields& fields,
                        const AnswerFrame& frame) {
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(unsigned(status)));
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    out.append(reason.data(), reason.size()).append("\r\n");
    append_field(out, "Date", frame.date);
    for (const auto& [name, value] : fields) {
        if (is_server_owned(name)) continue;
        if (is_safe_name(name) && is_safe_value(value)) {
            append_field(out, name, value);
        } else {
            log::error("left out an answer's header field that would have broken it", {{"status", status}});
        }
    }
    if (frame.content_length) append_field(out, "Content-Length", std::to_string(*frame.content_length));
    append_field(out, "Darkroom-Request-Id", frame.request_id);
    append_field(out, "X-Content-Type-Options", "nosniff");
    if (!frame.keep_alive) append_field(out, "Connection", "close");
    if (frame.keep_alive && frame.http_1_0) append_field(out, "Connection", "keep-alive");
    out.append("\r\n");
}

std::string format_http_date(std::time_t seconds) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                  days[std::size_t(parts.tm_wday)], parts.tm_mday, months[std::size_t(parts.tm_mon)],
                  parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text.data();
}

}  // namespace darkroom::http
