#include "store/sql/tallies.h"

namespace darkroom::store {

void Tallies::add_job(core::Status status, const std::string& backend, const std::string& type,
                      const std::optional<core::ErrorCode>& error, int more) {
    const std::string name(core::to_string(status));
    add(tally::jobs, name + " " + backend, more);
    if (!core::is_terminal(status)) return;
    const auto code = status == core::Status::failed && error ? core::to_string(*error) : "-";
    add(tally::ended, name + " " + std::string(code) + " " + type, more);
}

void Tallies::write(Database& db, const std::string& shard) {
    for (const auto& [key, more] : deltas_) {
        if (more == 0) continue;
        db.post(
            "INSERT INTO tallies (what, label, shard, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (what, label, shard) DO UPDATE SET value = tallies.value + excluded.value",
            key.first, key.second, shard, more);
    }
    deltas_.clear();
}

void forget_empty_tallies(Database& db) { db.post("DELETE FROM tallies WHERE value = 0"); }

}  // namespace darkroom::store
