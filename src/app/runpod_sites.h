// The endpoints at RunPod as the settings name them, and those that an earlier configuration left jobs at,
// each as a backend of its own; with the network volumes where their workers meet us.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/gateway_meters.h"
#include "app/recipe_graphs.h"
#include "app/runpod_settings.h"
#include "app/storage.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/remote_job_store.h"
#include "ports/resolver.h"
#include "runpod/backend/link_reader.h"
#include "runpod/backend/serverless_backend.h"
#include "runpod/scale/health_watch.h"

namespace darkroom::app {

struct RunpodSurroundings {
    ports::ObjectStore& main;
    Storage& storage;  // for the network volume
    ports::HttpClient& http;
    const ports::Clock& clock;
    ports::Random& random;
    std::string public_url;  // of this gateway; empty = RunPod cannot reach it
    Milliseconds run_timeout{0};
    const RecipeGraphs& graphs;
    ports::Resolver& resolver;
    core::InputUrlRules url_rules;  // of links that workers name
    GatewayMeters& meters;
};

/// One of the settings' endpoints, wired.
struct RunpodSite {
    RunpodEndpoint endpoint;
    std::unique_ptr<runpod::ServerlessBackend> backend;
    std::unique_ptr<runpod::scale::HealthWatch> health;
};

class RunpodSites {
public:
    /// `left` are the places where remote jobs are open.
    RunpodSites(const RunpodSettings& settings, const std::vector<ports::RemoteTarget>& left,
                const RunpodSurroundings& around);
    RunpodSites(const RunpodSites&) = delete;
    RunpodSites& operator=(const RunpodSites&) = delete;

    const std::vector<RunpodSite>& active() const { return active_; }
    std::vector<runpod::ServerlessBackend*> all() const;
    const std::vector<std::unique_ptr<runpod::ServerlessBackend>>& kept() const { return kept_; }
    /// Network volumes that only some endpoints have: upkeep looks after them too.
    std::vector<ports::ObjectStore*> own_volumes() const;

private:
    runpod::InputCopies* volume_of(const RunpodEndpoint& endpoint);
    runpod::ServerlessSettings settings_of(const RunpodSettings& settings,
                                           const RunpodEndpoint& endpoint) const;
    void keep(const RunpodSettings& settings, const std::vector<ports::RemoteTarget>& left);
    bool is_known(const std::string& target) const;
    void equip(runpod::ServerlessBackend& backend) const;

    struct Volume {
        std::string name;
        std::unique_ptr<ports::ObjectStore> store;
        std::unique_ptr<runpod::InputCopies> copies;
    };

    const RunpodSurroundings around_;
    const runpod::LinkReader links_;
    std::vector<Volume> volumes_;                  // of single endpoints
    std::unique_ptr<runpod::InputCopies> common_;  // copies on the volume of all; may be empty
    std::vector<RunpodSite> active_;
    std::vector<std::unique_ptr<runpod::ServerlessBackend>> kept_;
};

}  // namespace darkroom::app
