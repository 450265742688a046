#include "store/postgres/pg_arrays.h"

#include <array>

#include "base/check.h"
#include "store/postgres/pg_text.h"

namespace darkroom::store {
namespace {

constexpr std::size_t null_flag_at = 4;
constexpr std::size_t size_at = 12;
constexpr std::size_t header_length = 20;

template <class Integer>
std::array<char, sizeof(Integer)> big_endian(Integer value) {
    std::array<char, sizeof(Integer)> bytes{};
    auto rest = static_cast<std::uint64_t>(value);
    for (std::size_t i = sizeof(Integer); i-- > 0; rest >>= 8) bytes[i] = static_cast<char>(rest & 0xff);
    return bytes;
}

template <class Integer>
void append(std::string& data, Integer value) {
    const auto bytes = big_endian(value);
    data.append(bytes.data(), bytes.size());
}

template <class Integer>
void overwrite(std::string& data, std::size_t at, Integer value) {
    const auto bytes = big_endian(value);
    data.replace(at, bytes.size(), bytes.data(), bytes.size());
}

}  // namespace

PgArray::PgArray(Of of) : of_(of) { clear(); }

void PgArray::clear() {
    size_ = 0;
    data_.clear();
    append(data_, std::int32_t{1});  // dimensions
    append(data_, std::int32_t{0});  // whether NULL is among them
    append(data_, static_cast<std::uint32_t>(of_));
    append(data_, std::int32_t{0});  // so many
    append(data_, std::int32_t{1});  // the first one's number
    DR_CHECK(data_.size() == header_length);
}

void PgArray::add(const SqlValue& value) {
    overwrite(data_, size_at, ++size_);
    if (value.kind == SqlValue::Kind::null) {
        overwrite(data_, null_flag_at, std::int32_t{1});
        return append(data_, std::int32_t{-1});
    }
    if (of_ == Of::bigint) {
        DR_CHECK(value.kind == SqlValue::Kind::integer);
        append(data_, std::int32_t{sizeof(std::int64_t)});
        return append(data_, value.integer);
    }
    DR_CHECK(value.kind != SqlValue::Kind::integer);
    const auto data = of_ == Of::text ? to_held(value.data, storage_) : value.data;
    append(data_, static_cast<std::int32_t>(data.size()));
    data_.append(data);
}

bool PgValues::is_first(const SqlValue& value) const {
    return value.kind == kind_ && value.integer == integer_ && value.data == data_;
}

void PgValues::spell_out() {
    for (std::int64_t i = 0; i < size_; ++i) array_.add(first());
}

void PgValues::add(const SqlValue& value) {
    if (size_ == 0) {
        kind_ = value.kind;
        integer_ = value.integer;
        data_ = value.data;
    } else if (!all_same()) {
        array_.add(value);
    } else if (!is_first(value)) {
        spell_out();
        array_.add(value);
    }
    ++size_;
}

SqlValue PgValues::array() {
    if (all_same()) spell_out();
    return array_.value();
}

}  // namespace darkroom::store
