#include "cli/exit_code.h"

namespace darkroom::cli {

ExitCode combined(std::span<const ExitCode> items) {
    bool any_ok = items.empty();
    bool any_failed = false;
    bool all_alike = true;
    for (const auto code : items) {
        (code == ExitCode::ok ? any_ok : any_failed) = true;
        all_alike = all_alike && code == items.front();
    }
    if (!any_failed) return ExitCode::ok;
    if (any_ok) return ExitCode::some_failed;
    return all_alike ? items.front() : ExitCode::failed;
}

ExitCode exit_code_for_status(int http_status) {
    switch (http_status) {
        case 401:
        case 403:
            return ExitCode::not_authorised;
        case 402:
            return ExitCode::out_of_credits;
        case 404:
        case 410:
            return ExitCode::not_found;
        case 409:
        case 412:
            return ExitCode::conflict;
        case 429:
        case 502:
        case 503:
        case 504:
            return ExitCode::unreachable;
        default:
            return ExitCode::failed;
    }
}

}  // namespace darkroom::cli
