// Writes the head of an answer. Adds what every answer of Darkroom has (Date, request id, nosniff, exact
// framing); tells nothing about the server. Pure but for the date, which the caller hands in.
#pragma once
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::http {

struct AnswerFrame {
    std::string_view date;
    std::string_view request_id;
    std::optional<std::uint64_t> content_length;  // nullopt: none is sent (204, 304, streams)
    bool keep_alive = true;
    bool http_1_0 = false;
};

/// Appends status line, fields and the empty line to `out`. Fields that are the server's own, and fields with
/// control bytes or a bad name, are left out: a handler cannot break the framing.
void append_answer_head(std::string& out, int status, const ports::HttpFields& fields,
                        const AnswerFrame& frame);

/// IMF-fixdate of RFC 9110 §5.6.7, as in "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::time_t seconds);

}  // namespace darkroom::http
