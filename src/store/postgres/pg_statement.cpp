#include "store/postgres/pg_statement.h"

#include "store/postgres/pg_text.h"

namespace darkroom::store {
namespace {

constexpr Oid text_type = 25;
std::int64_t number_in(const char* data, int length) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data);
    std::uint64_t value = length > 1 && (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (int i = 0; i < length; ++i) value = value << 8 | bytes[i];
    return static_cast<std::int64_t>(value);
}

}  // namespace

void PgRows::show(const pg_result* result, int first_row, int end_row, int first_column) {
    result_ = result;
    row_ = first_row - 1;
    end_ = end_row;
    column_ = first_column;
    decoded_.clear();
}

bool PgRows::is_null(int column) const { return PQgetisnull(result_, row_, column + column_) == 1; }

std::int64_t PgRows::integer(int column) const {
    if (is_null(column)) return 0;
    return number_in(PQgetvalue(result_, row_, column + column_),
                     PQgetlength(result_, row_, column + column_));
}

std::string_view PgRows::bytes(int column) const {
    if (is_null(column)) return {};
    const std::string_view data{PQgetvalue(result_, row_, column + column_),
                                static_cast<std::size_t>(PQgetlength(result_, row_, column + column_))};
    if (PQftype(result_, column + column_) != text_type) return data;
    std::string storage;
    const auto text = from_held(data, storage);
    if (text.data() == data.data()) return text;
    return decoded_.emplace_back(std::move(storage));
}

PgStatement::PgStatement(std::string_view sql, std::int64_t number)
    : sql_(sql), text_(to_postgres(sql)), name_("s" + std::to_string(number)), tables_(tables_in(text_)) {
    plan = bulk_plan(text_);
}

void PgStatement::give(PgResult result) {
    result_ = std::move(result);
    rows_.show(result_.get(), 0, PQntuples(result_.get()), 0);
}

void PgStatement::describe(const pg_result& description) {
    types.clear();
    for (int i = 0; i < PQnparams(&description); ++i) {
        const auto type = static_cast<PgArray::Of>(PQparamtype(&description, i));
        if (type != PgArray::Of::bytea && type != PgArray::Of::bigint && type != PgArray::Of::text &&
            type != PgArray::Of::uuid)
            return plan.reset();
        types.push_back(type);
    }
    if (!plan || types.size() != plan->parameters) plan.reset();
}

std::string key_of(std::span<const SqlValue> values, std::size_t count) {
    std::string key;
    for (const auto& value : values.first(count)) {
        const auto size = value.kind == SqlValue::Kind::integer
                              ? value.integer
                              : static_cast<std::int64_t>(value.data.size());
        key.append(reinterpret_cast<const char*>(&size), sizeof size);
        key.append(value.data);
    }
    return key;
}

}  // namespace darkroom::store
