// How a Postgres connection changes many rows with one statement, and asks for many ahead (pg_batch.h).
#include <libpq-fe.h>

#include <array>

#include "base/check.h"
#include "store/postgres/pg_database.h"

namespace darkroom::store {
namespace {

constexpr std::size_t forms_max = 8;         // of one statement for many rows
constexpr std::int64_t rows_to_look_at = 8;  // for what they have in common

}  // namespace

PgStatement& PgDatabase::for_many(PgStatement& one, std::uint64_t same) {
    const auto [found, is_new] = one.for_many.try_emplace(same, nullptr);
    if (is_new) found->second = &statement(one.plan->for_many(one.types, same));
    return *found->second;
}

// Most columns of a batch have one value: the state that all come to, the time, what nobody has set. They are
// sent once. A few rows may be alike by chance, which is not worth a statement of their own.
void PgDatabase::write(PgPending::Bulk& bulk) {
    auto& one = *bulk.statement;
    const bool look = bulk.rows >= rows_to_look_at;
    std::uint64_t same = 0;
    for (std::size_t i = one.plan->keys; look && i < bulk.columns.size(); ++i)
        if (bulk.columns[i].all_same()) same |= std::uint64_t{1} << i;
    if (one.for_many.count(same) == 0 && one.for_many.size() >= forms_max) same = 0;
    auto& many = bulk.rows == 1 ? one : for_many(one, same);
    std::vector<SqlValue> values;
    values.reserve(bulk.columns.size());
    for (std::size_t i = 0; i < bulk.columns.size(); ++i) {
        const bool once = bulk.rows == 1 || (same >> i & 1) != 0;
        values.push_back(once ? bulk.columns[i].first() : bulk.columns[i].array());
    }
    (void)send(many, values, Kind::change, bulk.each_changes_one ? bulk.rows : -1);
}

void PgDatabase::write_pending(std::vector<PgPending::Bulk> bulks) {
    for (auto& bulk : bulks) write(bulk);
}

void PgDatabase::write_what_it_reads(const PgStatement& statement) {
    const auto& tables = statement.tables();
    write_pending(pending_.take(tables));
}

void PgDatabase::write(PgStatement& statement, std::span<const SqlValue> values, bool changes_one) {
    foreseen_.forget(statement, values);
    if (in_transaction_ && learn_types(statement)) {
        if (pending_.add(statement, values, changes_one)) return;
        write_pending(pending_.take({statement.plan->table}));
        DR_CHECK(pending_.add(statement, values, changes_one));
        return;
    }
    write_what_it_reads(statement);
    (void)send(statement, values, Kind::change, changes_one ? 1 : -1);
}

Cursor* PgDatabase::find_foreseen(PgStatement& statement, std::span<const SqlValue> values) {
    if (!statement.plan || statement.plan->kind != BulkPlan::Kind::select) return nullptr;
    const auto key = key_of(values, statement.plan->keys);
    auto* const question = foreseen_.find(statement, key);
    if (question == nullptr) return nullptr;
    if (!question->is_read) {
        if (answered_ < question->number) connection_.send_flush();
        read_until(question->number);
        PgForeseen::read(*question);
    }
    const auto [first, end] = question->rows.at(key);
    statement.rows().show(question->result.get(), first, end, static_cast<int>(statement.plan->keys));
    return &statement.rows();
}

void PgDatabase::foresee(std::string_view sql, std::span<const SqlValue> keys, std::size_t keys_of_one) {
    auto& single = statement(sql);
    if (keys.size() <= keys_of_one || !in_transaction_ || !learn_types(single)) return;
    DR_CHECK(single.plan->keys == keys_of_one && single.plan->kind == BulkPlan::Kind::select);
    std::vector<PgArray> columns;
    for (const auto type : single.types) columns.emplace_back(type);
    std::unordered_set<std::string> known;
    for (std::size_t at = 0; at < keys.size(); at += keys_of_one) {
        const auto one = keys.subspan(at, keys_of_one);
        const auto key = key_of(one, keys_of_one);
        if (foreseen_.find(single, key) != nullptr || !known.insert(key).second) continue;
        for (std::size_t i = 0; i < keys_of_one; ++i) columns[i].add(one[i]);
    }
    if (known.empty()) return;
    auto& many = for_many(single, 0);
    if (auto* const earlier = foreseen_.unread(many)) {
        connection_.send_flush();
        read_until(earlier->number);
        PgForeseen::read(*earlier);
    }
    // Whom it locks out waits until this transaction ends, so all that can be done before is done before.
    const bool locks = many.text().find(" FOR UPDATE") != std::string::npos;
    write_pending(locks ? pending_.take_all() : pending_.take(many.tables()));
    std::vector<SqlValue> arrays;
    arrays.reserve(columns.size());
    for (const auto& column : columns) arrays.push_back(column.value());
    foreseen_.add(single, many, send(many, arrays, Kind::question, -1), known);
}

void PgDatabase::know(std::string_view sql, const Asked& asked) {
    auto& single = statement(sql);
    if (!learn_types(single)) return;
    if (answered_ < asked.number) {
        connection_.send_flush();
        read_until(asked.number);
    }
    foreseen_.add_answer(single, *asked.statement);
}

}  // namespace darkroom::store
