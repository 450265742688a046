// How transactions run on Postgres, where others write at the same time: what a batch is going to change is
// locked first, all in one order, so that what is read afterwards is still so when it is changed. A
// connection that is lost is made anew at the next transaction; one that is lost during a commit is asked
// about on a new one, and nothing is guessed. Writing never ends for good.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "ports/random.h"
#include "store/postgres/pg_database.h"
#include "store/sql/write_side.h"

namespace darkroom::store {

class PgWriteSide final : public WriteSide {
public:
    struct Options {
        ports::Random* random = nullptr;
        std::function<NodeId()> node;
        std::function<void(const News&)> tell_others = {};
        bool only_while_alive = false;  // refuses to write for a node whose lease is over
        /// How long a transaction waits for a connection before its callers are told to come back later.
        Milliseconds reconnect_within{2'000};
        /// How long the outcome of a commit is asked for.
        Milliseconds resolve_within{15'000};
    };

    PgWriteSide(std::unique_ptr<PgDatabase> db, Options options);

    Database& db() override { return *db_; }
    NodeId node() const override { return options_.node(); }
    void begin(const std::vector<Touched>& touched) override;
    void commit() override;
    void roll_back() override { db_->roll_back(); }
    bool ends_writing(ports::StoreErrorKind /*kind*/) const override { return false; }
    void tell_others(const News& news) override {
        if (options_.tell_others) options_.tell_others(news);
    }

private:
    enum class Outcome { committed, aborted, unknown };
    std::optional<PgDatabase::Asked> lock_roots(const std::vector<Touched>& touched);
    void foresee_attempts(const std::vector<Touched>& touched, const PgDatabase::Asked& locked);
    void foresee_creations(const std::vector<Touched>& touched);
    void make_row();
    void check_alive();
    Outcome ask_outcome();

    std::unique_ptr<PgDatabase> db_;
    const Options options_;
    // Each transaction leaves a token in this writer's row: after a commit whose answer was lost, the row
    // tells. Numbers of transactions would not do: after a crash they are given to others.
    const UuidBytes writer_;
    UuidBytes token_{};
    std::optional<Instant> row_made_at_;
    std::optional<PgDatabase::Asked> asked_alive_;
};

}  // namespace darkroom::store
