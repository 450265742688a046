// The job store that the settings name, and what a process needs to be one node of several over it: a data
// folder of its own, the secrets and the storage that all nodes have in common.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "app/settings.h"
#include "app/start_failure.h"
#include "ports/meters.h"
#include "ports/random.h"
#include "store/postgres/postgres_job_store.h"
#include "store/sql/sql_job_store.h"
#include "store/sqlite/lock_file.h"

namespace darkroom::app {

class Database {
public:
    /// Makes the data folder if it is not there. `random` and `meters` outlive the database.
    static Result<std::unique_ptr<Database>, StartFailure> open(const Settings& settings,
                                                                ports::Random& random, ports::Meters& meters);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    store::SqlJobStore& store() { return *store_; }
    /// Whether other nodes may be at work on it.
    bool is_shared() const { return shared_ != nullptr; }
    /// nullptr where there can be no others.
    const ports::Nodes* nodes() const { return shared_; }
    /// The secret of signed links and attempt tokens.
    const std::string& signing_secret() const { return signing_secret_; }
    /// This node is gone at once, so that others need not wait for the end of its lease. Nothing is held any
    /// more by then.
    void leave() noexcept;

private:
    Database() = default;
    Result<void, StartFailure> open_file(const Settings& settings, ports::Random& random,
                                         ports::Meters& meters);
    Result<void, StartFailure> open_shared(const Settings& settings, ports::Random& random,
                                           ports::Meters& meters);
    Result<void, StartFailure> take_signing_secret(const Settings& settings, ports::Random& random);
    Result<void, StartFailure> agree(const std::string& name, const std::string& value,
                                     const std::string& otherwise);
    Result<void, StartFailure> agree_with_others(const Settings& settings, const std::string& instance);

    std::optional<store::LockFile> folder_;  // with a shared database: SQLite's own lock does it else
    std::string signing_secret_;
    std::unique_ptr<store::SqlJobStore> store_;
    store::PostgresJobStore* shared_ = nullptr;
};

/// How this process opens a Postgres store; also for commands.
store::PgSettings pg_settings(const NodeSettings& settings);

}  // namespace darkroom::app
