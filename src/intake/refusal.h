// Why a picture did not come in. One type for all ways, so that the API has one table from it to statuses.
#pragma once
#include <cstdint>
#include <string>
#include <variant>

#include "core/error_code.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::intake {

struct NotSent {};  // an upload whose bytes are not there yet
struct WrongLength {
    std::uint64_t sent;
    std::uint64_t declared;
};
struct UrlRefused {   // the URL, or one that it redirects to, is not asked
    std::string why;  // a sentence for the client, without the query of any URL
};
struct UrlFailed {  // asked, and gave no picture
    std::string why;
    bool retryable;
};
struct TooBusy {};  // as many URLs as allowed are being fetched

using Refusal = std::variant<core::JobError, ports::StoreError, ports::ObjectError, ports::UploadOutcome,
                             NotSent, WrongLength, UrlRefused, UrlFailed, TooBusy>;

}  // namespace darkroom::intake
