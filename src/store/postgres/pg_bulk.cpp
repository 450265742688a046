#include "store/postgres/pg_bulk.h"

#include <algorithm>

#include "base/check.h"

namespace darkroom::store {
namespace {

struct HotTable {
    std::string_view name;
    std::vector<std::string_view> keys;

    // How a statement names one row of it.
    std::string where() const {
        std::string text;
        for (std::size_t i = 0; i < keys.size(); ++i)
            text += (i == 0 ? "" : " AND ") + std::string(keys[i]) + " = $" + std::to_string(i + 1);
        return text;
    }
};

const std::vector<HotTable>& hot_tables() {
    static const std::vector<HotTable> tables{
        {"jobs", {"seq"}},
        {"attempts", {"job_seq", "number"}},
        {"inflight", {"attempt_id"}},
        {"ready", {"backend", "vt", "job_seq"}},
        {"backlog", {"backend", "user_id", "rank", "job_seq"}},
        {"flow", {"backend", "user_id"}},
        {"job_events", {"job_seq"}},
        {"ended_jobs", {"finished_at", "job_seq"}},
        {"tallies", {"what", "label", "shard"}},
        {"remote_jobs", {"attempt_id"}},
        {"uploads", {"id"}},
        {"job_uploads", {"job_seq", "upload_id"}},
        {"loose_inputs", {"upload_id", "job_seq"}},
        {"idempotency", {"user_id", "key"}},
    };
    return tables;
}

const HotTable* hot_table(std::string_view name) {
    const auto& tables = hot_tables();
    const auto found =
        std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.name == name; });
    return found == tables.end() ? nullptr : &*found;
}

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

// The parameters of a statement for many rows.
class Parameters {
public:
    Parameters(const std::vector<PgArray::Of>& types, std::uint64_t same) : types_(types), same_(same) {}

    // unnest(CAST($1 AS bigint[]), …) AS v(p1, …)
    std::string rows() const {
        std::string arrays;
        std::string columns;
        for (std::size_t i = 1; i <= types_.size(); ++i) {
            if (is_same(i)) continue;
            const std::string comma = arrays.empty() ? "" : ", ";
            arrays += comma + cast(i, "[]");
            columns += comma + "p" + std::to_string(i);
        }
        return "unnest(" + arrays + ") AS v(" + columns + ")";
    }

    // One row's.
    std::string value(std::size_t number) const {
        return is_same(number) ? cast(number, "") : "v.p" + std::to_string(number);
    }

    std::string values(std::size_t count) const {
        std::string text;
        for (std::size_t i = 1; i <= count; ++i) text += (i == 1 ? "" : ", ") + value(i);
        return text;
    }

    // $3 becomes that of a row.
    std::string in(std::string_view text) const {
        std::string out;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] != '$') {
                out += text[at];
                continue;
            }
            const auto digits = word_at(text, at + 1);
            out += value(std::stoul(std::string(digits)));
            at += digits.size();
        }
        return out;
    }

private:
    bool is_same(std::size_t number) const { return (same_ >> (number - 1) & 1) != 0; }
    std::string cast(std::size_t number, const char* many) const {
        return "CAST($" + std::to_string(number) + " AS " + std::string(name_of(types_[number - 1])) + many +
               ")";
    }

    const std::vector<PgArray::Of>& types_;
    const std::uint64_t same_;
};

// One row for each of v, found by index. Were it a plain equality, the planner might walk over the whole
// index and compare each of its rows with all of v: it does where statistics say that there are hardly any
// rows, as of a table that was cleaned up while nothing waited, and keeps to it when thousands have come.
std::string is_row_of_v(const HotTable& table) {
    std::string text = std::string(table.keys[0]) + " = ANY(ARRAY[v.p1])";
    for (std::size_t i = 1; i < table.keys.size(); ++i)
        text += " AND " + std::string(table.keys[i]) + " = v.p" + std::to_string(i + 1);
    return text;
}

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
bool names_one_row(const BulkPlan& plan, const std::string& where) {
    const auto at = plan.text.rfind(" WHERE ");
    if (at == std::string::npos || !begins(std::string_view(plan.text).substr(at + 7), where)) return false;
    const auto rest = std::string_view(plan.text).substr(at + 7 + where.size());
    if (plan.kind == BulkPlan::Kind::select) return rest.empty() || rest == " FOR UPDATE";
    return rest.find("RETURNING") == std::string_view::npos && rest.find("SELECT") == std::string_view::npos;
}

bool inserts_values(const BulkPlan& plan) {
    if (plan.text.find("DO NOTHING") != std::string::npos) return false;
    return plan.text.find(" VALUES ($1") != std::string::npos;
}

std::string many_inserted(const BulkPlan& plan, const Parameters& of) {
    const auto values = plan.text.find(" VALUES (");
    return plan.text.substr(0, values) + " SELECT " + of.values(plan.parameters) + " FROM " + of.rows() +
           plan.text.substr(plan.text.find(')', values) + 1);
}

std::string many_selected(const BulkPlan& plan, const Parameters& of) {
    const auto from = plan.text.rfind(" FROM ");
    const auto where = plan.text.rfind(" WHERE ");
    const auto keys = of.values(plan.keys);
    std::string ending;
    if (plan.text.find(" FOR UPDATE", where) != std::string::npos)
        ending = " ORDER BY " + keys + " FOR UPDATE OF " + plan.table;
    return "SELECT " + keys + ", " + plan.text.substr(7, from - 7) + " FROM " + of.rows() + " JOIN " +
           plan.table + " ON " + is_row_of_v(*hot_table(plan.table)) + ending;
}

}  // namespace

std::string BulkPlan::for_many(const std::vector<PgArray::Of>& types, std::uint64_t same) const {
    DR_CHECK(types.size() == parameters);
    const Parameters of(types, same >> keys << keys);
    if (kind == Kind::insert) return many_inserted(*this, of);
    if (kind == Kind::select) return many_selected(*this, of);
    const auto where = text.rfind(" WHERE ");
    const auto& hot = *hot_table(table);
    return of.in(text.substr(0, where)) + (kind == Kind::update ? " FROM " : " USING ") + of.rows() +
           " WHERE " + is_row_of_v(hot) + of.in(text.substr(where + 7 + hot.where().size()));
}

std::optional<BulkPlan> bulk_plan(const std::string& text) {
    const auto kind = kind_of(text);
    if (!kind) return std::nullopt;
    BulkPlan plan;
    plan.kind = *kind;
    plan.table = table_of(*kind, text);
    plan.text = text;
    plan.parameters = count_parameters(text);
    const auto* const hot = hot_table(plan.table);
    if (hot == nullptr) return std::nullopt;
    plan.keys = hot->keys.size();
    const bool is_for_one =
        plan.kind == BulkPlan::Kind::insert ? inserts_values(plan) : names_one_row(plan, hot->where());
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
