#include "comfyui/call_error.h"

#include "comfyui/trouble.h"

namespace darkroom::comfyui {

using ports::FetchError;

std::string_view name_of(CallErrorKind kind) {
    switch (kind) {
        case CallErrorKind::not_ready:
            return "not_ready";
        case CallErrorKind::unavailable:
            return "unavailable";
        case CallErrorKind::auth:
            return "auth";
        case CallErrorKind::too_large:
            return "too_large";
        case CallErrorKind::refused:
            return "refused";
        case CallErrorKind::missing:
            return "missing";
        case CallErrorKind::changed:
            return "changed";
    }
    return "unavailable";
}

CallError error_of(const ports::FetchFailure& failure) {
    CallError error{CallErrorKind::unavailable, one_line(failure.detail)};
    if (failure.kind == FetchError::unreachable || failure.kind == FetchError::timed_out)
        error.kind = CallErrorKind::not_ready;
    if (failure.kind == FetchError::bad_url || failure.kind == FetchError::stopped)
        error.kind = CallErrorKind::refused;
    if (failure.kind == FetchError::answer_too_large) error.kind = CallErrorKind::too_large;
    return error;
}

CallError error_of_status(int status) {
    CallError error{CallErrorKind::refused, "HTTP " + std::to_string(status)};
    if (status == 401 || status == 403) error.kind = CallErrorKind::auth;
    if (status == 404 || status == 405) error.kind = CallErrorKind::missing;
    if (status == 413) error.kind = CallErrorKind::too_large;
    if (status == 408 || status == 429 || status >= 500 || status < 300)
        error.kind = CallErrorKind::unavailable;
    if (status == 502 || status == 503 || status == 504) error.kind = CallErrorKind::not_ready;
    return error;
}

std::optional<CallError> call_error(const HttpAnswer& answer) {
    if (!answer) return error_of(answer.error());
    if (answer->status == 200) return std::nullopt;
    return error_of_status(answer->status);
}

bool is_worth_repeating(const CallError& error) {
    return error.kind == CallErrorKind::not_ready || error.kind == CallErrorKind::unavailable;
}

}  // namespace darkroom::comfyui
