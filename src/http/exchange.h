// One request and its answer, while they travel between the loop and a pool thread. Owned by one side at a
// time: the loop until it is handed to the pool, the pool until it comes back.
#pragma once
#include <optional>
#include <string>

#include "http/head_check.h"
#include "http/server_core.h"
#include "ports/http_message.h"

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

    /// Pool thread, never throws: asks the route whether it wants the body at all.
    void check_head(const ServerCore& core);
    /// Pool thread, never throws: makes the response, after check_head() if there is an unchecked body.
    void handle(const ServerCore& core);
};

}  // namespace darkroom::http
