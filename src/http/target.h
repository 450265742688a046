// A request target taken apart: path as sent, query decoded. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::http {

struct Target {
    std::string path;  // as sent, without authority and query
    ports::HttpFields query;
};

/// Takes origin-form, absolute-form and "*". Fails on a broken percent escape and on an encoded NUL in the
/// query.
std::optional<Target> parse_target(std::string_view target);

/// Undoes %XX. Fails on a broken escape and on %00, which only ever means an attack on a C string.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace darkroom::http
