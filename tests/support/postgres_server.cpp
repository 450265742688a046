#include "tests/support/postgres_server.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "base/check.h"
#include "tests/support/postgres_template.h"
#include "tests/support/process_family.h"

namespace darkroom::testing {
namespace {

constexpr Milliseconds stop_patience{30'000};
constexpr Milliseconds between_questions{5};

const std::map<std::string, std::string>& usual_settings() {
    static const std::map<std::string, std::string> settings{
        {"fsync", "on"},
        {"synchronous_commit", "on"},
        {"full_page_writes", "on"},
        {"shared_buffers", "64MB"},
        {"max_connections", "200"},
        {"wal_level", "replica"},
        {"max_wal_senders", "10"},
        {"hot_standby", "on"},
        {"timezone", "UTC"},
        {"log_line_prefix", "%m [%p] %a: "},
    };
    return settings;
}

// A value between quotes, of SQL and of postgresql.conf alike.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
    return result + "'";
}

[[noreturn]] void give_up(const std::string& what, const std::string& log) {
    std::fprintf(stderr, "Postgres %s:\n%s\n", what.c_str(), log.c_str());
    std::abort();
}

// A killed server leaves its small piece of System V memory behind, and a machine has room for some
// thousands. The seventh line of its note names it.
void free_shared_memory(const std::filesystem::path& note) {
    std::istringstream lines(read_file(note));
    std::string line;
    for (int i = 0; i < 7; ++i) std::getline(lines, line);
    std::istringstream words(line);
    long key = 0;
    int id = 0;
    if (words >> key >> id) ::shmctl(id, IPC_RMID, nullptr);
}

}  // namespace

std::string postgres_url(const std::string& hosts, const std::string& database) {
    return std::string("postgres://") + postgres_role + ":" + postgres_password + "@" + hosts + "/" +
           database;
}

PostgresDatabase::PostgresDatabase(const PostgresServer& server, std::string name, bool has_tablespace)
    : server_(server), name_(std::move(name)), has_tablespace_(has_tablespace) {}

PostgresDatabase::~PostgresDatabase() {
    if (!server_.running()) return;
    PostgresSession session(server_.admin_url());
    (void)session.try_rows("drop database if exists " + name_ + " with (force)");
    if (has_tablespace_) (void)session.try_rows("drop tablespace " + name_);
}

std::string PostgresDatabase::url() const { return server_.url_of(name_); }

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

PostgresServer::PostgresServer(PostgresPlan plan)
    : plan_(std::move(plan)),
      data_dir_((plan_.folder.empty() ? home_.path() : plan_.folder) / "data"),
      log_file_(home_.path() / "postgres.log") {
    if (plan_.tls) {
        auto certificates = std::make_shared<Certificates>();
        give_to_server_user(certificates->folder());
        give_to_server_user(certificates->key());
        certificates_ = std::move(certificates);
    }
    give_to_server_user(home_.path());
    if (!plan_.folder.empty()) give_to_server_user(plan_.folder);
    copy_new_cluster(data_dir_);
    write_settings();
    start();
}

PostgresServer::~PostgresServer() {
    if (running()) {
        resume();
        process_->send_signal(SIGQUIT);
        if (!process_->wait(stop_patience)) kill9();
    }
    free_shared_memory(data_dir_ / "postmaster.pid");
}

void PostgresServer::write_settings() const {
    auto settings = usual_settings();
    std::string addresses = "127.0.0.1";
    for (const auto& address : plan_.listen) addresses += "," + address;
    settings["listen_addresses"] = addresses;
    settings["port"] = std::to_string(port());
    settings["unix_socket_directories"] = home_.path().string();
    if (plan_.tls) {
        settings["ssl"] = "on";
        settings["ssl_cert_file"] = certificates_->certificate().string();
        settings["ssl_key_file"] = certificates_->key().string();
    }
    for (const auto& [name, value] : plan_.settings) settings[name] = value;
    std::string text;
    for (const auto& [name, value] : settings)
        text += std::string(name).append(" = ").append(quoted(value)) + "\n";
    write_file(data_dir_ / "postgresql.conf", text);
    // Only who may enter the server's folder gets in without a password.
    write_file(data_dir_ / "pg_hba.conf",
               std::string("local all postgres trust\nlocal replication postgres trust\n") +
                   "local all all scram-sha-256\n" + (plan_.tls ? "hostssl" : "host") +
                   " all all all scram-sha-256\n");
}

std::string PostgresServer::url() const { return url_of(postgres_role); }

std::string PostgresServer::url_from(const std::string& address) const {
    return postgres_url(address + ":" + std::to_string(port()), postgres_role) + tls_query("?");
}

std::string PostgresServer::url_of(const std::string& database) const {
    return postgres_url("127.0.0.1:" + std::to_string(port()), database) + tls_query("?");
}

std::string PostgresServer::url_with(const PostgresServer& standby) const {
    const auto both = "127.0.0.1:" + std::to_string(port()) + ",127.0.0.1:" + std::to_string(standby.port());
    return postgres_url(both, postgres_role) + "?target_session_attrs=read-write" + tls_query("&");
}

std::string PostgresServer::tls_query(const std::string& before) const {
    if (!plan_.tls) return "";
    return before + "sslmode=verify-full&sslrootcert=" + certificates_->authority().string();
}

std::string PostgresServer::admin_url(const std::string& database) const {
    return "postgres://postgres@/" + database + "?host=" + home_.path().string() +
           "&port=" + std::to_string(port());
}

std::unique_ptr<PostgresDatabase> PostgresServer::new_database(const std::string& from) {
    auto name = "test_" + std::to_string(++databases_);
    PostgresSession(admin_url())
        .run("create database " + name + " template " + from + " owner " + postgres_role);
    return std::make_unique<PostgresDatabase>(*this, std::move(name), false);
}

std::unique_ptr<PostgresDatabase> PostgresServer::new_database_in(const std::filesystem::path& folder) {
    auto name = "test_" + std::to_string(++databases_);
    give_to_server_user(folder);
    PostgresSession session(admin_url());
    session.run("create tablespace " + name + " location " + quoted(folder.string()));
    session.run("create database " + name + " tablespace " + name + " owner " + postgres_role);
    return std::make_unique<PostgresDatabase>(*this, std::move(name), true);
}

std::string PostgresServer::value(const std::string& text, const std::string& database) const {
    return PostgresSession(admin_url(database)).value(text);
}

int PostgresServer::kill_backends(const std::string& application) const {
    const auto killed = value(
        "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity where pid <> "
        "pg_backend_pid() "
        "and backend_type = 'client backend' and application_name like " +
        quoted(application));
    return std::atoi(killed.c_str());
}

void PostgresServer::set(const std::string& name, const std::string& value) const {
    const auto before = this->value("select pg_conf_load_time()");
    PostgresSession session(admin_url());
    session.run("alter system set " + name + " = " + quoted(value));
    session.run("select pg_reload_conf()");
    // Whoever connects later has it then.
    if (!await("select pg_conf_load_time() > " + quoted(before), "t"))
        give_up("does not read its settings again", log());
}

bool PostgresServer::await(const std::string& question, const std::string& wanted) const {
    const auto deadline = std::chrono::steady_clock::now() + stop_patience;
    while (value(question) != wanted) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        ::poll(nullptr, 0, static_cast<int>(between_questions.count()));
    }
    return true;
}

void PostgresServer::start() {
    spawn();
    if (!wait_until_ready()) give_up("did not start", log());
}

void PostgresServer::spawn() {
    DR_CHECK(!running());
    process_ = std::make_unique<ChildProcess>(
        as_server_user(postgres_program("postgres"), {"-D", data_dir_.string()}, home_.path(), log_file_));
}

bool PostgresServer::wait_until_ready(Milliseconds at_most) const {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (PQping(admin_url().c_str()) != PQPING_OK) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        if (process_->wait(between_questions)) return false;  // it has ended
    }
    return true;
}

bool PostgresServer::ended_by_itself(Milliseconds at_most) {
    DR_CHECK(running());
    if (!process_->wait(at_most)) return false;
    process_.reset();
    return true;
}

void PostgresServer::stop(Stop how) {
    DR_CHECK(running() && !paused_);
    process_->send_signal(how == Stop::fast ? SIGINT : SIGQUIT);
    await_end();
}

void PostgresServer::kill9() {
    DR_CHECK(running());
    ProcessFamily(process_->pid()).kill9();
    paused_ = false;
    await_end();
}

void PostgresServer::await_end() {
    if (!process_->wait(stop_patience)) give_up("did not stop", log());
    process_.reset();
}

void PostgresServer::restart(Stop how) {
    stop(how);
    start();
}

void PostgresServer::pause() {
    DR_CHECK(running());
    ProcessFamily(process_->pid()).pause();
    paused_ = true;
}

void PostgresServer::resume() {
    if (!paused_) return;
    ProcessFamily(process_->pid()).resume();
    paused_ = false;
}

}  // namespace darkroom::testing
