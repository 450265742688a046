#include "store/sql/upload_rows.h"

#include <algorithm>
#include <set>

#include "store/sql/images_json.h"
#include "store/sql/key_parts.h"

namespace darkroom::store {
namespace {

using ports::UploadOutcome;

// The image of an upload that jobs use must stay, whatever expires_at says.
struct UploadRow {
    core::Upload upload;
    std::int64_t used = 0;  // by so many jobs; -1 = expired for good
};

std::optional<std::string_view> direct_key_of(const core::Upload& upload) {
    if (upload.direct_key.empty()) return std::nullopt;
    return upload.direct_key.str();
}

// A picture that was put straight into the store may have stayed where it was put, or have been moved.
std::vector<core::ObjectKey> objects_in(const Rows& rows, int direct_key, int image) {
    std::vector<core::ObjectKey> objects;
    if (auto key = rows.optional_key(direct_key)) objects.push_back(*std::move(key));
    if (rows.is_null(image)) return objects;
    auto key = input_from_json(rows.bytes(image)).key;
    if (!key.empty() && (objects.empty() || objects[0] != key)) objects.push_back(std::move(key));
    return objects;
}

std::int64_t bytes_of(const core::InputImage& image) { return static_cast<std::int64_t>(image.bytes); }

/// What went with a row: direct_key, image, user_id.
void take_off(Tallies& tallies, const Rows& rows) {
    if (!rows.is_null(1)) tallies.add(tally::inputs, rows.text(2), -bytes_of(input_from_json(rows.bytes(1))));
}

bool among_inputs(const core::ObjectKey& key, std::string_view inputs_json) {
    const auto inputs = inputs_from_json(inputs_json);
    return std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) { return input.key == key; });
}

std::optional<UploadRow> find(Database& db, const ports::Access& access, const UploadId& id) {
    const auto sql = upload_sql(db);
    auto rows = db.query(sql, id);
    if (!rows.next()) return std::nullopt;
    UploadRow row;
    row.upload.id = rows.id<UploadId>(0);
    row.upload.user = rows.user(1);
    if (!access.allows(row.upload.user)) return std::nullopt;
    row.upload.name = rows.text(2);
    row.upload.bytes_max = static_cast<std::uint64_t>(rows.integer(3));
    row.upload.created_at = rows.time(4);
    row.upload.expires_at = rows.time(5);
    row.upload.ready = !rows.is_null(6);
    if (row.upload.ready) row.upload.image = input_from_json(rows.bytes(6));
    row.used = rows.integer(7);
    if (auto key = rows.optional_key(8)) row.upload.direct_key = *std::move(key);
    return row;
}

}  // namespace

std::string upload_sql(const Database& db) {
    return "SELECT id, user_id, name, bytes_max, created_at, expires_at, image, used, direct_key FROM uploads"
           " WHERE id = ?" +
           std::string(db.to_change_them());
}

void insert_upload(Transaction& transaction, const core::Upload& upload) {
    std::optional<std::string> image;
    if (upload.image) {
        image = to_json(*upload.image);
        transaction.tallies.add(tally::inputs, upload.user.str(), bytes_of(*upload.image));
    }
    transaction.db.post(
        "INSERT INTO uploads (id, user_id, name, bytes_max, created_at, expires_at, image, direct_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        upload.id, upload.user, upload.name, static_cast<std::int64_t>(upload.bytes_max), upload.created_at,
        upload.expires_at, image, direct_key_of(upload));
}

std::optional<core::Upload> find_upload(Database& db, const ports::Access& access, const UploadId& id) {
    auto row = find(db, access, id);
    if (!row) return std::nullopt;
    return std::move(row->upload);
}

UploadOutcome complete_upload(Transaction& transaction, const ports::Access& access, const UploadId& id,
                              const core::InputImage& image, TimePoint now, TimePoint expires_at) {
    auto& db = transaction.db;
    const auto row = find(db, access, id);
    if (!row) return UploadOutcome::not_found;
    if (row->upload.ready) return UploadOutcome::already_complete;
    if (row->upload.expires_at <= now || row->used < 0) return UploadOutcome::expired;
    const auto json = to_json(image);
    db.post("UPDATE uploads SET image = ?2, expires_at = ?3 WHERE id = ?1 AND image IS NULL", id, json,
            expires_at);
    transaction.tallies.add(tally::inputs, row->upload.user.str(), bytes_of(image));
    return UploadOutcome::completed;
}

std::vector<ports::ExpiredUpload> expire_uploads(Transaction& transaction, TimePoint now, int count_max) {
    transaction.write_uses();
    auto& db = transaction.db;
    std::vector<ports::ExpiredUpload> expired;
    {
        const int limit = std::max(0, count_max);
        const auto sql =
            "SELECT id, direct_key, image FROM uploads INDEXED BY uploads_unused"
            " WHERE used <= 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?" +
            std::string(db.to_change_them());
        auto rows = db.query(sql, now, limit);
        while (rows.next()) expired.push_back({rows.id<UploadId>(0), objects_in(rows, 1, 2)});
    }
    for (const auto& upload : expired)
        db.post("UPDATE uploads SET used = -1 WHERE id = ? AND used = 0", upload.id);
    return expired;
}

void forget_uploads(Transaction& transaction, const std::vector<UploadId>& ids) {
    for (const auto& id : ids) {
        auto rows = transaction.db.query(
            "DELETE FROM uploads WHERE id = ? AND used < 0 RETURNING direct_key, image, user_id", id);
        while (rows.next()) take_off(transaction.tallies, rows);
    }
}

bool upload_usable(Database& db, const ports::Access& access, const UploadId& id, TimePoint now) {
    const auto row = find(db, access, id);
    if (!row || !row->upload.ready || row->used < 0) return false;
    return row->used > 0 || row->upload.expires_at > now;
}

void use_uploads(Transaction& transaction, std::int64_t job_seq, const std::vector<UploadId>& uploads,
                 const std::vector<core::InputImage>& inputs) {
    auto& db = transaction.db;
    // Named twice, it is used once.
    for (const auto& id : std::set<UploadId>(uploads.begin(), uploads.end())) {
        db.post("INSERT INTO job_uploads (job_seq, upload_id) VALUES (?, ?)", job_seq, id);
        transaction.use(id);
    }
    for (const auto& input : inputs) {
        const auto parts = parts_of(input.key);
        const auto id = parts.upload();
        if (parts.kind != KeyKind::uploaded || std::find(uploads.begin(), uploads.end(), id) != uploads.end())
            continue;
        db.post("INSERT INTO loose_inputs (upload_id, job_seq) VALUES (?, ?) ON CONFLICT DO NOTHING", id,
                job_seq);
    }
}

std::vector<core::ObjectKey> give_up_uploads(Transaction& transaction, std::int64_t job_seq,
                                             const std::vector<core::InputImage>& inputs) {
    transaction.write_uses();
    auto& db = transaction.db;
    for (const auto& input : inputs) {
        const auto id = parts_of(input.key).upload();
        db.post("DELETE FROM loose_inputs WHERE upload_id = ? AND job_seq = ?", id, job_seq);
    }
    std::vector<UploadId> uploads;
    {
        auto rows = db.query("SELECT upload_id FROM job_uploads WHERE job_seq = ?", job_seq);
        while (rows.next()) uploads.push_back(rows.id<UploadId>(0));
    }
    std::vector<core::ObjectKey> gone;
    for (const auto& id : uploads) {
        if (db.run("UPDATE uploads SET used = used - 1 WHERE id = ? AND used > 1", id) == 1) continue;
        auto rows = db.query(
            "DELETE FROM uploads WHERE id = ? AND used = 1 RETURNING direct_key, image, user_id", id);
        while (rows.next()) {
            take_off(transaction.tallies, rows);
            for (auto& key : objects_in(rows, 0, 1)) gone.push_back(std::move(key));
        }
    }
    return gone;
}

bool upload_needed(Database& db, const UploadId& upload) {
    return db.integer(
               "SELECT EXISTS (SELECT 1 FROM uploads WHERE id = ?1)"
               " OR EXISTS (SELECT 1 FROM loose_inputs WHERE upload_id = ?1)",
               upload) != 0;
}

bool uploaded_object_named(Database& db, const UploadId& upload, const core::ObjectKey& key) {
    auto rows = db.query("SELECT direct_key, image FROM uploads WHERE id = ?", upload);
    if (rows.next()) {
        if (rows.is_null(1)) return true;  // it may be in the store already and be told in a moment
        const auto objects = objects_in(rows, 0, 1);
        if (std::find(objects.begin(), objects.end(), key) != objects.end()) return true;
    }
    auto loose = db.query(
        "SELECT inputs FROM loose_inputs CROSS JOIN jobs ON seq = job_seq WHERE upload_id = ?", upload);
    while (loose.next()) {
        if (among_inputs(key, loose.bytes(0))) return true;
    }
    return false;
}

}  // namespace darkroom::store
