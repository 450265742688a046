// Bytes on their way in: where to put them, and what is told when they are there. Stores that sign links take
// the bytes themselves; for the others Darkroom relays them. The client does the same in both cases: it sends
// `method` to `url` with `headers`.
#pragma once
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/handlers.h"

namespace darkroom::api {

/// POST /uploads, GET /uploads/{uuid}, POST /uploads/{uuid}/complete, PUT /objects/{token}.
class UploadRoutes {
public:
    explicit UploadRoutes(ApiContext& context) : context_(context) {}
    std::vector<ports::HttpRoute> routes(const std::string& base);

private:
    /// What POST /uploads was told of the bytes to come.
    struct Announced {
        std::string name = "picture";
        std::optional<std::uint64_t> bytes;
        std::string content_type;  // empty = unknown
    };

    Result<Announced, Problem> read_announced(const ports::HttpRequest& request) const;
    Answer create(const Caller& caller, const ports::HttpRequest& request);
    Answer create_direct(const Caller& caller, const Announced& announced);
    Answer create_relayed(const Caller& caller, const Announced& announced);
    Answer show(const Caller& caller, const ports::HttpRequest& request);
    Answer complete(const Caller& caller, const ports::HttpRequest& request);
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
