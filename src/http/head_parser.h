// Splits a head that HeadCheck accepted into method, target and fields, with Beast's parser, writing straight
// into our own types. A head that Beast reads differently is refused: the two must agree.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/head_check.h"
#include "ports/http_message.h"

namespace darkroom::http {

struct ParsedHead {
    std::optional<ports::HttpMethod> method;  // nullopt: a method that no route can have
    std::string target;
    ports::HttpFields fields;
};

/// `head` is exactly one head with its empty line. Never throws.
Result<ParsedHead, HeadFault> parse_head(std::string_view head);

}  // namespace darkroom::http
