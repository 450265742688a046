// A gateway's objects, and in which order they are made and ended; gateway.cpp has what serves,
// gateway_work.cpp what sends jobs to work.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/api.h"
#include "app/api_keys.h"
#include "app/database.h"
#include "app/gateway.h"
#include "app/gateway_meters.h"
#include "app/recipe_graphs.h"
#include "app/recipe_shelf.h"
#include "app/remote_rooms.h"
#include "app/reserved_port.h"
#include "app/storage.h"
#include "app/store_news.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "dispatch/dispatcher.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "http/system_resolver.h"
#include "imaging/pool/local_backend.h"
#include "intake/intake.h"
#include "objects/guard/guarded_object_store.h"
#include "recipes/shipped_recipes.h"
#include "upkeep/rounds.h"
#include "webhooks/webhooks.h"

namespace darkroom::app {

// Members in the order in which they need each other; they end in the opposite order.
class Gateway::Rooms {
public:
    SystemClock clock;
    SystemRandom random;
    Settings settings;
    GatewayMeters meters{clock};
    std::unique_ptr<Database> database;
    store::SqlJobStore* store = nullptr;  // the database's
    http::CurlClient client;
    http::SystemResolver resolver;
    Storage storage;
    RecipeShelf shelf{
        std::make_shared<const recipes::RecipeBook>(recipes::shipped_recipes(), recipes::LicencePolicy{})};
    const RecipeGraphs graphs{shelf};
    AdminKey admin;
    std::unique_ptr<imaging::LocalBackend> local;  // none where nothing is sent to work
    std::unique_ptr<dispatch::Dispatcher> dispatcher;
    std::unique_ptr<objects::GuardedObjectStore> guarded;
    std::optional<ReservedPort> reserved_port;
    std::unique_ptr<RemoteRooms> remote;
    std::unique_ptr<webhooks::Webhooks> webhooks;  // of a node without remote rooms, for those that have some
    api::JobWatch watch;
    std::unique_ptr<StoreNews> news;
    std::unique_ptr<intake::Intake> intake;
    std::unique_ptr<api::Authenticator> authenticator;
    std::unique_ptr<api::Api> api;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<upkeep::Rounds> upkeep;
    std::atomic<bool> stopping{false};
    std::thread dispatcher_thread;
    std::thread upkeep_thread;
    std::string url;

    Result<void, StartFailure> open_stores();
    Result<void, StartFailure> choose_address();
    Result<void, StartFailure> open_recipes();
    Result<void, StartFailure> build_work();
    Result<void, StartFailure> build_api();
    void build_meters();
    Result<void, StartFailure> listen();
    void stop(Milliseconds grace);

private:
    Result<std::unique_ptr<imaging::LocalBackend>, std::string> open_local(bool for_results);
    Result<void, StartFailure> build_here(const std::vector<ports::RemoteTarget>& left);
    dispatch::DispatcherSettings dispatcher_settings();
    void guard_storage();
    Result<void, StartFailure> build_remote(const std::vector<ports::RemoteTarget>& left);
    intake::IntakeSettings intake_settings() const;
    core::InputUrlRules url_rules() const;
    core::ImageLimits image_limits() const;
    std::vector<ports::HttpRoute> routes();
    /// How others reach this server.
    const std::string& public_url() const { return settings.base_url.empty() ? url : settings.base_url; }
    /// A storage in trouble must not hold whoever asks for pictures; a folder never does.
    ports::ObjectStore& objects() { return guarded ? *guarded : *storage.main; }
};

}  // namespace darkroom::app
