#include "store/postgres/pg_batch.h"

#include <algorithm>
#include <utility>

namespace darkroom::store {
namespace {

constexpr std::int64_t rows_max = 1'000;  // in one statement

// As key_of() makes it, from the first columns of an answer.
std::string key_in(const pg_result* result, int row, const PgStatement& statement) {
    PgRows rows;
    rows.show(result, row, row + 1, 0);
    (void)rows.next();
    std::string key;
    for (std::size_t i = 0; i < statement.plan->keys; ++i) {
        const auto column = static_cast<int>(i);
        const bool is_number = statement.types[i] == PgArray::Of::bigint;
        const auto value =
            is_number ? to_sql(rows.integer(column)) : SqlValue{SqlValue::Kind::bytes, 0, rows.bytes(column)};
        key += key_of({&value, 1}, 1);
    }
    return key;
}

}  // namespace

bool PgPending::add(PgStatement& statement, std::span<const SqlValue> values, bool changes_one) {
    auto& table = tables_[statement.plan->table];
    if (static_cast<std::int64_t>(table.keys.size()) >= rows_max) return false;
    if (!table.keys.insert(key_of(values, statement.plan->keys)).second) return false;
    auto bulk = std::find_if(table.bulks.begin(), table.bulks.end(),
                             [&](const auto& one) { return one.statement == &statement; });
    if (bulk == table.bulks.end()) {
        bulk = table.bulks.insert(bulk, {&statement, {}, 0, changes_one});
        for (const auto type : statement.types) bulk->columns.emplace_back(type);
    }
    for (std::size_t i = 0; i < values.size(); ++i) bulk->columns[i].add(values[i]);
    ++bulk->rows;
    return true;
}

void PgPending::give_out(Table& table, std::vector<Bulk>& bulks) {
    std::stable_sort(table.bulks.begin(), table.bulks.end(), [](const auto& one, const auto& other) {
        return one.statement->plan->kind < other.statement->plan->kind;
    });
    std::move(table.bulks.begin(), table.bulks.end(), std::back_inserter(bulks));
    table.bulks.clear();
    table.keys.clear();
}

std::vector<PgPending::Bulk> PgPending::take(const std::vector<std::string>& tables) {
    std::vector<Bulk> bulks;
    for (const auto& name : tables) {
        const auto found = tables_.find(name);
        if (found != tables_.end()) give_out(found->second, bulks);
    }
    return bulks;
}

std::vector<PgPending::Bulk> PgPending::take_all() {
    std::vector<Bulk> bulks;
    for (auto& [name, table] : tables_) give_out(table, bulks);
    return bulks;
}

void PgForeseen::add(PgStatement& statement, PgStatement& many, std::uint64_t number,
                     const std::unordered_set<std::string>& keys) {
    auto question = std::make_unique<Question>();
    question->statement = &statement;
    question->many = &many;
    question->number = number;
    for (const auto& key : keys) question->rows.emplace(key, std::pair(0, 0));
    questions_.push_back(std::move(question));
}

void PgForeseen::add_answer(PgStatement& statement, PgStatement& many) {
    auto question = std::make_unique<Question>();
    question->statement = &statement;
    question->many = &many;
    question->is_read = true;
    question->result = many.take();
    const int count = PQntuples(question->result.get());
    for (int row = 0; row < count; ++row)
        question->rows.emplace(key_in(question->result.get(), row, statement), std::pair(row, row + 1));
    questions_.push_back(std::move(question));
}

PgForeseen::Question* PgForeseen::find(const PgStatement& statement, const std::string& key) {
    for (auto question = questions_.rbegin(); question != questions_.rend(); ++question) {
        if ((*question)->statement == &statement && (*question)->rows.count(key) == 1) return question->get();
    }
    return nullptr;
}

PgForeseen::Question* PgForeseen::unread(const PgStatement& many) {
    for (const auto& question : questions_) {
        if (!question->is_read && question->many == &many) return question.get();
    }
    return nullptr;
}

void PgForeseen::read(Question& question) {
    question.is_read = true;
    question.result = question.many->take();
    const int count = PQntuples(question.result.get());
    for (int row = 0; row < count; ++row) {
        const auto found = question.rows.find(key_in(question.result.get(), row, *question.statement));
        if (found == question.rows.end()) continue;
        auto& [first, end] = found->second;
        if (first == end) first = row;
        end = row + 1;
    }
}

void PgForeseen::forget(const PgStatement& writer, std::span<const SqlValue> values) {
    if (questions_.empty()) return;
    const auto& tables = writer.tables();
    for (auto& question : questions_) {
        const auto& table = question->statement->plan->table;
        if (writer.plan && writer.plan->table == table) {
            question->rows.erase(key_of(values, question->statement->plan->keys));
        } else if (std::find(tables.begin(), tables.end(), table) != tables.end()) {
            question->rows.clear();
        }
    }
}

}  // namespace darkroom::store
