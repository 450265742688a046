#include "webhooks/webhooks.h"

namespace darkroom::webhooks {

std::vector<ports::HttpRoute> Webhooks::routes() {
    std::vector<ports::HttpRoute> all;
    for (const std::string base : {"", "/api/v1", "/api"}) {
        all.push_back(completion_.route(base));
        all.push_back(callback_.route(base));
        all.push_back(claim_.route(base));
    }
    return all;
}

}  // namespace darkroom::webhooks
