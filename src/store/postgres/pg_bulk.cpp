#include "store/postgres/pg_bulk.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace darkroom::store {
namespace {

struct HotTable {
    std::string_view name;
    std::size_t keys;
    std::string_view where;  // how a statement names one row of it
};
constexpr std::array<HotTable, 10> hot_tables{{
    {"jobs", 1, "seq = $1"},
    {"attempts", 2, "job_seq = $1 AND number = $2"},
    {"inflight", 1, "attempt_id = $1"},
    {"ready", 3, "backend = $1 AND vt = $2 AND job_seq = $3"},
    {"backlog", 4, "backend = $1 AND user_id = $2 AND rank = $3 AND job_seq = $4"},
    {"flow", 2, "backend = $1 AND user_id = $2"},
    {"job_events", 1, "job_seq = $1"},
    {"ended_jobs", 2, "finished_at = $1 AND job_seq = $2"},
    {"tallies", 3, "what = $1 AND label = $2 AND shard = $3"},
    {"remote_jobs", 1, "attempt_id = $1"},
}};

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view word_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_letter(text[end])) ++end;
    return text.substr(at, end - at);
}

std::size_t count_parameters(std::string_view text) {
    std::size_t most = 0;
    for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
        const auto digits = word_at(text, at + 1);
        most = std::max(most, static_cast<std::size_t>(std::stoul(std::string(digits))));
    }
    return most;
}

// $3 becomes v.p3.
std::string by_columns(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '$') {
            out += "v.p";
        } else {
            out += c;
        }
    }
    return out;
}

std::string_view name_of(PgArray::Of type) {
    switch (type) {
        case PgArray::Of::bytea:
            return "bytea";
        case PgArray::Of::bigint:
            return "bigint";
        case PgArray::Of::text:
            return "text";
        case PgArray::Of::uuid:
            return "uuid";
    }
    DR_CHECK(false);
}

// unnest(CAST($1 AS bigint[]), …) AS v(p1, …)
std::string rows_of(const std::vector<PgArray::Of>& types) {
    std::string arrays;
    std::string columns;
    for (std::size_t i = 0; i < types.size(); ++i) {
        const auto number = std::to_string(i + 1);
        const std::string comma = i == 0 ? "" : ", ";
        arrays += comma + "CAST($" + number + " AS " + std::string(name_of(types[i])) + "[])";
        columns += comma + "p" + number;
    }
    return "unnest(" + arrays + ") AS v(" + columns + ")";
}

std::string columns_of(std::size_t count) {
    std::string columns;
    for (std::size_t i = 1; i <= count; ++i) columns += (i == 1 ? "v.p" : ", v.p") + std::to_string(i);
    return columns;
}

constexpr std::string_view next_event = "coalesce(max(seq), 0) + 1";

std::optional<BulkPlan::Kind> kind_of(std::string_view text) {
    if (begins(text, "INSERT INTO ")) return BulkPlan::Kind::insert;
    if (begins(text, "UPDATE ")) return BulkPlan::Kind::update;
    if (begins(text, "DELETE FROM ")) return BulkPlan::Kind::remove;
    if (begins(text, "SELECT ")) return BulkPlan::Kind::select;
    return std::nullopt;
}

std::string_view table_of(BulkPlan::Kind kind, std::string_view text) {
    switch (kind) {
        case BulkPlan::Kind::insert:
            return word_at(text, std::string_view("INSERT INTO ").size());
        case BulkPlan::Kind::update:
            return word_at(text, std::string_view("UPDATE ").size());
        case BulkPlan::Kind::remove:
            return word_at(text, std::string_view("DELETE FROM ").size());
        case BulkPlan::Kind::select:
            break;
    }
    const auto from = text.rfind(" FROM ");
    return from == std::string_view::npos ? "" : word_at(text, from + 6);
}

// What stands behind the keys must not hide another table or another order.
bool names_one_row(const BulkPlan& plan, std::string_view where) {
    const auto at = plan.text.rfind(" WHERE ");
    if (at == std::string::npos || !begins(std::string_view(plan.text).substr(at + 7), where)) return false;
    const auto rest = std::string_view(plan.text).substr(at + 7 + where.size());
    if (plan.kind == BulkPlan::Kind::select) return rest.empty() || rest == " FOR UPDATE";
    return rest.find("RETURNING") == std::string_view::npos && rest.find("SELECT") == std::string_view::npos;
}

bool numbers_an_event(const BulkPlan& plan) {
    return plan.table == "job_events" && plan.text.find(next_event) != std::string::npos;
}

bool inserts_values(const BulkPlan& plan) {
    if (plan.text.find("DO NOTHING") != std::string::npos) return false;
    return numbers_an_event(plan) || plan.text.find(" VALUES ($1") != std::string::npos;
}

std::string many_inserted(const BulkPlan& plan, const std::string& rows) {
    if (!numbers_an_event(plan)) {
        const auto values = plan.text.find(" VALUES (");
        return plan.text.substr(0, values) + " SELECT " + columns_of(plan.parameters) + " FROM " + rows +
               plan.text.substr(plan.text.find(')', values) + 1);
    }
    auto text = plan.text.substr(0, plan.text.rfind(" FROM "));
    text.replace(text.find(next_event), next_event.size(),
                 "coalesce((SELECT max(seq) FROM job_events AS told WHERE told.job_seq = $1), 0) + 1");
    return by_columns(text) + " FROM " + rows;
}

std::string many_selected(const BulkPlan& plan, const std::string& rows) {
    const auto from = plan.text.rfind(" FROM ");
    const auto where = plan.text.rfind(" WHERE ");
    auto condition = plan.text.substr(where + 7);
    std::string ending;
    if (const auto lock = condition.find(" FOR UPDATE"); lock != std::string::npos) {
        condition.resize(lock);
        ending = " ORDER BY " + columns_of(plan.keys) + " FOR UPDATE OF " + plan.table;
    }
    return "SELECT " + columns_of(plan.keys) + ", " + plan.text.substr(7, from - 7) + " FROM " + rows +
           " JOIN " + plan.table + " ON " + by_columns(condition) + ending;
}

}  // namespace

std::string BulkPlan::for_many(const std::vector<PgArray::Of>& types) const {
    DR_CHECK(types.size() == parameters);
    const auto rows = rows_of(types);
    if (kind == Kind::insert) return many_inserted(*this, rows);
    if (kind == Kind::select) return many_selected(*this, rows);
    const auto where = text.rfind(" WHERE ");
    return by_columns(text.substr(0, where)) + (kind == Kind::update ? " FROM " : " USING ") + rows +
           by_columns(text.substr(where));
}

std::optional<BulkPlan> bulk_plan(const std::string& text) {
    const auto kind = kind_of(text);
    if (!kind) return std::nullopt;
    BulkPlan plan;
    plan.kind = *kind;
    plan.table = table_of(*kind, text);
    plan.text = text;
    plan.parameters = count_parameters(text);
    const auto* const hot = std::find_if(hot_tables.begin(), hot_tables.end(),
                                         [&](const auto& table) { return table.name == plan.table; });
    if (hot == hot_tables.end()) return std::nullopt;
    plan.keys = hot->keys;
    const bool is_for_one =
        plan.kind == BulkPlan::Kind::insert ? inserts_values(plan) : names_one_row(plan, hot->where);
    if (!is_for_one || plan.parameters < plan.keys) return std::nullopt;
    if (plan.kind == BulkPlan::Kind::select && plan.parameters != plan.keys) return std::nullopt;
    // Many of one attempt can be there, and their order counts.
    if (plan.table == "remote_jobs" && plan.kind != BulkPlan::Kind::select) return std::nullopt;
    return plan;
}

std::vector<std::string> tables_in(std::string_view text) {
    std::vector<std::string> tables;
    for (const std::string_view before : {" FROM ", " JOIN ", "INTO ", "UPDATE "}) {
        for (auto at = text.find(before); at != std::string_view::npos; at = text.find(before, at + 1))
            tables.emplace_back(word_at(text, at + before.size()));
    }
    return tables;
}

}  // namespace darkroom::store
