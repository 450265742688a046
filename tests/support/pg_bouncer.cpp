#include "tests/support/pg_bouncer.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "tests/support/postgres_template.h"
#include "tests/support/programs.h"

namespace darkroom::testing {
namespace {

constexpr Milliseconds pooler_patience{20'000};
constexpr Milliseconds between_knocks{10};

std::string settings_text(std::uint16_t upstream, const std::map<std::string, std::string>& settings) {
    auto text = "[databases]\n* = host=127.0.0.1 port=" + std::to_string(upstream) + "\n[pgbouncer]\n";
    for (const auto& [name, value] : settings) text += std::string(name).append(" = ").append(value) + "\n";
    return text;
}

}  // namespace

std::string why_no_pg_bouncer() {
    if (program_in_path("pgbouncer").empty())
        return "pgbouncer is not on this machine (Debian: pgbouncer), so nothing was tested with a pooler";
    return why_no_postgres();
}

PgBouncer::PgBouncer(const PostgresServer& server, Mode mode, std::map<std::string, std::string> settings) {
    give_to_server_user(home_.path());
    const auto users = home_.path() / "users.txt";
    write_file(users, std::string("\"") + postgres_role + "\" \"" + postgres_password + "\"\n");
    // What a test says comes first: emplace leaves it alone.
    settings.emplace("listen_addr", "127.0.0.1");
    settings.emplace("listen_port", std::to_string(port()));
    settings.emplace("unix_socket_dir", "");
    settings.emplace("auth_type", "scram-sha-256");
    settings.emplace("auth_file", users.string());
    settings.emplace("admin_users", postgres_role);
    settings.emplace("pool_mode", mode == Mode::session ? "session" : "transaction");
    settings.emplace("max_client_conn", "500");
    write_file(home_.path() / "pgbouncer.ini", settings_text(server.port(), settings));
    start();
}

std::string PgBouncer::url_of(const std::string& database) const {
    return postgres_url("127.0.0.1:" + std::to_string(port()), database);
}

SqlRows PgBouncer::ask(const std::string& command) const {
    return PostgresSession(url_of("pgbouncer")).rows(command);
}

void PgBouncer::start() {
    DR_CHECK(process_ == nullptr);
    const auto log_file = home_.path() / "pgbouncer.log";
    process_ = std::make_unique<ChildProcess>(as_server_user(
        program_in_path("pgbouncer"), {(home_.path() / "pgbouncer.ini").string()}, home_.path(), log_file));
    const auto deadline = std::chrono::steady_clock::now() + pooler_patience;
    while (!try_postgres(url_of("pgbouncer"), "show version").ok()) {
        if (!process_->wait(between_knocks) && std::chrono::steady_clock::now() < deadline) continue;
        std::fprintf(stderr, "pgbouncer did not start:\n%s\n", log().c_str());
        std::abort();
    }
}

void PgBouncer::kill9() {
    DR_CHECK(process_ != nullptr);
    process_->send_signal(SIGKILL);
    DR_CHECK(process_->wait(pooler_patience).has_value());
    process_.reset();
}

}  // namespace darkroom::testing
