// How Darkroom's values become SQL parameters: ids and digests as bytes, times as milliseconds since 1970,
// names as text. A value only points at texts and bytes: they outlive the call it is made for.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time.h"
#include "core/job.h"

namespace darkroom::store {

struct SqlValue {
    enum class Kind { null, integer, text, bytes };
    Kind kind = Kind::null;
    std::int64_t integer = 0;
    std::string_view data;  // of text and bytes

    static SqlValue of_bytes(std::span<const std::uint8_t> bytes) {
        return {Kind::bytes, 0, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
    }
};

inline SqlValue to_sql(std::int64_t value) { return {SqlValue::Kind::integer, value, {}}; }
inline SqlValue to_sql(int value) { return to_sql(std::int64_t{value}); }
inline SqlValue to_sql(bool value) { return to_sql(std::int64_t{value ? 1 : 0}); }
inline SqlValue to_sql(std::string_view text) { return {SqlValue::Kind::text, 0, text}; }
inline SqlValue to_sql(const std::string& text) { return to_sql(std::string_view(text)); }
inline SqlValue to_sql(const char* text) { return to_sql(std::string_view(text)); }
inline SqlValue to_sql(TimePoint time) { return to_sql(to_unix_ms(time)); }
inline SqlValue to_sql(Milliseconds duration) { return to_sql(std::int64_t{duration.count()}); }
inline SqlValue to_sql(core::Status status) { return to_sql(core::to_string(status)); }
inline SqlValue to_sql(const UserId& user) { return to_sql(std::string_view(user.str())); }
inline SqlValue to_sql(const core::ObjectKey& key) { return to_sql(std::string_view(key.str())); }
inline SqlValue to_sql(const Sha256Bytes& digest) { return SqlValue::of_bytes(digest); }
inline SqlValue to_sql(std::span<const std::uint8_t> bytes) { return SqlValue::of_bytes(bytes); }
template <class Tag>
SqlValue to_sql(const Uuid<Tag>& id) {
    return SqlValue::of_bytes(id.bytes());
}
template <class T>
SqlValue to_sql(const std::optional<T>& value) {
    return value ? to_sql(*value) : SqlValue();
}

}  // namespace darkroom::store
