// What a transaction has to write, collected until somebody asks for it, and what it will ask, asked for at
// once: so a batch of a hundred jobs costs a handful of statements and waits instead of a thousand. Nobody
// can tell the difference: what would be read is written before, and what was read and is changed is
// forgotten.
#pragma once
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "store/postgres/pg_statement.h"

namespace darkroom::store {

/// Rows to be written. The connection sends what this gives out.
class PgPending {
public:
    struct Bulk {
        PgStatement* statement = nullptr;
        std::vector<PgValues> columns;
        std::int64_t rows = 0;
        bool each_changes_one = false;
    };

    /// Of a statement with plan and types. False: this row is there already, or the table is full; what has
    /// been collected for it must be sent first.
    bool add(PgStatement& statement, std::span<const SqlValue> values, bool changes_one);
    /// Gives out and forgets what was collected for one of these tables, removals first.
    std::vector<Bulk> take(const std::vector<std::string>& tables);
    std::vector<Bulk> take_all();
    void clear() { tables_.clear(); }

private:
    struct Table {
        std::unordered_set<std::string> keys;
        std::vector<Bulk> bulks;
    };
    static void give_out(Table& table, std::vector<Bulk>& bulks);
    std::unordered_map<std::string, Table> tables_;
};

/// Answers that were asked for ahead.
class PgForeseen {
public:
    struct Question {
        PgStatement* statement = nullptr;
        PgStatement* many = nullptr;  // was asked instead
        std::uint64_t number = 0;     // in the order of what was sent
        bool is_read = false;
        PgResult result;
        std::unordered_map<std::string, std::pair<int, int>>
            rows;  // by key: the first, and the one after the last
    };

    void add(PgStatement& statement, PgStatement& many, std::uint64_t number,
             const std::unordered_set<std::string>& keys);
    /// What `many` was answered tells of the rows in it, and of no others.
    void add_answer(PgStatement& statement, PgStatement& many);
    /// The question in which this one was asked ahead; nullptr = in none.
    Question* find(const PgStatement& statement, const std::string& key);
    /// Those whose answer is still under way in this statement for many.
    Question* unread(const PgStatement& many);
    /// Takes the answer of a question's statement for many.
    static void read(Question& question);
    /// A row is written: what was read of it does not count any more. Without keys: of no row of its tables.
    void forget(const PgStatement& writer, std::span<const SqlValue> values);
    void clear() { questions_.clear(); }

private:
    std::vector<std::unique_ptr<Question>> questions_;
};

}  // namespace darkroom::store
