#include "api/api.h"

#include <iterator>

#include "api/audit.h"
#include "api/create_job.h"
#include "api/downloads.h"
#include "api/error_page.h"
#include "api/job_events.h"
#include "api/jobs.h"
#include "api/operations.h"
#include "api/remote_jobs.h"
#include "api/rerun.h"
#include "api/shares.h"
#include "api/types.h"
#include "api/upkeep.h"

namespace darkroom::api {
namespace {

void append(std::vector<ports::HttpRoute>& all, std::vector<ports::HttpRoute> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Api::Api(ApiContext context) : context_(std::move(context)), uploads_(context_) {
    if (context_.recipes) return;
    context_.recipes = [book = std::make_shared<const recipes::RecipeBook>(
                            std::vector<recipes::RecipeText>(), recipes::LicencePolicy())] { return book; };
}

std::vector<ports::HttpRoute> Api::routes() {
    std::vector<ports::HttpRoute> all;
    for (const std::string base : {"/api/v1", "/api"}) {
        append(all, uploads_.routes(base));
        append(all, create_job_routes(context_, base));
        append(all, job_routes(context_, base));
        append(all, rerun_routes(context_, base));
        append(all, job_event_routes(context_, base));
        append(all, download_routes(context_, base));
        append(all, type_routes(context_, base));
        append(all, upkeep_routes(context_, base));
        append(all, remote_job_routes(context_, base));
        append(all, audit_routes(context_, base));
        append(all, share_routes(context_, base));
    }
    append(all, routes_for_operators());
    append(all, error_page_routes());
    return all;
}

std::vector<ports::HttpRoute> Api::routes_for_operators() {
    auto all = health_routes(context_);
    append(all, metrics_routes(context_));
    for (const std::string base : {"/api/v1", "/api"}) append(all, dispatcher_routes(context_, base));
    return all;
}

}  // namespace darkroom::api
