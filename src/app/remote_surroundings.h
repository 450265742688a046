// What the gateway lends to the parts that only a gateway with remote endpoints has. All of it outlives them.
#pragma once
#include <string>

#include "app/gateway_meters.h"
#include "app/recipe_graphs.h"
#include "app/settings.h"
#include "app/storage.h"
#include "dispatch/dispatcher.h"
#include "imaging/pool/process_pool.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/job_store.h"
#include "ports/nodes.h"
#include "ports/random.h"
#include "ports/remote_job_store.h"
#include "ports/resolver.h"

namespace darkroom::app {

struct RemoteSurroundings {
    const Settings& settings;
    ports::JobStore& jobs;
    ports::RemoteJobStore& remote_jobs;
    Storage& storage;
    ports::ObjectStore& objects;  // the main store as requests see it
    ports::HttpClient& http;
    const ports::Clock& clock;
    ports::Random& random;
    imaging::ProcessPool& pixels;
    dispatch::Dispatcher& dispatcher;
    const RecipeGraphs& graphs;
    ports::Resolver& resolver;
    core::InputUrlRules url_rules;  // of pictures that are fetched from links
    GatewayMeters& meters;
    const ports::Nodes* nodes;  // nullptr: there are no others
    std::string signing_secret;
    std::string public_url;
};

}  // namespace darkroom::app
