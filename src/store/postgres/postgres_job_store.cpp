#include "store/postgres/postgres_job_store.h"

#include <algorithm>

#include "base/check.h"
#include "store/postgres/pg_pooler.h"
#include "store/postgres/pg_write_side.h"

namespace darkroom::store {

using ports::StoreResult;

namespace {

PgSettings settings_of(const std::string& url, const PostgresJobStore::Options& options) {
    PgSettings settings;
    settings.url = url;
    settings.schema = options.schema;
    settings.application = options.schema + ":" + options.node.name;
    settings.connect_within = options.connect_within;
    settings.statement_within = options.statement_within;
    settings.lock_within = options.lock_within;
    return settings;
}

PgSettings for_writing(PgSettings settings) {
    settings.by_index_only = true;
    return settings;
}

// The lease and the bell wait for nobody: a server that does not answer soon counts as away.
PgSettings for_signs_of_life(PgSettings settings) {
    settings.statement_within = std::min(settings.statement_within, Milliseconds(5'000));
    settings.lock_within = std::min(settings.lock_within, Milliseconds(3'000));
    return settings;
}

PgSettings for_the_bell(PgSettings settings) {
    settings = for_signs_of_life(std::move(settings));
    settings.commits_unsynced = true;
    return settings;
}

bool is_plain_name(const std::string& name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && name.size() <= 50 && std::all_of(name.begin(), name.end(), plain) &&
           (name[0] < '0' || name[0] > '9');
}

StoreResult<void> prepare_schema(const PgSettings& settings, bool may_migrate) {
    const auto status = may_migrate ? migrate(settings) : migration_status(settings);
    if (!status) return Fail(status.error());
    const auto why_not = why_not_this_schema(*status);
    if (why_not.empty()) return {};
    return Fail(ports::StoreError{ports::StoreErrorKind::unavailable, why_not});
}

}  // namespace

PostgresJobStore::PostgresJobStore(const PgSettings& settings, ports::Random& random, const Options& options)
    : SqlJobStore(random),
      random_for_tokens_(random),
      membership_(for_signs_of_life(settings), {options.node, options.instance, options.lease}, random),
      bell_(for_the_bell(settings), options.look_every) {}

StoreResult<std::unique_ptr<PostgresJobStore>> PostgresJobStore::open(const std::string& url,
                                                                      ports::Random& random,
                                                                      const Options& options) {
    DR_CHECK(options.readers > 0);
    if (!is_plain_name(options.schema)) {
        return Fail(ports::StoreError{ports::StoreErrorKind::unavailable,
                                      "a schema's name is made of a to z, 0 to 9 and _"});
    }
    const auto settings = settings_of(url, options);
    if (auto fit = demand_sessions(settings); !fit) return Fail(std::move(fit).error());
    auto prepared = prepare_schema(settings, options.migrate);
    if (!prepared) return Fail(std::move(prepared).error());
    std::unique_ptr<PostgresJobStore> store(new PostgresJobStore(settings, random, options));
    auto started = store->start(settings, options);
    if (!started) return Fail(std::move(started).error());
    return store;
}

StoreResult<void> PostgresJobStore::start(const PgSettings& settings, const Options& options) {
    auto joined = membership_.join();
    if (!joined) return joined;
    std::vector<std::unique_ptr<Database>> readers;
    readers.reserve(static_cast<std::size_t>(options.readers));
    for (int i = 0; i < options.readers; ++i)
        readers.push_back(std::make_unique<PgDatabase>(settings, PgDatabase::Use::read_only));
    readers_ = std::make_unique<ReaderPool>(std::move(readers), options.reader_wait);

    const auto write_side = [this](const PgSettings& of, bool claims) {
        return std::make_unique<PgWriteSide>(
            std::make_unique<PgDatabase>(of, PgDatabase::Use::write),
            PgWriteSide::Options{&random_for_tokens_, [this] { return membership_.this_node(); },
                                 [this](const News& news) { bell_.ring(news); }, claims});
    };
    auto writer = options.writer;
    writer.shard = options.node.name;
    writer_ = std::make_unique<GroupWriter>(write_side(for_writing(settings), false), writer);
    writer.batch_max = 1;
    writer.thread = "store-claimer";
    writer.shard += " claims";
    claimer_ = std::make_unique<GroupWriter>(write_side(for_writing(settings), true), writer);
    membership_.start([this](const Membership::Others& others) {
        bell_.set_others(others.any);
        if (others.someone_left) bell_.look_again();
    });
    bell_.start();
    return {};
}

// In this order: nobody calls the listener any more, then nobody writes, then the node is gone.
PostgresJobStore::~PostgresJobStore() {
    bell_.stop();
    claimer_.reset();
    writer_.reset();
    membership_.leave();
}

void PostgresJobStore::set_listener(ports::StoreListener* listener) {
    SqlJobStore::set_listener(listener);
    bell_.set_listener(listener);
}

// Of two that begin at the same time each sees the other alive, so the first one's value stays.
StoreResult<std::string> PostgresJobStore::agree_on(const std::string& name, const std::string& value) {
    return writer_->run([&](Transaction& transaction) {
        auto& db = transaction.db;
        db.run("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, value);
        db.run(
            "UPDATE settings SET value = ?2 WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE gone = "
            "0"
            " AND id <> ?3)",
            name, value, transaction.node);
        auto rows = db.query("SELECT value FROM settings WHERE name = ?", name);
        return rows.next() ? rows.text(0) : std::string();
    });
}

// One that is stopped after this has its transaction ended before another node leads (membership.cpp).
void PostgresJobStore::demand_lead(Transaction& transaction) {
    const auto leads = transaction.db.integer(
        "SELECT EXISTS (SELECT 1 FROM leader WHERE id = 1 AND node = ? AND until >"
        " CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint))",
        transaction.node);
    if (leads == 0)
        throw SqlFailure(ports::StoreErrorKind::unavailable,
                         "this node does not lead any more, so it leaves this to the one that does");
}

void PostgresJobStore::leave() noexcept { membership_.leave(); }

StoreResult<std::vector<ports::Node>> PostgresJobStore::list_nodes() {
    const auto self = this_node();
    return readers().read([&](Database& db) { return store::list_nodes(db, self); });
}

}  // namespace darkroom::store
