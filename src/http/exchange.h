// One request and its answer, while they travel between the loop and a pool thread. Owned by one side at a
// time: the loop until it is handed to the pool, the pool until it comes back.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/time.h"
#include "http/head_check.h"
#include "http/server_core.h"
#include "ports/http_message.h"
#include "ports/meters.h"

namespace darkroom::http {

struct Exchange {
    ports::HttpRequest request;
    const ports::HttpRoute* route = nullptr;
    bool expects_continue = false;
    bool http_1_0 = false;
    bool keep_alive = false;
    std::optional<std::string>
        unchecked_body;  // a whole body that came with the head, not yet shown to check_head
    std::optional<ports::HttpResponse> refusal;  // after check_head()
    ports::HttpResponse response;                // after handle()
    Instant began = std::chrono::steady_clock::now();
    bool waited = false;  // on purpose: its time says nothing of the server

    /// The answer has this status and is on its way or over.
    void tell(ports::Meters& meters, int status) const;

    /// Pool thread, never throws: asks the route whether it wants the body at all.
    void check_head(const ServerCore& core);
    /// Pool thread, never throws: makes the response, after check_head() if there is an unchecked body.
    void handle(const ServerCore& core);
};

}  // namespace darkroom::http
