// What trouble with a storage means for an order that was about to be sent. It is never the endpoint's fault,
// so the order waits; only what is wrong with the order's own picture ends it.
#pragma once
#include <string_view>

#include "core/error_code.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"

namespace darkroom::runpod {

/// The order will be refused again: its attempt fails with `code`.
ports::SubmitRefused give_up(core::ErrorCode code, std::string_view why);
/// `doing` as in "read the input".
ports::SubmitRefused refusal_of(const ports::ObjectError& error, std::string_view doing);
/// When it makes sense to ask a storage again that answered so.
Milliseconds pause_after(ports::ObjectErrorKind kind);

}  // namespace darkroom::runpod
