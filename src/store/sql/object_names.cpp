#include "store/sql/object_names.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "store/sql/images_json.h"
#include "store/sql/key_parts.h"
#include "store/sql/remote_rows.h"
#include "store/sql/upload_rows.h"

namespace darkroom::store {
namespace {

struct Owner {
    std::int64_t seq = 0;
    bool outputs_kept = false;
    std::optional<core::ObjectKey> thumbnail;
};

std::optional<Owner> find_owner(Database& db, const JobId& job) {
    auto rows = db.query("SELECT seq, outputs_removed_at IS NULL, thumbnail FROM jobs WHERE id = ?", job);
    if (!rows.next()) return std::nullopt;
    return Owner{rows.integer(0), rows.integer(1) != 0, rows.optional_key(2)};
}

// In flight, or looked for elsewhere once more.
bool attempt_at_work(Database& db, const AttemptId& attempt) {
    return db.integer("SELECT EXISTS (SELECT 1 FROM inflight WHERE attempt_id = ?)", attempt) != 0 ||
           remote_result_wanted(db, attempt);
}

bool at_work(Database& db, const Owner& owner) {
    std::vector<AttemptId> attempts;
    {
        auto rows = db.query("SELECT id FROM attempts WHERE job_seq = ?", owner.seq);
        while (rows.next()) attempts.push_back(rows.id<AttemptId>(0));
    }
    return std::any_of(attempts.begin(), attempts.end(),
                       [&](const auto& attempt) { return attempt_at_work(db, attempt); });
}

bool in_outputs(Database& db, const Owner& owner, const AttemptId& attempt, const core::ObjectKey& key) {
    auto rows = db.query("SELECT outputs FROM attempts WHERE job_seq = ? AND id = ?", owner.seq, attempt);
    if (!rows.next()) return false;
    const auto outputs = outputs_from_json(rows.bytes(0));
    return std::any_of(outputs.begin(), outputs.end(), [&](const auto& output) { return output.key == key; });
}

// The end of an attempt at work may be about to be recorded: its objects are in the store before that.
bool restored_named(Database& db, const KeyParts& parts, const core::ObjectKey& key) {
    const AttemptId attempt(parts.attempt);
    if (attempt_at_work(db, attempt)) return true;
    const auto owner = find_owner(db, parts.job());
    return owner && owner->outputs_kept && in_outputs(db, *owner, attempt, key);
}

bool is_thumbnail(Database& db, const Owner& owner, const core::ObjectKey& key) {
    return owner.thumbnail == key ||
           db.integer("SELECT EXISTS (SELECT 1 FROM attempts WHERE job_seq = ? AND thumbnail = ?)", owner.seq,
                      key) != 0;
}

bool thumbnail_named(Database& db, const KeyParts& parts, const core::ObjectKey& key) {
    const auto owner = find_owner(db, parts.job());
    if (!owner) return false;
    return (owner->outputs_kept && is_thumbnail(db, *owner, key)) || at_work(db, *owner);
}

bool worker_input_named(Database& db, const KeyParts& parts) {
    const auto owner = find_owner(db, parts.job());
    return owner && at_work(db, *owner);
}

bool is_named(Database& db, const core::ObjectKey& key) {
    const auto parts = parts_of(key);
    switch (parts.kind) {
        case KeyKind::nothing:
            return true;  // there is nothing to remove
        case KeyKind::uploaded:
            return uploaded_object_named(db, parts.upload(), key);
        case KeyKind::restored:
            return restored_named(db, parts, key);
        case KeyKind::thumbnail:
            return thumbnail_named(db, parts, key);
        case KeyKind::worker_input:
            return worker_input_named(db, parts);
        case KeyKind::worker_output:
            return attempt_at_work(db, AttemptId(parts.attempt));
        case KeyKind::probe:
            return false;
    }
    DR_CHECK(false);
}

struct Keeper {
    std::int64_t seq = 0;
    JobId job;
    std::set<core::ObjectKey> keys;
    bool outputs_kept = false;
};

// What a step works on is its chain's, or the output of another step, and told there.
Keeper keeper_of(const Rows& rows) {
    Keeper keeper{rows.integer(0), rows.id<JobId>(1), {}, rows.integer(3) != 0};
    if (rows.integer(2) != 0) {
        for (const auto& input : inputs_from_json(rows.bytes(4))) keeper.keys.insert(input.key);
    }
    if (const auto thumbnail = rows.optional_key(5); thumbnail && keeper.outputs_kept)
        keeper.keys.insert(*thumbnail);
    return keeper;
}

void add_outputs(Database& db, Keeper& keeper) {
    auto rows = db.query("SELECT outputs, thumbnail FROM attempts WHERE job_seq = ?", keeper.seq);
    while (rows.next()) {
        for (const auto& output : outputs_from_json(rows.bytes(0))) keeper.keys.insert(output.key);
        if (const auto thumbnail = rows.optional_key(1)) keeper.keys.insert(*thumbnail);
    }
}

}  // namespace

std::vector<core::ObjectKey> find_unnamed_objects(Database& db, const std::vector<core::ObjectKey>& keys) {
    std::vector<core::ObjectKey> unnamed;
    for (const auto& key : keys) {
        if (!is_named(db, key)) unnamed.push_back(key);
    }
    return unnamed;
}

ports::NamedObjects list_named_objects(Database& db, std::int64_t after, int jobs_max) {
    ports::NamedObjects named;
    const auto limit = std::max<std::int64_t>(0, jobs_max);
    std::int64_t jobs = 0;
    std::int64_t last = 0;
    auto rows = db.query(
        "SELECT seq, id, inputs_removed_at IS NULL AND chain_seq IS NULL, outputs_removed_at IS NULL, "
        "inputs, thumbnail FROM jobs"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        after, limit + 1);
    while (rows.next()) {
        if (++jobs > limit) {
            named.next_after = last;
            break;
        }
        auto keeper = keeper_of(rows);
        if (keeper.outputs_kept) add_outputs(db, keeper);
        for (const auto& key : keeper.keys) {
            if (!key.empty()) named.objects.push_back({keeper.job, key});
        }
        last = keeper.seq;
    }
    return named;
}

}  // namespace darkroom::store
