// The part of a gateway that sends jobs to work: this machine's processes, remote endpoints, and the
// dispatcher over them. A node that only serves the API has the last alone, at rest.
#include <algorithm>

#include "app/fallback_plans.h"
#include "app/gateway_rooms.h"
#include "app/recipe_files.h"
#include "app/recipe_models.h"

namespace darkroom::app {
namespace {

// Results of workers are looked at beside the jobs of this machine.
constexpr int processes_for_results = 2;
// The store finds out within two seconds that a node is gone; which of the others notices is chance.
constexpr Milliseconds take_over_every{2'000};

}  // namespace

Result<std::unique_ptr<imaging::LocalBackend>, std::string> Gateway::Rooms::open_local(bool for_results) {
    imaging::LocalBackendOptions options;
    options.inflight_max = settings.inflight_max;
    if (for_results) options.processes_for_others = processes_for_results;
    options.pool.program = settings.imaging_program;
    options.pool.work_dir = settings.data_dir / "work";
    options.pool.limits = image_limits();
    options.pool.wall_limit = options.pool.cpu_limit = settings.run_timeout;
    options.model_of = recipe_models(shelf, recipe_folder(settings).dir);
    return imaging::LocalBackend::open(std::move(options), *storage.main, clock, random);
}

Result<void, StartFailure> Gateway::Rooms::build_work() {
    const auto left = store->list_remote_targets();
    if (!left) return Fail(StartFailure{left.error().detail});
    if (auto built = build_here(*left); !built) return built;
    news = std::make_unique<StoreNews>(*dispatcher, watch, remote.get());
    store->set_listener(news.get());
    if (auto recovered = dispatcher->recover(); !recovered)
        return Fail(StartFailure{recovered.error().detail});
    return {};
}

// A node that only serves the API has a dispatcher too, without anything to send jobs to: it watches the
// storage.
Result<void, StartFailure> Gateway::Rooms::build_here(const std::vector<ports::RemoteTarget>& left) {
    const bool dispatches = settings.node.dispatches();
    const bool has_remote = dispatches && RemoteRooms::are_needed(settings, left);
    std::vector<ports::Backend*> backends;
    if (dispatches) {
        auto backend = open_local(has_remote);
        if (!backend) return Fail(StartFailure{backend.error(), exit_config});
        local = *std::move(backend);
        backends.push_back(local.get());
    }
    dispatcher = std::make_unique<dispatch::Dispatcher>(*store, *storage.main, backends, clock, random,
                                                        dispatcher_settings());
    guard_storage();
    if (has_remote) return build_remote(left);
    if (!dispatches && settings.runpod.is_used())
        webhooks = std::make_unique<webhooks::Webhooks>(
            *store, clock,
            webhooks::WebhookSettings{.attempt_secret = database->signing_secret(),
                                      .callback_secrets = settings.runpod.callback_secrets,
                                      .meters = &meters.meters()});
    return {};
}

dispatch::DispatcherSettings Gateway::Rooms::dispatcher_settings() {
    dispatch::DispatcherSettings dispatching;
    dispatching.retry.attempts_max = settings.attempts_max;
    dispatching.time_limit = settings.run_timeout;
    dispatching.meters = &meters.meters();
    dispatching.limit_of_recipe = [this](const core::Attempt& attempt) {
        return graphs.time_limit_of(attempt.recipe_digest);
    };
    dispatching.fallback = fallback_plans(
        shelf, {settings.backends(), settings.kinds_with_a_choice(), settings.kinds_of_workflows_only()});
    dispatching.dispatches = settings.node.dispatches();
    dispatching.nodes = database->nodes();
    if (database->is_shared()) dispatching.take_over_every = take_over_every;
    return dispatching;
}

void Gateway::Rooms::guard_storage() {
    if (settings.storage.kind == StorageKind::files) return;
    auto& gate = dispatcher->storage_gate();
    guarded = std::make_unique<objects::GuardedObjectStore>(
        *storage.main,
        objects::StorageSignals{[&gate] { return gate.trouble(); },
                                [&gate, &looks = *dispatcher] {
                                    gate.doubt();
                                    looks.wake();  // a quiet queue would let the doubt stand
                                }},
        clock);
}

Result<void, StartFailure> Gateway::Rooms::build_remote(const std::vector<ports::RemoteTarget>& left) {
    // RunPod itself never reaches an address that only this machine knows.
    const bool reaches_us = !settings.base_url.empty() || settings.runpod.is_near;
    auto opened = RemoteRooms::open({.settings = settings,
                                     .jobs = *store,
                                     .remote_jobs = *store,
                                     .storage = storage,
                                     .objects = objects(),
                                     .http = client,
                                     .clock = clock,
                                     .random = random,
                                     .pixels = local->pool(),
                                     .dispatcher = *dispatcher,
                                     .graphs = graphs,
                                     .resolver = resolver,
                                     .url_rules = url_rules(),
                                     .meters = meters,
                                     .nodes = database->nodes(),
                                     .signing_secret = database->signing_secret(),
                                     .public_url = reaches_us ? public_url() : ""},
                                    left);
    if (!opened) return Fail(StartFailure{opened.error(), exit_config});
    remote = *std::move(opened);
    return {};
}

void Gateway::Rooms::build_meters() {
    const auto here = local ? local->endpoint()
                            : ports::EndpointInfo{.backend = "local", .name = "local", .inflight_max = 0};
    meters.watch(here, remote ? remote->endpoints() : std::vector<ports::RemoteBackend*>{}, *store,
                 settings.metrics_users);
}

}  // namespace darkroom::app
