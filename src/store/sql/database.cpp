#include "store/sql/database.h"

#include <algorithm>

namespace darkroom::store {

std::optional<TimePoint> Rows::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

std::optional<Milliseconds> Rows::optional_duration(int column) const {
    if (is_null(column)) return std::nullopt;
    return Milliseconds(integer(column));
}

std::optional<std::string> Rows::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

UserId Rows::user(int column) const {
    auto user = UserId::parse(bytes(column));
    if (!user) throw SqlFailure::damaged("a user id");
    return *std::move(user);
}

core::Status Rows::status(int column) const {
    const auto status = core::parse_status(bytes(column));
    if (!status) throw SqlFailure::damaged("a status");
    return *status;
}

std::optional<core::ObjectKey> Rows::optional_key(int column) const {
    if (is_null(column)) return std::nullopt;
    auto key = core::ObjectKey::parse(bytes(column));
    if (!key) throw SqlFailure::damaged("an object key");
    return key;
}

Sha256Bytes Rows::digest(int column) const {
    const auto blob = bytes(column);
    Sha256Bytes digest{};
    if (blob.size() != digest.size()) throw SqlFailure::damaged("a digest");
    std::copy(blob.begin(), blob.end(), digest.begin());
    return digest;
}

std::int64_t Database::count_inflight(const std::string& endpoint) {
    return integer("SELECT count(*) FROM inflight WHERE endpoint = ?", endpoint);
}

void Database::change_one_bound(std::string_view sql, std::span<const SqlValue> values) {
    if (run_bound(sql, values) != 1)
        throw SqlFailure::damaged("a row that must be there is not: " + std::string(sql));
}

UuidBytes Rows::uuid(int column) const {
    const auto blob = bytes(column);
    UuidBytes id{};
    if (blob.size() != id.size()) throw SqlFailure::damaged("an id");
    std::copy(blob.begin(), blob.end(), id.begin());
    return id;
}

}  // namespace darkroom::store
