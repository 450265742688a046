// The half of Intake that deals with pictures which clients put into the store themselves. The client holds a
// URL for exactly one key, type and length, and may use it more than once while it lives: so nothing is
// believed about the object until it was read, and what was read is pinned by its version.
#include <vector>

#include "base/check.h"
#include "intake/intake.h"
#include "intake/picture_look.h"
#include "intake/spool_file.h"

namespace darkroom::intake {
namespace {

constexpr std::size_t piece_bytes = 64u << 10;

core::JobError declared_badly(const DirectUpload& what, std::uint64_t bytes_max) {
    using core::ErrorCode;
    if (what.bytes == 0) return {ErrorCode::input_unreadable, "The picture has no bytes."};
    return {ErrorCode::input_too_large,
            "The picture is larger than " + std::to_string(bytes_max) + " bytes."};
}

bool is_changed(const Refusal& refusal) {
    const auto* const error = std::get_if<ports::ObjectError>(&refusal);
    return error != nullptr && error->kind == ports::ObjectErrorKind::changed;
}

Refusal as_refusal(const ports::ObjectError& error) {
    if (error.kind == ports::ObjectErrorKind::missing) return NotSent{};
    return error;
}

Refusal other_length() {
    return ports::ObjectError{ports::ObjectErrorKind::unavailable,
                              "the object has another length than its head said"};
}

/// The client may send again while its URL lives, also at this very moment: only what was found bad is
/// removed. What stays after all goes with its upload.
void remove_if_still(ports::ObjectStore& objects, const core::ObjectKey& key, const std::string& version) {
    const auto now = objects.head(key);
    if (now && now->version == version) (void)objects.remove(key);
}

/// The whole object, of the version that was seen, in a file.
Result<SpoolFile, Refusal> copy_down(ports::ObjectStore& objects, const core::ObjectKey& key,
                                     const ports::ObjectInfo& info, SpoolFile file) {
    auto reader = objects.open(key, {.offset = 0, .length = std::nullopt, .version = info.version});
    if (!reader) return Fail(as_refusal(reader.error()));
    std::vector<char> buffer(piece_bytes);
    for (;;) {
        const auto read = (*reader)->read(buffer);
        if (!read) return Fail(as_refusal(read.error()));
        if (*read == 0) break;
        if (file.bytes() + *read > info.bytes) return Fail(other_length());
        if (const auto written = file.write({buffer.data(), *read}); !written)
            return Fail(Refusal(written.error()));
    }
    if (file.bytes() == info.bytes) return file;
    return Fail(other_length());
}

}  // namespace

/// An object that was read as a whole, and what it was found to be.
struct Intake::Seen {
    ports::ObjectInfo info;
    std::string sha256;
    core::ImageHeader header;
};

Result<Intake::Direct, Refusal> Intake::open_direct(const UserId& user, std::string_view name,
                                                    const DirectUpload& what) {
    DR_CHECK(objects_.capabilities().presigns);
    const auto extension = core::extension_of(what.content_type);
    if (!extension) {
        const auto error = core::describe(core::ImageHeaderError::unsupported_format);
        return Fail(Refusal(error));
    }
    const auto bytes_max = picture_bytes_max();
    if (what.bytes == 0 || what.bytes > bytes_max) return Fail(Refusal(declared_badly(what, bytes_max)));
    auto upload = create(user, name, what.bytes, *extension);
    if (!upload) return Fail(std::move(upload).error());
    auto request = objects_.presign_put(
        upload->direct_key,
        {.content_type = what.content_type, .bytes = what.bytes, .life = settings_.upload_url_life});
    return Direct{*std::move(upload), std::move(request)};
}

Result<core::Upload, Refusal> Intake::confirm(const ports::Access& access, const UploadId& id) {
    auto found = store_.find_upload(access, id);
    if (!found) return Fail(Refusal(found.error()));
    if (!*found) return Fail(Refusal(ports::UploadOutcome::not_found));
    auto& upload = **found;
    if (upload.ready) return upload;
    if (upload.expires_at <= clock_.now()) return Fail(Refusal(ports::UploadOutcome::expired));
    if (upload.direct_key.empty()) return Fail(Refusal(NotSent{}));
    auto seen = read_direct(upload);
    // Replaced while it was looked at: by a client that sent it twice, perhaps, so it is looked at once more.
    if (!seen && is_changed(seen.error())) seen = read_direct(upload);
    if (!seen && is_changed(seen.error())) {
        return Fail(Refusal(core::JobError{core::ErrorCode::input_changed,
                                           "The uploaded picture was replaced while it was being read."}));
    }
    if (!seen) return Fail(std::move(seen).error());
    core::InputImage image{.name = upload.name,
                           .key = upload.direct_key,
                           .content_type = std::string(core::content_type(seen->header.format)),
                           .bytes = seen->info.bytes,
                           .width = seen->header.oriented_width(),
                           .height = seen->header.oriented_height(),
                           .sha256 = seen->sha256,
                           .version = seen->info.version};
    return complete(access, std::move(upload), std::move(image));
}

Result<Intake::Seen, Refusal> Intake::read_direct(const core::Upload& upload) {
    auto info = objects_.head(upload.direct_key);
    if (!info) return Fail(as_refusal(info.error()));
    if (info->bytes != upload.bytes_max) return Fail(Refusal(WrongLength{info->bytes, upload.bytes_max}));
    auto spool = SpoolFile::create(settings_.spool_dir, random_);
    if (!spool) return Fail(Refusal(spool.error()));
    auto file = copy_down(objects_, upload.direct_key, *info, *std::move(spool));
    if (!file) return Fail(std::move(file).error());
    const auto header = look_at(file->path(), file->bytes(), settings_.limits);
    if (!header) {
        remove_if_still(objects_, upload.direct_key, info->version);
        return Fail(Refusal(header.error()));
    }
    return Seen{*std::move(info), file->finish(), *header};
}

}  // namespace darkroom::intake
