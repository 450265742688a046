// A few connections that only read, lent to one caller at a time. Each loan is one snapshot: what is read
// inside belongs together.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/sql/database.h"

namespace darkroom::store {

class ReaderPool {
public:
    ReaderPool(std::vector<std::unique_ptr<Database>> readers, Milliseconds wait_at_most);

    /// Runs `work(Database&)` on the caller's thread, perhaps more than once; unavailable if no connection
    /// becomes free in time.
    template <class Work>
    auto read(const Work& work) -> ports::StoreResult<std::invoke_result_t<const Work&, Database&>> {
        const Loan loan(*this);
        if (loan.db == nullptr) return Fail(busy());
        for (int tries_left = tries;; --tries_left) {
            try {
                const Snapshot snapshot(*loan.db);
                return work(*loan.db);
            } catch (const SqlFailure& failure) {
                if (!failure.try_again() || tries_left <= 1) return Fail(failure.error());
            }
        }
    }

private:
    static constexpr int tries = 3;

    struct Loan {
        explicit Loan(ReaderPool& from) : pool(from), db(from.take()) {}
        Loan(const Loan&) = delete;
        ~Loan() { pool.give_back(db); }
        ReaderPool& pool;
        Database* db;
    };
    struct Snapshot {
        explicit Snapshot(Database& of) : db(of) { db.begin_reading(); }
        Snapshot(const Snapshot&) = delete;
        ~Snapshot() { db.end_reading(); }
        Database& db;
    };

    Database* take();
    void give_back(Database* db);
    static ports::StoreError busy();

    std::vector<std::unique_ptr<Database>> readers_;
    const Milliseconds wait_at_most_;
    std::mutex mutex_;
    std::condition_variable one_is_free_;
    std::vector<Database*> free_;
};

}  // namespace darkroom::store
