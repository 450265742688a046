#include "store/sqlite/upload_rows.h"

#include <algorithm>

#include "store/sqlite/images_json.h"

namespace darkroom::store {
namespace {

using ports::UploadOutcome;

// The image of an upload that a job uses must stay, whatever expires_at says.
struct UploadRow {
    core::Upload upload;
    bool used = false;
};

std::optional<UploadRow> find(Database& db, const ports::Access& access, const UploadId& id) {
    auto rows = db.query(
        "SELECT id, user_id, name, bytes_max, created_at, expires_at, image, used FROM uploads WHERE id = ?",
        id);
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
    row.used = rows.integer(7) != 0;
    return row;
}

}  // namespace

void insert_upload(Database& db, const core::Upload& upload) {
    std::optional<std::string> image;
    if (upload.image) image = to_json(*upload.image);
    db.run(
        "INSERT INTO uploads (id, user_id, name, bytes_max, created_at, expires_at, image) VALUES (?, ?, ?, "
        "?, ?, ?, ?)",
        upload.id, upload.user, upload.name, static_cast<std::int64_t>(upload.bytes_max), upload.created_at,
        upload.expires_at, image);
}

std::optional<core::Upload> find_upload(Database& db, const ports::Access& access, const UploadId& id) {
    auto row = find(db, access, id);
    if (!row) return std::nullopt;
    return std::move(row->upload);
}

UploadOutcome complete_upload(Database& db, const ports::Access& access, const UploadId& id,
                              const core::InputImage& image, TimePoint now, TimePoint expires_at) {
    const auto row = find(db, access, id);
    if (!row) return UploadOutcome::not_found;
    if (row->upload.ready) return UploadOutcome::already_complete;
    if (row->upload.expires_at <= now) return UploadOutcome::expired;
    const auto json = to_json(image);
    db.run("UPDATE uploads SET image = ?2, expires_at = ?3 WHERE id = ?1 AND image IS NULL", id, json,
           expires_at);
    return UploadOutcome::completed;
}

std::vector<core::ObjectKey> take_expired_uploads(Database& db, TimePoint now, int count_max) {
    std::vector<UploadId> expired;
    std::vector<core::ObjectKey> objects;
    {
        const int limit = std::max(0, count_max);
        auto rows = db.query(
            "SELECT id, image FROM uploads INDEXED BY uploads_unused WHERE used = 0 AND expires_at <= ?"
            " ORDER BY expires_at LIMIT ?",
            now, limit);
        while (rows.next()) {
            expired.push_back(rows.id<UploadId>(0));
            if (!rows.is_null(1)) objects.push_back(input_from_json(rows.bytes(1)).key);
        }
    }
    for (const auto& id : expired) db.run("DELETE FROM uploads WHERE id = ?", id);
    return objects;
}

bool upload_usable(Database& db, const ports::Access& access, const UploadId& id, TimePoint now) {
    const auto row = find(db, access, id);
    return row && row->upload.ready && (row->used || row->upload.expires_at > now);
}

void use_upload(Database& db, std::int64_t job_seq, const UploadId& id) {
    db.run("UPDATE uploads SET used = 1 WHERE id = ? AND used = 0", id);
    db.run("INSERT OR IGNORE INTO job_uploads (job_seq, upload_id) VALUES (?, ?)", job_seq, id);
}

}  // namespace darkroom::store
