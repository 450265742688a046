// Many values as one parameter: the binary form of a one-dimensional Postgres array. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/sql/sql_value.h"

namespace darkroom::store {

/// Grows by one element at a time. Bound as bytes; the statement says what it is: CAST(? AS uuid[]).
class PgArray {
public:
    enum class Of : std::uint32_t { bytea = 17, bigint = 20, text = 25, uuid = 2950 };
    explicit PgArray(Of of);

    /// A number for an array of bigint, text for one of text, bytes for the others; or NULL.
    void add(const SqlValue& value);
    std::int32_t size() const { return size_; }
    void clear();
    SqlValue value() const { return {SqlValue::Kind::bytes, 0, data_}; }

private:
    Of of_;
    std::int32_t size_ = 0;
    std::string data_;
    std::string storage_;  // of text that had to be cleaned
};

/// A parameter's values for many rows. As long as all are the same, it is only one.
class PgValues {
public:
    explicit PgValues(PgArray::Of of) : array_(of) {}

    void add(const SqlValue& value);
    std::int64_t size() const { return size_; }
    bool all_same() const { return array_.size() == 0; }
    /// Lives as long as this.
    SqlValue first() const { return {kind_, integer_, data_}; }
    /// As many as there are.
    SqlValue array();

private:
    bool is_first(const SqlValue& value) const;
    void spell_out();

    std::int64_t size_ = 0;
    SqlValue::Kind kind_ = SqlValue::Kind::null;
    std::int64_t integer_ = 0;
    std::string data_;
    PgArray array_;
};

template <class Ids>
PgArray uuid_array(const Ids& ids) {
    PgArray array(PgArray::Of::uuid);
    for (const auto& id : ids) array.add(to_sql(id));
    return array;
}

inline SqlValue to_sql(const PgArray& array) { return array.value(); }

}  // namespace darkroom::store
