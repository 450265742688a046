// A real Postgres server of a test's own: a new cluster in a temporary folder, with fsync on, on a free port
// of the loopback interface. It is stopped, killed, frozen and started again as a test tells it, and nothing
// of it is left when the object is gone. First see whether why_no_postgres() is empty. One thread at a time.
// The server ends with the thread that started it, as all ChildProcesses do.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/child_process.h"
#include "tests/support/held_port.h"
#include "tests/support/postgres_programs.h"
#include "tests/support/postgres_session.h"
#include "tests/support/postgres_template.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

class PostgresServer;

/// For the ordinary role; `hosts` is "address:port", several with a comma between them.
std::string postgres_url(const std::string& hosts, const std::string& database = postgres_role);

/// Dropped with the object, with whoever is still connected to it.
class PostgresDatabase {
public:
    PostgresDatabase(const PostgresServer& server, std::string name, bool has_tablespace);
    PostgresDatabase(const PostgresDatabase&) = delete;
    PostgresDatabase& operator=(const PostgresDatabase&) = delete;
    ~PostgresDatabase();

    const std::string& name() const { return name_; }
    /// As the ordinary role, who owns it.
    std::string url() const;

private:
    const PostgresServer& server_;
    std::string name_;
    bool has_tablespace_;
};

struct PostgresPlan {
    /// Of postgresql.conf, beside or instead of what is set anyway: {"log_min_duration_statement", "0"}.
    std::map<std::string, std::string> settings = {};
    /// Where the data lies; a folder of its own if empty. For a small disk.
    std::filesystem::path folder = {};
    /// More addresses to listen on than the loopback interface's.
    std::vector<std::string> listen = {};
    /// By a certificate of the test's own, and nobody gets in over TCP without; url() says how to verify it.
    bool tls = false;
};

class PostgresServer {
public:
    enum class Stop {
        fast,      // open transactions are rolled back, and a checkpoint is made
        immediate  // as after a crash: the log is read at the next start
    };

    /// One for all tests of a program that need no more than a database. Ends with the program.
    static PostgresServer& shared();

    /// Takes connections when the constructor returns. A server that does not start ends the test program
    /// with what it said.
    explicit PostgresServer(PostgresPlan plan = {});
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    std::uint16_t port() const { return port_.number(); }
    /// As the ordinary role, by password over TCP, to its own database or another one.
    std::string url() const;
    std::string url_of(const std::string& database) const;
    /// By another address that it listens on.
    std::string url_from(const std::string& address) const;
    /// For clients that look for whichever of the two takes writes.
    std::string url_with(const PostgresServer& standby) const;
    /// As the superuser, by the socket in the server's folder; also while its network is cut.
    std::string admin_url(const std::string& database = "postgres") const;
    const std::filesystem::path& data_dir() const { return data_dir_; }
    /// What the server has logged in all its lives.
    std::string log() const { return read_file(log_file_); }

    /// An empty database, or a copy of `from`, to which nobody may be connected: a hundred of them take
    /// seconds.
    std::unique_ptr<PostgresDatabase> new_database(const std::string& from = "template1");
    /// With its data in `folder`, and the server's log and catalogue where they are: a full disk there is an
    /// error of one statement, while one under the log stops the server.
    std::unique_ptr<PostgresDatabase> new_database_in(const std::filesystem::path& folder);
    /// As the superuser, by a connection of its own.
    std::string value(const std::string& text, const std::string& database = "postgres") const;
    /// Ends the connections with this application_name (of LIKE); how many.
    int kill_backends(const std::string& application = "%") const;
    /// Changes a setting of the running server that needs no restart.
    void set(const std::string& name, const std::string& value) const;

    /// A second server that follows this one and can be read. Until replicate_synchronously() it may be
    /// behind.
    std::unique_ptr<PostgresServer> make_standby();
    /// From now on a commit waits until the standby has it, so that promoting it loses nothing.
    void replicate_synchronously() const;
    /// Waits until `standby` shows what is committed here.
    void await_caught_up(const PostgresServer& standby) const;
    /// Makes a standby a server of its own. It does not ask the first one, which a test has stopped before.
    void promote();
    /// Of plan.tls.
    const Certificates& certificates() const { return *certificates_; }

    bool running() const { return process_ != nullptr; }
    /// Whether it has given up, as on a full disk; start() works again then.
    bool ended_by_itself(Milliseconds at_most);
    /// On the same data, at the same port.
    void start();
    /// Starts the process only: it may be busy with its log for long.
    void spawn();
    bool wait_until_ready(Milliseconds at_most = Milliseconds(60'000)) const;
    void stop(Stop how = Stop::fast);
    /// SIGKILL to every process of it.
    void kill9();
    void restart(Stop how = Stop::fast);
    /// SIGSTOP to every process of it: connections stay open, and nothing answers.
    void pause();
    void resume();

private:
    struct StandbyOf {
        const PostgresServer& first;
    };
    PostgresServer(PostgresPlan plan, StandbyOf of);
    void write_settings() const;
    std::string tls_query(const std::string& before) const;
    bool await(const std::string& question, const std::string& wanted) const;
    void await_end();

    TempDir home_;  // has the socket and the log; not the data, if that lies elsewhere
    PostgresPlan plan_;
    std::filesystem::path data_dir_;
    std::filesystem::path log_file_;
    HeldPort port_;
    std::shared_ptr<const Certificates>
        certificates_;  // a standby has its first server's, and may outlive it
    std::unique_ptr<ChildProcess> process_;
    bool paused_ = false;
    int databases_ = 0;
};

}  // namespace darkroom::testing
