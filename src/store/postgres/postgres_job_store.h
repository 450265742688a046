// JobStore and RemoteJobStore in a Postgres database that several nodes share: one connection that writes in
// groups, one that claims, a few that read, and one each for the node's lease and for what nodes tell each
// other. Postgres 15 or newer, also behind a pooler in session mode.
//
// Whatever happens to the database, callers have their answer in bounded time, and the store goes on when it
// is back; what was acknowledged is there.
#pragma once
#include <memory>
#include <string>

#include "store/postgres/bell.h"
#include "store/postgres/membership.h"
#include "store/postgres/pg_gauges.h"
#include "store/postgres/pg_schema.h"
#include "store/sql/sql_job_store.h"

namespace darkroom::store {

class PostgresJobStore final : public SqlJobStore {
public:
    struct Options {
        NodeCard node = {};
        /// Of this installation, the same after a restart: a new process replaces the former one at once.
        std::string instance = {};
        Milliseconds lease{60'000};
        /// How long what another node tells may stay unheard when the connection for it is in trouble.
        Milliseconds look_every{2'000};
        int readers = 4;
        Milliseconds reader_wait{5'000};
        std::string schema = "darkroom";
        bool migrate = true;  // false = a database that is not up to date is refused
        Milliseconds connect_within{5'000};
        Milliseconds statement_within{30'000};
        Milliseconds lock_within{5'000};
        /// Writers and the claimer.
        GroupWriter::Options writer = {};
    };

    /// Brings the schema up if it must, joins as a node. What it refuses, it leaves as it is, and the error's
    /// detail is a sentence for the operator without the URL's password. `random` gives ids and must outlive
    /// the store.
    static ports::StoreResult<std::unique_ptr<PostgresJobStore>> open(const std::string& url,
                                                                      ports::Random& random,
                                                                      const Options& options);
    ~PostgresJobStore() override;

    void set_listener(ports::StoreListener* listener) override;

    NodeId this_node() const override { return membership_.this_node(); }
    bool holds_lease() const override { return membership_.holds_lease(); }
    bool leads() const override { return membership_.leads(); }
    ports::StoreResult<std::vector<ports::Node>> list_nodes() override;

    /// What all nodes have under this name: the first one's value. While no other node is alive, this one's.
    ports::StoreResult<std::string> agree_on(const std::string& name, const std::string& value);

    /// On an orderly stop, before the store goes: this node is gone at once, so that others need not wait for
    /// its lease to end.
    void leave() noexcept;

protected:
    GroupWriter& writer() override { return *writer_; }
    GroupWriter& claimer() override { return *claimer_; }
    ReaderPool& readers() override { return *readers_; }
    void demand_lead(Transaction& transaction) override;
    void add_gauges(Database& db, ports::StoreGauges& gauges) override { add_pg_gauges(db, gauges); }

private:
    PostgresJobStore(const PgSettings& settings, ports::Random& random, const Options& options);
    ports::StoreResult<void> start(const PgSettings& settings, const Options& options);

    ports::Random& random_for_tokens_;
    Membership membership_;
    Bell bell_;
    std::unique_ptr<ReaderPool> readers_;
    std::unique_ptr<GroupWriter> writer_;
    std::unique_ptr<GroupWriter> claimer_;
};

}  // namespace darkroom::store
