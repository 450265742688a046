#include "store/postgres/membership.h"

#include <pthread.h>

#include <algorithm>
#include <ctime>

#include "base/log.h"

namespace darkroom::store {
namespace {

#define NOW_MS "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"

constexpr std::int64_t day_ms = 86'400'000;
constexpr const char* one_joins_at_a_time = "SELECT pg_advisory_xact_lock(1147237995, 1701998446)";

std::int64_t boot_ms() {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return std::int64_t{time.tv_sec} * 1'000 + time.tv_nsec / 1'000'000;
}

ports::Node node_of(const Rows& rows, const NodeId& self) {
    ports::Node node;
    node.id = rows.id<NodeId>(0);
    node.name = rows.text(1);
    node.role = rows.text(2);
    node.version = rows.text(3);
    node.started_at = rows.time(4);
    node.seen_at = rows.time(5);
    node.is_alive = rows.integer(6) != 0;
    node.leads = rows.integer(7) != 0;
    node.is_this = node.id == self;
    return node;
}

}  // namespace

Membership::Membership(PgSettings settings, Options options, ports::Random& random)
    : options_(std::move(options)), random_(random), db_(std::move(settings), PgDatabase::Use::write) {}

Membership::~Membership() { leave(); }

NodeId Membership::this_node() const {
    const std::lock_guard lock(mutex_);
    return node_;
}

bool Membership::holds_lease() const { return boot_ms() < held_until_.load(); }
bool Membership::leads() const { return boot_ms() < leads_until_.load(); }

// A sixth of the lease covers what clocks of two machines drift apart in it, and a call on its way.
std::int64_t Membership::trusted_until(std::int64_t asked_at) const {
    return asked_at + options_.lease.count() - options_.lease.count() / 6;
}

ports::StoreResult<void> Membership::join() {
    try {
        db_.ensure_connected(Milliseconds(0));
        enter(false);
        renew_lead();
    } catch (const SqlFailure& failure) {
        db_.roll_back();
        return Fail(failure.error());
    }
    return {};
}

// One at a time, so that two of one name cannot both find nobody.
void Membership::enter(bool again) {
    const auto asked_at = boot_ms();
    const auto id = random_.id<NodeId>();
    const auto lease = options_.lease.count();
    db_.begin();
    (void)db_.query(one_joins_at_a_time);
    (void)bury_the_dead();
    db_.post("UPDATE nodes SET gone = 1 WHERE name = ?1 AND gone = 0 AND instance = ?2 AND ?2 <> ''",
             options_.card.name, options_.instance);
    if (db_.integer("SELECT count(*) FROM nodes WHERE name = ? AND gone = 0", options_.card.name) > 0) {
        throw SqlFailure(
            ports::StoreErrorKind::unavailable,
            "another node named '" + options_.card.name +
                "' is at work on this database: give each node a name of its own (DARKROOM_NODE_NAME)");
    }
    db_.post(
        "INSERT INTO nodes (id, name, role, version, instance, started_at, seen_at, until) VALUES (?, ?, ?, "
        "?, ?, " NOW_MS ", " NOW_MS ", " NOW_MS " + ?)",
        id, options_.card.name, options_.card.role, options_.card.version, options_.instance, lease);
    db_.commit();
    {
        const std::lock_guard lock(mutex_);
        node_ = id;
    }
    term_ = 0;
    held_until_ = trusted_until(asked_at);
    if (again) log::warning("this node joined anew: its lease was over", {{"node", id.str()}});
}

void Membership::renew_row() {
    const auto asked_at = boot_ms();
    const auto self = this_node();
    const auto lease = options_.lease.count();
    const auto renewed =
        db_.run("UPDATE nodes SET seen_at = " NOW_MS ", until = " NOW_MS " + ?2 WHERE id = ?1 AND gone = 0",
                self, lease);
    db_.finish();
    if (renewed == 1) {
        held_until_ = trusted_until(asked_at);
        return;
    }
    held_until_ = leads_until_ = 0;
    enter(true);
}

// Every statement names the term, so that a lead that was lost cannot be renewed by mistake.
void Membership::renew_lead() {
    if (options_.card.role == "api") return;
    const auto asked_at = boot_ms();
    const auto self = this_node();
    const auto lease = options_.lease.count();
    if (term_ > 0) {
        const auto renewed = db_.run("UPDATE leader SET until = " NOW_MS
                                     " + ?3 WHERE node = ?1 AND term = ?2 AND until > " NOW_MS,
                                     self, term_, lease);
        db_.finish();
        if (renewed == 0) term_ = 0;
    }
    if (term_ == 0) {
        leads_until_ = 0;
        auto rows = db_.query("UPDATE leader SET node = ?1, term = term + 1, until = " NOW_MS
                              " + ?2 WHERE id = 1 AND until < " NOW_MS " RETURNING term",
                              self, lease);
        if (rows.next()) term_ = rows.integer(0);
    }
    db_.finish();
    if (term_ > 0) leads_until_ = trusted_until(asked_at);
}

// Returns how many nodes are gone by now that were not before. What such a node has open is ended with it:
// one that was stopped in the middle of a transaction would keep its locks, and one that the network lost
// would too, for as long as nobody asks for its next word, which no time-out of the server covers in a
// pipeline. A new process of the same name has connections that are younger than the lease.
std::int64_t Membership::bury_the_dead() {
    return db_.integer(
        "WITH dead AS (UPDATE nodes SET gone = 1 WHERE gone = 0 AND until < " NOW_MS
        " RETURNING name, until), ended AS (SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN dead"
        " ON application_name = left(current_schema() || ':' || name, 63) WHERE usename = current_user AND "
        "datname ="
        " current_database() AND pid <> pg_backend_pid() AND backend_start < to_timestamp(until / 1000.0))"
        " SELECT (SELECT count(*) FROM dead) + 0 * (SELECT count(*) FROM ended)");
}

Membership::Others Membership::look_at_others() {
    Others others;
    const auto self = this_node();
    others.someone_left = bury_the_dead() > 0;
    db_.post("UPDATE leader SET until = 0 WHERE until > 0 AND node IN (SELECT id FROM nodes WHERE gone = 1)");
    const auto long_ago = day_ms;
    db_.post("DELETE FROM nodes WHERE gone = 1 AND seen_at < " NOW_MS " - ?", long_ago);
    db_.post("DELETE FROM last_commits WHERE at < " NOW_MS " - ?", long_ago);
    others.any = db_.integer("SELECT EXISTS (SELECT 1 FROM nodes WHERE gone = 0 AND id <> ?)", self) != 0;
    db_.finish();
    return others;
}

void Membership::start(std::function<void(const Others&)> tell) {
    tell_ = std::move(tell);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "store-node");
}

bool Membership::wait_for(Milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stop_asked_.wait_for(lock, time, [this] { return stopping_; });
}

// Renews three times in a lease, and looks after the others more often, so that the end of a lease is noticed
// soon. While the database is away the lease runs out by itself.
void Membership::run() {
    const auto look_every = std::clamp(options_.lease / 30, Milliseconds(50), Milliseconds(2'000));
    std::int64_t renew_at = 0;
    do {
        try {
            db_.ensure_connected(Milliseconds(0));
            if (boot_ms() >= renew_at) {
                renew_row();
                renew_at = boot_ms() + options_.lease.count() / 3;
            }
            const auto others = look_at_others();
            renew_lead();
            tell_(others);
            if (trouble_.is_over()) log::info("the database answers again, and the node's lease is renewed");
        } catch (const SqlFailure& failure) {
            if (trouble_.met(steady_now()))
                log::warning("the node's lease could not be renewed", {{"detail", failure.what()}});
            db_.roll_back();
            renew_at = 0;
        }
    } while (wait_for(look_every));
}

void Membership::leave() noexcept {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_asked_.notify_all();
    if (thread_.joinable()) thread_.join();
    held_until_ = leads_until_ = 0;
    if (!db_.is_connected()) return;
    try {
        const auto self = this_node();
        db_.post("UPDATE leader SET until = 0 WHERE node = ?", self);
        db_.post("UPDATE nodes SET gone = 1, until = 0 WHERE id = ?", self);
        db_.finish();
    } catch (const SqlFailure& failure) {
        log::warning("leaving the database failed; others wait for the end of the lease",
                     {{"detail", failure.what()}});
    }
    db_.disconnect();
}

std::vector<ports::Node> list_nodes(Database& db, const NodeId& self) {
    std::vector<ports::Node> nodes;
    auto rows = db.query(
        "SELECT nodes.id, name, role, version, started_at, seen_at, gone = 0 AND nodes.until >= " NOW_MS
        ", EXISTS (SELECT 1 FROM leader WHERE leader.node = nodes.id AND leader.until >= " NOW_MS
        ") FROM nodes ORDER BY name, started_at");
    while (rows.next()) nodes.push_back(node_of(rows, self));
    return nodes;
}

}  // namespace darkroom::store
