// SQL as this house writes it (store/sql/database.h), as Postgres reads it. Pure.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::store {

/// ? and ?1 become $1; "INDEXED BY name", "NOT INDEXED" and the CROSS of "CROSS JOIN" are left out: hints for
/// a database without statistics. What stands between single quotes stays as it is.
std::string to_postgres(std::string_view sql);

/// Text as Postgres can hold it, which is valid UTF-8 without NUL: each byte that does not fit becomes one of
/// the last 256 characters of Unicode, which nobody uses. What is right already is returned as it is;
/// otherwise the view points into `storage`.
std::string_view to_held(std::string_view text, std::string& storage);
/// And back.
std::string_view from_held(std::string_view text, std::string& storage);

}  // namespace darkroom::store
