// What became of a question or command other than /prompt. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "comfyui/prompt.h"
#include "ports/http_client.h"

namespace darkroom::comfyui {

enum class CallErrorKind {
    not_ready,    // nobody listens, or a proxy says so: still starting, perhaps for minutes
    unavailable,  // in trouble, cut, or an answer that cannot be read: later
    auth,         // a proxy in front wants other credentials: the operator must act
    too_large,    // 413, or an answer beyond its limit
    refused,      // asking again does not help
    missing,      // no such file, folder or route
    changed       // the file became another one while it was fetched
};
std::string_view name_of(CallErrorKind kind);

struct CallError {
    CallErrorKind kind = CallErrorKind::unavailable;
    std::string detail;  // for the operator; holds no secret
};

/// nullopt for 200.
std::optional<CallError> call_error(const HttpAnswer& answer);
CallError error_of(const ports::FetchFailure& failure);
CallError error_of_status(int status);
/// The same request may help in a moment.
bool is_worth_repeating(const CallError& error);

}  // namespace darkroom::comfyui
