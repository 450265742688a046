// A real PgBouncer in front of a PostgresServer, on a free port of the loopback interface: the pooler that
// people put between their nodes and the database, in the mode that a test wants. First see whether
// why_no_pg_bouncer() is empty.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/support/postgres_server.h"

namespace darkroom::testing {

/// Why there is none here, for GTEST_SKIP; empty if it can be started.
std::string why_no_pg_bouncer();

class PgBouncer {
public:
    enum class Mode {
        session,     // a client keeps its server connection until it goes: as without a pooler
        transaction  // a client may meet another server connection in each transaction
    };

    /// Lets in the ordinary role of `server` by its password, to any of its databases. `settings` are those
    /// of pgbouncer.ini: {"default_pool_size", "2"}.
    PgBouncer(const PostgresServer& server, Mode mode, std::map<std::string, std::string> settings = {});
    PgBouncer(const PgBouncer&) = delete;
    PgBouncer& operator=(const PgBouncer&) = delete;

    std::uint16_t port() const { return port_.number(); }
    std::string url() const { return url_of(postgres_role); }
    std::string url_of(const std::string& database) const;
    /// Of its console: "show pools".
    SqlRows ask(const std::string& command) const;
    std::string log() const { return read_file(home_.path() / "pgbouncer.log"); }

    /// At the same port.
    void start();
    /// SIGKILL: its clients lose their connections.
    void kill9();

private:
    TempDir home_;
    HeldPort port_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace darkroom::testing
