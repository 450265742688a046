#include "runpod/backend/storage_refusal.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::ObjectErrorKind;

constexpr Milliseconds soon{5'000};
constexpr Milliseconds once_somebody_has_acted{60'000};

}  // namespace

ports::SubmitRefused give_up(ErrorCode code, std::string_view why) {
    return {ports::RefusalRule::give_up, plain_error(code), std::string(why)};
}

ports::SubmitRefused refusal_of(const ports::ObjectError& error, std::string_view doing) {
    const auto why = "could not " + std::string(doing) + ": " + error.detail;
    if (error.kind == ObjectErrorKind::missing) return give_up(ErrorCode::input_missing, why);
    if (error.kind == ObjectErrorKind::changed) return give_up(ErrorCode::input_changed, why);
    const auto code =
        error.kind == ObjectErrorKind::full ? ErrorCode::storage_full : ErrorCode::storage_unavailable;
    return {ports::RefusalRule::again_later, plain_error(code), why, pause_after(error.kind)};
}

Milliseconds pause_after(ObjectErrorKind kind) {
    return kind == ObjectErrorKind::unavailable ? soon : once_somebody_has_acted;
}

}  // namespace darkroom::runpod
