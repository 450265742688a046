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

PostgresDatabase::PostgresDatabase(const PostgresServer& server, std::string name)
    : server_(server), name_(std::move(name)) {}

PostgresDatabase::~PostgresDatabase() {
    if (!server_.running()) return;
    (void)try_postgres(server_.admin_url(), "drop database if exists " + name_ + " with (force)");
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
    for (const auto& [name, value] : plan_.settings) settings[name] = value;
    std::string text;
    for (const auto& [name, value] : settings)
        text += std::string(name).append(" = ").append(quoted(value)) + "\n";
    write_file(data_dir_ / "postgresql.conf", text);
    // Only who may enter the server's folder gets in without a password.
    write_file(data_dir_ / "pg_hba.conf",
               "local all postgres trust\nlocal replication postgres trust\n"
               "local all all scram-sha-256\nhost all all all scram-sha-256\n");
}

std::string PostgresServer::url() const { return url_of(postgres_role); }

std::string PostgresServer::url_of(const std::string& database) const {
    return std::string("postgres://") + postgres_role + ":" + postgres_password +
           "@127.0.0.1:" + std::to_string(port()) + "/" + database;
}

std::string PostgresServer::admin_url(const std::string& database) const {
    return "postgres://postgres@/" + database + "?host=" + home_.path().string() +
           "&port=" + std::to_string(port());
}

std::unique_ptr<PostgresDatabase> PostgresServer::new_database(const std::string& from) {
    auto name = "test_" + std::to_string(++databases_);
    PostgresSession(admin_url())
        .run("create database " + name + " template " + from + " owner " + postgres_role);
    return std::make_unique<PostgresDatabase>(*this, std::move(name));
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
    const std::string question = "select pg_conf_load_time()";
    const auto before = this->value(question);
    PostgresSession session(admin_url());
    session.run("alter system set " + name + " = " + quoted(value));
    session.run("select pg_reload_conf()");
    const auto deadline = std::chrono::steady_clock::now() + stop_patience;
    while (this->value(question) == before) {
        if (std::chrono::steady_clock::now() >= deadline) give_up("does not read its settings again", log());
        ::poll(nullptr, 0, static_cast<int>(between_questions.count()));
    }
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
