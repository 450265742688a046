#include "app/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>

#include "api/api.h"
#include "app/api_keys.h"
#include "app/fallback_plans.h"
#include "app/gateway_meters.h"
#include "app/key_files.h"
#include "app/named_thread.h"
#include "app/open_files.h"
#include "app/own_host.h"
#include "app/recipe_files.h"
#include "app/recipe_graphs.h"
#include "app/recipe_models.h"
#include "app/remote_rooms.h"
#include "app/reserved_port.h"
#include "app/storage.h"
#include "app/store_news.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "dispatch/dispatcher.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "http/system_resolver.h"
#include "imaging/pool/local_backend.h"
#include "objects/guard/guarded_object_store.h"
#include "recipes/shipped_recipes.h"
#include "store/sqlite/sqlite_job_store.h"
#include "upkeep/rounds.h"
#include "upkeep/storage_sums.h"

namespace darkroom::app {
namespace {

constexpr int exit_config = 78;
// A link to send bytes is used at once or not at all.
constexpr Milliseconds upload_url_life_max{600'000};
// Results of workers are looked at beside the jobs of this machine.
constexpr int processes_for_results = 2;

// How this machine reaches the server: an address that stands for all of them stands for loopback here.
std::string local_url(const std::string& address, std::uint16_t port) {
    const bool any_v4 = address.empty() || address == "0.0.0.0";
    const auto host = any_v4                                   ? "127.0.0.1"
                      : address == "::"                        ? "[::1]"
                      : address.find(':') != std::string::npos ? "[" + address + "]"
                                                               : address;
    return "http://" + host + ":" + std::to_string(port);
}

core::ImageLimits image_limits(const Settings& settings) {
    core::ImageLimits limits;
    limits.file_bytes_max = settings.upload_bytes_max;
    limits.pixels_max = settings.pixels_max;
    limits.heic = settings.heic;
    return limits;
}

Milliseconds upload_url_life(const Settings& settings) {
    return std::min(settings.url_life, upload_url_life_max);
}

Result<void, StartFailure> make_data_dir(const std::filesystem::path& dir) {
    std::error_code error;
    const bool is_new = std::filesystem::create_directories(dir, error);
    if (!error && is_new) std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
    if (error)
        return Fail(StartFailure{
            "The data folder " + dir.string() + " cannot be made: " + error.message() + ".", exit_config});
    return {};
}

}  // namespace

// Members in the order in which they need each other; they end in the opposite order.
class Gateway::Rooms {
public:
    SystemClock clock;
    SystemRandom random;
    Settings settings;
    GatewayMeters meters{clock};
    std::unique_ptr<store::SqliteJobStore> store;
    http::CurlClient client;
    http::SystemResolver resolver;
    Storage storage;
    RecipeShelf shelf{
        std::make_shared<const recipes::RecipeBook>(recipes::shipped_recipes(), recipes::LicencePolicy{})};
    const RecipeGraphs graphs{shelf};
    AdminKey admin;
    std::string signing_secret;
    std::unique_ptr<imaging::LocalBackend> local;
    std::unique_ptr<dispatch::Dispatcher> dispatcher;
    std::unique_ptr<objects::GuardedObjectStore> guarded;
    std::optional<ReservedPort> reserved_port;
    std::unique_ptr<RemoteRooms> remote;
    api::JobWatch watch;
    std::unique_ptr<StoreNews> news;
    std::unique_ptr<intake::Intake> intake;
    std::unique_ptr<api::Authenticator> authenticator;
    std::unique_ptr<api::Api> api;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<upkeep::Rounds> upkeep;
    std::unique_ptr<upkeep::StorageSums> storage_sums;  // only where they are asked for
    std::atomic<bool> stopping{false};
    std::thread dispatcher_thread;
    std::thread upkeep_thread;
    std::thread sums_thread;
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
    Result<void, StartFailure> build_remote(const std::vector<ports::RemoteTarget>& left);
    intake::IntakeSettings intake_settings() const;
    core::InputUrlRules url_rules() const;
    std::vector<ports::HttpRoute> routes();
    /// How others reach this server.
    const std::string& public_url() const { return settings.base_url.empty() ? url : settings.base_url; }
    /// A storage in trouble must not hold whoever asks for pictures; a folder never does.
    ports::ObjectStore& objects() { return guarded ? *guarded : *storage.main; }
};

Result<void, StartFailure> Gateway::Rooms::open_stores() {
    if (auto made = make_data_dir(settings.data_dir); !made) return made;
    store::SqliteJobStore::Options keeping;
    keeping.writer.meters = &meters.meters();
    auto opened = store::SqliteJobStore::open((settings.data_dir / "darkroom.db").string(), random, keeping);
    if (!opened) return Fail(StartFailure{opened.error().detail, exit_config});
    store = *std::move(opened);
    auto pictures = open_storage(settings.storage, settings.data_dir, client, clock, random);
    if (!pictures) return Fail(StartFailure{pictures.error(), exit_config});
    storage = *std::move(pictures);
    meters.stand_around(storage);
    auto key = install_admin_key(settings.data_dir, settings.api_key, *store, clock, random);
    if (!key) return Fail(StartFailure{key.error(), exit_config});
    admin = *std::move(key);
    auto secret = load_or_create_secret(settings.data_dir / "signing.key", "", random);
    if (!secret) return Fail(StartFailure{secret.error(), exit_config});
    signing_secret = *std::move(secret);
    return {};
}

// Links, and the addresses that workers are given, are known before anything listens.
Result<void, StartFailure> Gateway::Rooms::choose_address() {
    if (settings.listen_port == 0) {
        reserved_port = ReservedPort::draw(settings.listen_address);
        if (!reserved_port)
            return Fail(
                StartFailure{"There is no free port at " + settings.listen_address + ".", exit_config});
        settings.listen_port = reserved_port->port();
    }
    url = local_url(settings.listen_address, settings.listen_port);
    return {};
}

Result<void, StartFailure> Gateway::Rooms::open_recipes() {
    auto loaded = load_onto(shelf, recipe_folder(settings), clock.now());
    if (!loaded) return Fail(StartFailure{loaded.error(), exit_config});
    return {};
}

Result<std::unique_ptr<imaging::LocalBackend>, std::string> Gateway::Rooms::open_local(bool for_results) {
    imaging::LocalBackendOptions options;
    options.inflight_max = settings.inflight_max;
    if (for_results) options.processes_for_others = processes_for_results;
    options.pool.program = settings.imaging_program;
    options.pool.work_dir = settings.data_dir / "work";
    options.pool.limits = image_limits(settings);
    options.pool.wall_limit = options.pool.cpu_limit = settings.run_timeout;
    options.model_of = recipe_models(shelf, recipe_folder(settings).dir);
    return imaging::LocalBackend::open(std::move(options), *storage.main, clock, random);
}

Result<void, StartFailure> Gateway::Rooms::build_work() {
    const auto left = store->list_remote_targets();
    if (!left) return Fail(StartFailure{left.error().detail, exit_config});
    const bool has_remote = RemoteRooms::are_needed(settings, *left);
    auto backend = open_local(has_remote);
    if (!backend) return Fail(StartFailure{backend.error(), exit_config});
    local = *std::move(backend);
    dispatch::DispatcherSettings dispatching;
    dispatching.retry.attempts_max = settings.attempts_max;
    dispatching.time_limit = settings.run_timeout;
    dispatching.meters = &meters.meters();
    dispatching.limit_of_recipe = [this](const core::Attempt& attempt) {
        return graphs.time_limit_of(attempt.recipe_digest);
    };
    dispatching.fallback = fallback_plans(
        shelf, {settings.backends(), settings.kinds_with_a_choice(), settings.kinds_of_workflows_only()});
    dispatcher = std::make_unique<dispatch::Dispatcher>(
        *store, *storage.main, std::vector<ports::Backend*>{local.get()}, clock, random, dispatching);
    if (settings.storage.kind != StorageKind::files) {
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
    if (has_remote) {
        if (auto built = build_remote(*left); !built) return built;
    }
    news = std::make_unique<StoreNews>(*dispatcher, watch, remote.get());
    store->set_listener(news.get());
    if (auto recovered = dispatcher->recover(); !recovered)
        return Fail(StartFailure{recovered.error().detail, exit_config});
    return {};
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
                                     .signing_secret = signing_secret,
                                     .public_url = reaches_us ? public_url() : ""},
                                    left);
    if (!opened) return Fail(StartFailure{opened.error(), exit_config});
    remote = *std::move(opened);
    return {};
}

Result<void, StartFailure> Gateway::Rooms::build_api() {
    api::ApiSettings options;
    options.base_url = public_url();
    options.transfer_secret = signing_secret;
    options.backends = settings.backends();
    options.workflows_only = settings.kinds_of_workflows_only();
    options.cron_secret = settings.cron_secret;
    options.metrics_token = settings.metrics_token;
    options.metrics_public = settings.metrics_public;
    options.upload_bytes_max = settings.upload_bytes_max;
    options.upload_url_life = upload_url_life(settings);
    options.download_url_life = settings.url_life;
    options.spool_dir = settings.data_dir / "incoming" / "parts";
    const auto intake_options = intake_settings();
    // What a process that was killed had put down there; the folder is ours alone since the store was opened.
    std::error_code ignored;
    for (const auto& folder : {options.spool_dir, intake_options.spool_dir})
        std::filesystem::remove_all(folder, ignored);
    std::filesystem::create_directories(intake_options.spool_dir, ignored);
    intake =
        std::make_unique<intake::Intake>(*store, objects(), client, resolver, clock, random, intake_options);
    authenticator = std::make_unique<api::Authenticator>(*store, clock);
    build_meters();
    api = std::make_unique<api::Api>(
        api::ApiContext{*store, *store, objects(), *intake, *dispatcher, clock, random, watch, *authenticator,
                        options, storage.volume(), [this] { return shelf.book(); },
                        remote ? remote->progress() : nullptr, [this] { return meters.scrape(); }});
    return {};
}

void Gateway::Rooms::build_meters() {
    if (settings.metrics_users > 0) {
        upkeep::StorageSumSettings counting;
        counting.users_max = settings.metrics_users;
        counting.is_wanted = [this] { return store->leads(); };
        storage_sums = std::make_unique<upkeep::StorageSums>(*store, clock, std::move(counting));
        meters.watch_users(*storage_sums);
    }
    meters.watch(local->endpoint(), remote ? remote->endpoints() : std::vector<ports::RemoteBackend*>{},
                 *store);
}

intake::IntakeSettings Gateway::Rooms::intake_settings() const {
    intake::IntakeSettings options;
    options.limits = image_limits(settings);
    options.upload_bytes_max = settings.upload_bytes_max;
    options.upload_url_life = upload_url_life(settings);
    options.upload_life = settings.upload_life;
    options.spool_dir = settings.data_dir / "incoming" / "pictures";
    options.url_rules = url_rules();
    return options;
}

core::InputUrlRules Gateway::Rooms::url_rules() const {
    auto rules = settings.input_urls;
    auto own = look_up_own_host(settings.base_url);
    rules.own_names = std::move(own.names);
    rules.own_addresses = std::move(own.addresses);
    return rules;
}

std::vector<ports::HttpRoute> Gateway::Rooms::routes() {
    auto all = api->routes();
    if (!remote) return all;
    auto webhooks = remote->routes();
    all.insert(all.end(), std::make_move_iterator(webhooks.begin()), std::make_move_iterator(webhooks.end()));
    return all;
}

Result<void, StartFailure> Gateway::Rooms::listen() {
    http::ServerOptions options;
    options.address = settings.listen_address;
    options.port = settings.listen_port;
    options.spool_dir = settings.data_dir / "incoming" / "bodies";
    options.meters = &meters.meters();
    options.connections_max = connections_for(raise_open_files_limit(), options.connections_max);
    server = std::make_unique<http::Server>(std::move(options), routes(), api::respond_error);
    const auto port = server->start();
    if (!port) return Fail(StartFailure{port.error().detail, exit_config});
    reserved_port.reset();
    upkeep = std::make_unique<upkeep::Rounds>(*store, *storage.main, storage.volume(), clock,
                                              upkeep::RoundSettings{.retention = settings.retention});
    if (remote) {
        for (auto* volume : remote->own_volumes()) upkeep->look_after(*volume);
        remote->start();
    }
    dispatcher_thread = named_thread("dispatcher", [this] { dispatcher->run(); });
    upkeep_thread = named_thread("upkeep", [this] { upkeep->run(); });
    if (storage_sums) sums_thread = named_thread("storage-sums", [this] { storage_sums->run(); });

    JsonWriter json;
    json.begin_object().member("url", url).member("pid", static_cast<std::int64_t>(::getpid())).end_object();
    auto written = write_private_file(settings.data_dir / "gateway.json", json.take() + "\n");
    if (!written) return Fail(StartFailure{written.error(), exit_config});
    return {};
}

void Gateway::Rooms::stop(Milliseconds grace) {
    if (stopping.exchange(true)) return;
    std::error_code ignored;
    // Without the store this process never held the folder: the note is that of the gateway which does.
    if (store) std::filesystem::remove(settings.data_dir / "gateway.json", ignored);
    if (server) server->stop(grace);
    if (dispatcher) dispatcher->stop();
    if (upkeep) upkeep->stop();
    if (storage_sums) storage_sums->stop();
    if (dispatcher_thread.joinable()) dispatcher_thread.join();
    if (remote) remote->stop();
    if (upkeep_thread.joinable()) upkeep_thread.join();
    if (sums_thread.joinable()) sums_thread.join();
    if (store) store->set_listener(nullptr);
}

Gateway::Gateway(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}
Gateway::~Gateway() { stop(Milliseconds(0)); }

Result<std::unique_ptr<Gateway>, StartFailure> Gateway::start(const Settings& settings) {
    auto rooms = std::make_unique<Rooms>();
    rooms->settings = settings;
    std::unique_ptr<Gateway> gateway(new Gateway(std::move(rooms)));
    for (const auto step : {&Rooms::open_stores, &Rooms::choose_address, &Rooms::open_recipes,
                            &Rooms::build_work, &Rooms::build_api, &Rooms::listen}) {
        if (auto done = (gateway->rooms_.get()->*step)(); !done) return Fail(done.error());
    }
    return gateway;
}

void Gateway::stop(Milliseconds grace) { rooms_->stop(grace); }

void Gateway::reload_recipes() {
    const auto loaded = rooms_->open_recipes();
    if (!loaded) log::error("recipes were not read again: " + loaded.error().message);
}

const std::string& Gateway::url() const { return rooms_->url; }
const std::string& Gateway::api_key() const { return rooms_->admin.key; }
bool Gateway::created_key() const { return rooms_->admin.created; }

}  // namespace darkroom::app
