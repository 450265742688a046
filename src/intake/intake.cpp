#include "intake/intake.h"

#include <algorithm>

#include "intake/picture_look.h"

namespace darkroom::intake {
namespace {

// A transfer that began in time may end after its URL has expired.
constexpr Milliseconds transfer_time_max{3'600'000};

UrlFetchLimits fetch_limits(const IntakeSettings& settings) {
    UrlFetchLimits limits;
    limits.rules = settings.url_rules;
    limits.bytes_max = std::min(settings.upload_bytes_max, settings.limits.file_bytes_max);
    limits.time_max = settings.fetch_time_max;
    limits.fetches_max = settings.fetches_max;
    limits.spool_dir = settings.spool_dir;
    return limits;
}

/// The last part of a URL's path, as a name for people.
std::string_view name_in(std::string_view url) {
    const auto path = url.substr(0, url.find('?'));
    const auto host = path.find("://");
    const auto slash = path.rfind('/');
    return host != std::string_view::npos && slash > host + 2 ? path.substr(slash + 1) : std::string_view{};
}

}  // namespace

Intake::Intake(ports::JobStore& store, ports::ObjectStore& objects, ports::HttpClient& client,
               ports::Resolver& resolver, const ports::Clock& clock, ports::Random& random,
               IntakeSettings settings)
    : store_(store),
      objects_(objects),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)),
      urls_(client, resolver, clock, random, fetch_limits(settings_)) {}

Result<core::Upload, Refusal> Intake::open(const UserId& user, std::string_view name,
                                           std::uint64_t bytes_max) {
    return create(user, name, bytes_max, "");
}

Result<core::Upload, Refusal> Intake::create(const UserId& user, std::string_view name,
                                             std::uint64_t bytes_max, std::string_view direct_extension) {
    core::Upload upload;
    upload.id = random_.id<UploadId>();
    upload.user = user;
    upload.name = label_of(name);
    upload.bytes_max = bytes_max;
    if (!direct_extension.empty()) upload.direct_key = core::ObjectKey::uploaded(upload.id, direct_extension);
    upload.created_at = clock_.now();
    upload.expires_at = upload.created_at + settings_.upload_url_life + transfer_time_max;
    if (const auto created = store_.create_upload(upload); !created) return Fail(Refusal(created.error()));
    return upload;
}

Result<core::Upload, Refusal> Intake::receive(const ports::Access& access, const UploadId& id,
                                              const std::filesystem::path& file, std::uint64_t bytes) {
    auto upload = store_.find_upload(access, id);
    if (!upload) return Fail(Refusal(upload.error()));
    if (!*upload) return Fail(Refusal(ports::UploadOutcome::not_found));
    if ((*upload)->ready) return Fail(Refusal(ports::UploadOutcome::already_complete));
    const auto header = look_at(file, bytes, settings_.limits);
    if (!header) return Fail(Refusal(header.error()));
    const auto key = core::ObjectKey::uploaded(id, core::file_extension(header->format));
    const auto stored = objects_.put_file(key, file);
    if (!stored) return Fail(Refusal(stored.error()));
    core::InputImage image{.name = (*upload)->name,
                           .key = key,
                           .content_type = std::string(core::content_type(header->format)),
                           .bytes = stored->bytes,
                           .width = header->oriented_width(),
                           .height = header->oriented_height(),
                           .sha256 = stored->sha256,
                           .version = stored->version};
    return complete(access, **std::move(upload), std::move(image));
}

Result<core::Upload, Refusal> Intake::complete(const ports::Access& access, core::Upload upload,
                                               core::InputImage image) {
    const auto now = clock_.now();
    const auto kept_until = now + settings_.upload_life;
    const auto completed = store_.complete_upload(access, upload.id, image, now, kept_until);
    if (!completed) return Fail(Refusal(completed.error()));
    if (*completed == ports::UploadOutcome::already_complete) return completed_before(access, upload, image);
    if (*completed != ports::UploadOutcome::completed) {
        (void)objects_.remove(image.key);  // if that fails, upkeep finds it: no row names it
        return Fail(Refusal(*completed));
    }
    upload.ready = true;
    upload.expires_at = kept_until;
    upload.image = std::move(image);
    return upload;
}

// Somebody else was faster: theirs is the picture that counts. What was found here is the same object, or one
// that nobody names.
Result<core::Upload, Refusal> Intake::completed_before(const ports::Access& access,
                                                       const core::Upload& upload,
                                                       const core::InputImage& image) {
    auto winner = store_.find_upload(access, upload.id);
    if (!winner) return Fail(Refusal(winner.error()));
    if (!*winner || !(*winner)->image) return Fail(Refusal(ports::UploadOutcome::not_found));
    if ((*winner)->image->key != image.key) (void)objects_.remove(image.key);
    if (upload.direct_key.empty()) return Fail(Refusal(ports::UploadOutcome::already_complete));
    return **std::move(winner);
}

Result<core::Upload, Refusal> Intake::fetch(const UserId& user, const std::string& url,
                                            const std::string& name) {
    auto file = urls_.fetch(url);
    if (!file) return Fail(std::move(file).error());
    // Looked at before there is a row: what is no picture leaves no trace.
    if (const auto header = look_at(file->path(), file->bytes(), settings_.limits); !header)
        return Fail(Refusal(header.error()));
    const auto upload = create(user, name.empty() ? name_in(url) : std::string_view(name), file->bytes(), "");
    if (!upload) return Fail(upload.error());
    return receive(ports::Access::of(user), upload->id, file->path(), file->bytes());
}

std::uint64_t Intake::picture_bytes_max() const {
    const auto bytes_max = std::min(settings_.upload_bytes_max, settings_.limits.file_bytes_max);
    const auto put_bytes_max = objects_.capabilities().put_bytes_max;
    return put_bytes_max > 0 ? std::min(bytes_max, put_bytes_max) : bytes_max;
}

}  // namespace darkroom::intake
