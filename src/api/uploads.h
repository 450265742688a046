// Bytes on their way in: where to put them, and what is done with them when they are there. A picture is
// looked at by its header alone; decoding is left to the pixel process.
#pragma once
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/handlers.h"

namespace darkroom::api {

/// A name from a client made harmless: a label of 1 to 128 bytes, never a path.
std::string label_of(std::string_view name);

/// Opens an upload for `user`, to be sent to its signed URL.
Result<core::Upload, Problem> open_upload(ApiContext& context, const UserId& user, std::string_view name,
                                          std::uint64_t bytes_max);

/// Looks at `file`, moves it into the object store and completes the upload. The file may be gone afterwards.
Result<core::Upload, Problem> receive_upload(ApiContext& context, const ports::Access& access,
                                             const UploadId& id, const std::filesystem::path& file,
                                             std::uint64_t bytes);

/// POST /uploads, GET /uploads/{uuid}, PUT /objects/{token}.
class UploadRoutes {
public:
    explicit UploadRoutes(ApiContext& context) : context_(context) {}
    std::vector<ports::HttpRoute> routes(const std::string& base);

private:
    Answer create(const Caller& caller, const ports::HttpRequest& request);
    Answer show(const Caller& caller, const ports::HttpRequest& request);
    Answer receive(ports::HttpRequest& request);
    std::optional<ports::HttpResponse> check_before_body(const ports::HttpRequest& head,
                                                         std::uint64_t& body_bytes_max);

    /// The one sender of an upload's bytes at a time; a second one is told so instead of overwriting the
    /// first.
    class Sending;

    ApiContext& context_;
    std::mutex mutex_;
    std::set<UploadId> sending_;
};

}  // namespace darkroom::api
