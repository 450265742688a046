// How Darkroom's values become SQL parameters: ids and digests as blobs, times as milliseconds since 1970,
// names as text.
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

struct sqlite3_stmt;

namespace darkroom::store {

void bind_integer(sqlite3_stmt* statement, int index, std::int64_t value);
void bind_text(sqlite3_stmt* statement, int index, std::string_view text);
void bind_blob(sqlite3_stmt* statement, int index, std::span<const std::uint8_t> bytes);
void bind_null(sqlite3_stmt* statement, int index);

inline void bind(sqlite3_stmt* s, int i, std::int64_t value) { bind_integer(s, i, value); }
inline void bind(sqlite3_stmt* s, int i, int value) { bind_integer(s, i, value); }
inline void bind(sqlite3_stmt* s, int i, bool value) { bind_integer(s, i, value ? 1 : 0); }
inline void bind(sqlite3_stmt* s, int i, std::string_view text) { bind_text(s, i, text); }
inline void bind(sqlite3_stmt* s, int i, const std::string& text) { bind_text(s, i, text); }
inline void bind(sqlite3_stmt* s, int i, const char* text) { bind_text(s, i, text); }
inline void bind(sqlite3_stmt* s, int i, TimePoint time) { bind_integer(s, i, to_unix_ms(time)); }
inline void bind(sqlite3_stmt* s, int i, Milliseconds duration) { bind_integer(s, i, duration.count()); }
inline void bind(sqlite3_stmt* s, int i, core::Status status) { bind_text(s, i, core::to_string(status)); }
inline void bind(sqlite3_stmt* s, int i, const UserId& user) { bind_text(s, i, user.str()); }
inline void bind(sqlite3_stmt* s, int i, const core::ObjectKey& key) { bind_text(s, i, key.str()); }
inline void bind(sqlite3_stmt* s, int i, const Sha256Bytes& digest) { bind_blob(s, i, digest); }
inline void bind(sqlite3_stmt* s, int i, std::span<const std::uint8_t> bytes) { bind_blob(s, i, bytes); }
template <class Tag>
void bind(sqlite3_stmt* s, int i, const Uuid<Tag>& id) {
    bind_blob(s, i, id.bytes());
}
template <class T>
void bind(sqlite3_stmt* s, int i, const std::optional<T>& value) {
    if (value) {
        bind(s, i, *value);
    } else {
        bind_null(s, i);
    }
}

}  // namespace darkroom::store
