// The part of a PostgresServer that has to do with a second one.
#include <cstdio>
#include <cstdlib>

#include "tests/support/postgres_server.h"
#include "tests/support/programs.h"

namespace darkroom::testing {
namespace {

void insist(bool happened, const char* what, const PostgresServer& server) {
    if (happened) return;
    std::fprintf(stderr, "%s:\n%s\n", what, server.log().c_str());
    std::abort();
}

}  // namespace

PostgresServer::PostgresServer(PostgresPlan plan, StandbyOf of)
    : plan_(std::move(plan)),
      data_dir_(home_.path() / "data"),
      log_file_(home_.path() / "postgres.log"),
      certificates_(of.first.certificates_) {
    give_to_server_user(home_.path());
    // Replication goes by the socket in the first server's folder, so cutting a network does not stop it.
    const auto source = of.first.admin_url() + "&application_name=standby_" + std::to_string(port());
    run_to_end(as_server_user(postgres_program("pg_basebackup"),
                              {"--dbname", source, "--pgdata", data_dir_.string(), "--checkpoint=fast",
                               "--wal-method=stream", "--write-recovery-conf", "--no-sync"},
                              home_.path(), log_file_));
    write_settings();
    start();
    // A copied setting would make it wait for a standby of its own once it is promoted.
    set("synchronous_standby_names", "");
}

std::unique_ptr<PostgresServer> PostgresServer::make_standby() {
    PostgresPlan plan;
    plan.settings = plan_.settings;
    plan.tls = plan_.tls;
    return std::unique_ptr<PostgresServer>(new PostgresServer(std::move(plan), StandbyOf{*this}));
}

void PostgresServer::replicate_synchronously() const {
    set("synchronous_standby_names", "*");
    insist(await("select count(*) > 0 from pg_stat_replication where sync_state = 'sync'", "t"),
           "the standby does not become a synchronous one", *this);
}

void PostgresServer::await_caught_up(const PostgresServer& standby) const {
    const auto here = value("select pg_current_wal_lsn()");
    insist(standby.await("select pg_last_wal_replay_lsn() >= '" + here + "'", "t"),
           "the standby does not catch up", standby);
}

void PostgresServer::promote() {
    insist(value("select pg_promote(true, 60)") == "t", "the standby is not promoted", *this);
}

}  // namespace darkroom::testing
