#include "app/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "app/gateway_rooms.h"
#include "app/key_files.h"
#include "app/named_thread.h"
#include "app/open_files.h"
#include "app/own_host.h"
#include "app/recipe_files.h"
#include "base/json_writer.h"
#include "base/log.h"

namespace darkroom::app {
namespace {

// A link to send bytes is used at once or not at all.
constexpr Milliseconds upload_url_life_max{600'000};

// How this machine reaches the server: an address that stands for all of them stands for loopback here.
std::string local_url(const std::string& address, std::uint16_t port) {
    const bool any_v4 = address.empty() || address == "0.0.0.0";
    const auto host = any_v4                                   ? "127.0.0.1"
                      : address == "::"                        ? "[::1]"
                      : address.find(':') != std::string::npos ? "[" + address + "]"
                                                               : address;
    return "http://" + host + ":" + std::to_string(port);
}

Milliseconds upload_url_life(const Settings& settings) {
    return std::min(settings.url_life, upload_url_life_max);
}

}  // namespace

Result<void, StartFailure> Gateway::Rooms::open_stores() {
    auto opened = Database::open(settings, random, meters.meters());
    if (!opened) return Fail(opened.error());
    database = *std::move(opened);
    store = &database->store();
    auto pictures = open_storage(settings.storage, settings.data_dir, client, clock, random);
    if (!pictures) return Fail(StartFailure{pictures.error(), exit_config});
    storage = *std::move(pictures);
    meters.stand_around(storage);
    auto key = install_admin_key(settings.data_dir, database->is_shared() ? settings.node.name : "",
                                 settings.api_key, *store, clock, random);
    if (!key) return Fail(StartFailure{key.error(), exit_config});
    admin = *std::move(key);
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

Result<void, StartFailure> Gateway::Rooms::build_api() {
    api::ApiSettings options;
    options.base_url = public_url();
    options.transfer_secret = database->signing_secret();
    options.backends = settings.backends();
    options.workflows_only = settings.kinds_of_workflows_only();
    options.dispatches = settings.node.dispatches();
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
    api = std::make_unique<api::Api>(api::ApiContext{
        *store, *store, objects(), *intake, *dispatcher, clock, random, watch, *authenticator, options,
        storage.volume(), [this] { return shelf.book(); }, remote ? remote->progress() : nullptr,
        database->nodes(), [this] { return stopping.load(); }, [this] { return meters.scrape(); }});
    return {};
}

core::ImageLimits Gateway::Rooms::image_limits() const {
    core::ImageLimits limits;
    limits.file_bytes_max = settings.upload_bytes_max;
    limits.pixels_max = settings.pixels_max;
    limits.heic = settings.heic;
    return limits;
}

intake::IntakeSettings Gateway::Rooms::intake_settings() const {
    intake::IntakeSettings options;
    options.limits = image_limits();
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
    auto all = settings.node.serves_api() ? api->routes() : api->routes_for_operators();
    auto more = remote ? remote->routes() : webhooks ? webhooks->routes() : std::vector<ports::HttpRoute>();
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
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
    upkeep = std::make_unique<upkeep::Rounds>(
        *store, *storage.main, storage.volume(), clock,
        upkeep::RoundSettings{.retention = settings.retention, .nodes = database->nodes()});
    if (remote) {
        for (auto* volume : remote->own_volumes()) upkeep->look_after(*volume);
        remote->start();
    }
    dispatcher_thread = named_thread("dispatcher", [this] { dispatcher->run(); });
    upkeep_thread = named_thread("upkeep", [this] { upkeep->run(); });

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
    if (store != nullptr) std::filesystem::remove(settings.data_dir / "gateway.json", ignored);
    // Before the last requests are answered: other nodes take the jobs that come.
    if (dispatcher) dispatcher->stop_claiming();
    if (server) server->stop(grace);
    if (dispatcher) dispatcher->stop();
    if (upkeep) upkeep->stop();
    if (dispatcher_thread.joinable()) dispatcher_thread.join();
    if (remote) remote->stop();
    if (upkeep_thread.joinable()) upkeep_thread.join();
    if (store != nullptr) store->set_listener(nullptr);
    if (database) database->leave();
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
