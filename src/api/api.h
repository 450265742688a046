// The REST API: every route, under /api/v1 and, with the same behaviour, under /api.
#pragma once
#include <vector>

#include "api/context.h"
#include "api/uploads.h"
#include "ports/http_message.h"

namespace darkroom::api {

class Api {
public:
    explicit Api(ApiContext context);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// The routes refer to this object, which must outlive the server.
    std::vector<ports::HttpRoute> routes();
    /// Only what load balancers, Prometheus and operators in trouble ask, of a node that serves nobody else.
    std::vector<ports::HttpRoute> routes_for_operators();

private:
    ApiContext context_;
    UploadRoutes uploads_;
};

}  // namespace darkroom::api
