#include "app/database.h"

#include <filesystem>

#include "app/key_files.h"
#include "app/storage.h"
#include "base/digest.h"
#include "store/sqlite/sqlite_job_store.h"

namespace darkroom::app {
namespace {

Failure<StartFailure> wrong(std::string message) {
    return Fail(StartFailure{std::move(message), exit_config});
}

// A database that does not answer may do so at the next try: that is nobody's setting.
Failure<StartFailure> failed(const ports::StoreError& error) {
    const bool may_pass = error.kind == ports::StoreErrorKind::unavailable;
    return Fail(StartFailure{error.detail, may_pass ? 1 : exit_config});
}

Result<void, StartFailure> make_data_dir(const std::filesystem::path& dir) {
    std::error_code error;
    const bool is_new = std::filesystem::create_directories(dir, error);
    if (!error && is_new) std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
    if (error) return wrong("The data folder " + dir.string() + " cannot be made: " + error.message() + ".");
    return {};
}

// Where a node's pictures are, for another node to compare: a folder is its own alone.
std::string storage_mark(const StorageSettings& storage, const std::string& instance) {
    switch (storage.kind) {
        case StorageKind::bucket:
            return "bucket " + storage.bucket->bucket;
        case StorageKind::network_volume:
            return "network volume " + storage.volume->bucket;
        case StorageKind::files:
            break;
    }
    return "folder of " + to_hex(sha256(instance)).substr(0, 16);
}

store::NodeCard card_of(const NodeSettings& settings) {
    return {settings.name, std::string(to_string(settings.role)), DARKROOM_VERSION};
}

}  // namespace

store::PgSettings pg_settings(const NodeSettings& settings) {
    store::PgSettings pg;
    pg.url = settings.database_url;
    pg.schema = settings.schema;
    pg.application = "darkroom:" + settings.name;
    return pg;
}

Result<std::unique_ptr<Database>, StartFailure> Database::open(const Settings& settings,
                                                               ports::Random& random, ports::Meters& meters) {
    if (auto made = make_data_dir(settings.data_dir); !made) return Fail(made.error());
    std::unique_ptr<Database> database(new Database());
    auto opened = settings.node.has_postgres() ? database->open_shared(settings, random, meters)
                                               : database->open_file(settings, random, meters);
    if (!opened) return Fail(opened.error());
    return database;
}

Database::~Database() { leave(); }

Result<void, StartFailure> Database::open_file(const Settings& settings, ports::Random& random,
                                               ports::Meters& meters) {
    store::SqliteJobStore::Options options;
    options.node = card_of(settings.node);
    options.writer.meters = &meters;
    options.writer.flow.window = settings.admission_window;
    auto opened = store::SqliteJobStore::open((settings.data_dir / "darkroom.db").string(), random, options);
    if (!opened) return wrong(opened.error().detail);
    store_ = *std::move(opened);
    return take_signing_secret(settings, random);
}

Result<void, StartFailure> Database::take_signing_secret(const Settings& settings, ports::Random& random) {
    signing_secret_ = settings.node.signing_secret;
    if (!signing_secret_.empty()) return {};
    auto secret = load_or_create_secret(settings.data_dir / "signing.key", "", random);
    if (!secret) return wrong(secret.error());
    signing_secret_ = *std::move(secret);
    return {};
}

Result<void, StartFailure> Database::open_shared(const Settings& settings, ports::Random& random,
                                                 ports::Meters& meters) {
    auto lock = store::LockFile::take((settings.data_dir / "node.lock").string(), "this one");
    if (!lock)
        return wrong("Each node needs a data folder of its own (DARKROOM_DATA_DIR): " + lock.error().detail);
    folder_ = *std::move(lock);
    const auto instance = load_or_create_secret(settings.data_dir / "node.id", "", random);
    if (!instance) return wrong(instance.error());
    if (auto taken = take_signing_secret(settings, random); !taken) return taken;
    store::PostgresJobStore::Options options;
    options.node = card_of(settings.node);
    options.instance = *instance;
    options.readers = settings.node.readers;
    options.schema = settings.node.schema;
    options.writer.meters = &meters;
    options.writer.flow.window = settings.admission_window;
    if (settings.node.lease) options.lease = *settings.node.lease;
    auto opened = store::PostgresJobStore::open(settings.node.database_url, random, options);
    if (!opened) return failed(opened.error());
    shared_ = opened->get();
    store_ = *std::move(opened);
    return agree_with_others(settings, *instance);
}

Result<void, StartFailure> Database::agree_with_others(const Settings& settings,
                                                       const std::string& instance) {
    if (auto agreed =
            agree("signing_secret_sha256", to_hex(sha256(signing_secret_)),
                  "This node's signing secret is not that of the other nodes, so none would take the "
                  "links and webhooks of the others. Set DARKROOM_SIGNING_SECRET to the same on all "
                  "of them; a node that was started without it has its own in signing.key in its "
                  "data folder.");
        !agreed)
        return agreed;
    return agree(
        "storage", storage_mark(settings.storage, instance),
        "This node keeps pictures in " + describe(settings.storage) +
            ", and the other nodes keep theirs elsewhere, so none would find those of the others. Set "
            "S3_BUCKET to the same on all of them. To move pictures, stop all nodes first.");
}

Result<void, StartFailure> Database::agree(const std::string& name, const std::string& value,
                                           const std::string& otherwise) {
    const auto agreed = shared_->agree_on(name, value);
    if (!agreed) return failed(agreed.error());
    if (*agreed != value) return wrong(otherwise);
    return {};
}

void Database::leave() noexcept {
    if (shared_ != nullptr) shared_->leave();
}

}  // namespace darkroom::app
