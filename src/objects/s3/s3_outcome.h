// From what a server answered, or from its silence, to what is to be done now. One table; the rest of the
// room asks it. Pure. No sentence made here holds a secret, a signature or a presigned query.
//
//   again          the same request may help in a moment (SlowDown, 5xx, a cut connection, a broken body)
//   missing        no such object                    changed       If-Match met another version
//   full           quota or disk                     denied        keys or permissions
//   misconfigured  bucket, name, endpoint            skewed        our clock is not the server's
//   other_region   signed for, or sent to, another region than the bucket's
//   upload_gone    no such multipart upload: completed, aborted, or never begun
//   nothing_there  the range begins behind the end
#pragma once
#include <string>

#include "objects/s3/s3_settings.h"
#include "ports/http_client.h"
#include "ports/object_store.h"

namespace darkroom::objects {

enum class S3Action {
    again,
    missing,
    changed,
    full,
    denied,
    misconfigured,
    skewed,
    other_region,
    upload_gone,
    nothing_there,
};

/// An answer that is not what was asked for.
struct S3Fault {
    S3Action action = S3Action::again;
    int status = 0;                  // 0 = no answer
    std::string code;                // S3's word for it, if it gave one
    std::string message;             // S3's or libcurl's sentence; not for the user
    std::string region;              // of the bucket, if the answer tells
    std::string redirect;            // where the bucket is, if the answer tells
    bool may_have_happened = false;  // the request may have been carried out all the same
    Milliseconds retry_after{0};
};

/// Reads an answer as a fault: any status but 2xx, or a 2xx whose body is an error.
S3Fault fault_of(const ports::FetchedAnswer& answer);
S3Fault fault_of(const ports::FetchFailure& failure);
/// Of one key in a DeleteObjects result.
S3Fault fault_of_code(std::string code, std::string message);

/// What the port's user gets. `doing` as in "put uploaded/….png". The detail names the cause and the setting
/// to change.
ports::ObjectError error_of(const S3Fault& fault, std::string_view doing, const S3Settings& settings);

}  // namespace darkroom::objects
