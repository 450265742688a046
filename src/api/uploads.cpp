#include "api/uploads.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <optional>

#include "api/job_json.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/unique_fd.h"
#include "core/image_header.h"
#include "core/transfer_token.h"

namespace darkroom::api {
namespace {

constexpr std::size_t label_bytes_max = 128;
constexpr Milliseconds transfer_time_max{3'600'000};

class FileSource : public core::ByteSource {
public:
    explicit FileSource(const std::filesystem::path& path)
        : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
        const auto read = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        return read > 0 ? static_cast<std::size_t>(read) : 0;
    }

private:
    UniqueFd file_;
};

Result<core::ImageHeader, core::JobError> look_at(const std::filesystem::path& file, std::uint64_t bytes,
                                                  const core::ImageLimits& limits) {
    FileSource source(file);
    const auto header = core::read_image_header(source);
    if (!header) return Fail(core::describe(header.error()));
    if (auto refused = core::check_image_limits(*header, bytes, limits)) return Fail(*std::move(refused));
    return *header;
}

Problem upload_problem(ports::UploadOutcome outcome) {
    switch (outcome) {
        case ports::UploadOutcome::already_complete:
            return {ProblemCode::upload_already_complete,
                    "This upload was sent before; ask for a new one to send another picture."};
        case ports::UploadOutcome::expired:
            return {ProblemCode::upload_expired, "This upload was not sent in time; ask for a new one."};
        case ports::UploadOutcome::not_found:
        case ports::UploadOutcome::completed:
            break;
    }
    return {ProblemCode::not_found, "There is no such upload."};
}

Problem token_problem(core::TokenError error) {
    if (error == core::TokenError::expired)
        return {ProblemCode::url_expired, "This upload URL has expired; ask for a new upload."};
    return {ProblemCode::url_invalid, "This URL was not made by this server, or was changed."};
}

Problem too_large(std::uint64_t bytes_max) {
    return {ProblemCode::too_large, "This upload takes at most " + std::to_string(bytes_max) + " bytes."};
}

}  // namespace

std::string label_of(std::string_view name) {
    // The last part of a path in either style; browsers and tools disagree on what they send.
    if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos)
        name.remove_prefix(slash + 1);
    std::string label;
    for (const char c : name.substr(0, label_bytes_max)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '.' || c == '_' || c == '-' || c == ' ' || c == '(' || c == ')' || c == '+' ||
                           c == ',';
        label.push_back(plain ? c : '_');
    }
    while (!label.empty() && (label.front() == '.' || label.front() == '-' || label.front() == ' '))
        label.erase(0, 1);
    while (!label.empty() && (label.back() == '.' || label.back() == ' ')) label.pop_back();
    return label.empty() ? "picture" : label;
}

Result<core::Upload, Problem> open_upload(ApiContext& context, const UserId& user, std::string_view name,
                                          std::uint64_t bytes_max) {
    core::Upload upload;
    upload.id = context.random.id<UploadId>();
    upload.user = user;
    upload.name = label_of(name);
    upload.bytes_max = bytes_max;
    upload.created_at = context.clock.now();
    // A transfer that began in time may end after its URL has expired.
    upload.expires_at = upload.created_at + context.settings.upload_url_life + transfer_time_max;
    const auto created = context.store.create_upload(upload);
    if (!created) return Fail(Problem(created.error()));
    return upload;
}

Result<core::Upload, Problem> receive_upload(ApiContext& context, const ports::Access& access,
                                             const UploadId& id, const std::filesystem::path& file,
                                             std::uint64_t bytes) {
    auto upload = context.store.find_upload(access, id);
    if (!upload) return Fail(Problem(upload.error()));
    if (!*upload) return Fail(upload_problem(ports::UploadOutcome::not_found));
    if ((*upload)->ready) return Fail(upload_problem(ports::UploadOutcome::already_complete));
    const auto header = look_at(file, bytes, context.settings.limits);
    if (!header) return Fail(Problem(header.error()));
    const auto key = core::ObjectKey::uploaded(id, core::file_extension(header->format));
    const auto stored = context.objects.put_file(key, file);
    if (!stored) return Fail(Problem(stored.error()));
    const core::InputImage image{.name = (*upload)->name,
                                 .key = key,
                                 .content_type = std::string(core::content_type(header->format)),
                                 .bytes = stored->bytes,
                                 .width = header->oriented_width(),
                                 .height = header->oriented_height(),
                                 .sha256 = stored->sha256};
    const auto now = context.clock.now();
    const auto kept_until = now + context.settings.upload_life;
    const auto completed = context.store.complete_upload(access, id, image, now, kept_until);
    if (!completed) return Fail(Problem(completed.error()));
    if (*completed != ports::UploadOutcome::completed) {
        // Where it is complete already, the object of that name is the one that counts.
        if (*completed != ports::UploadOutcome::already_complete) (void)context.objects.remove(key);
        return Fail(upload_problem(*completed));
    }
    (*upload)->ready = true;
    (*upload)->expires_at = kept_until;
    (*upload)->image = image;
    return **std::move(upload);
}

class UploadRoutes::Sending {
public:
    Sending(UploadRoutes& routes, const UploadId& upload) : routes_(routes), upload_(upload) {
        const std::lock_guard lock(routes_.mutex_);
        alone_ = routes_.sending_.insert(upload_).second;
    }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;
    ~Sending() {
        if (!alone_) return;
        const std::lock_guard lock(routes_.mutex_);
        routes_.sending_.erase(upload_);
    }
    bool alone() const { return alone_; }

private:
    UploadRoutes& routes_;
    UploadId upload_;
    bool alone_ = false;
};

std::vector<ports::HttpRoute> UploadRoutes::routes(const std::string& base) {
    using ports::BodyPolicy;
    using ports::HttpMethod;
    constexpr std::uint64_t request_bytes_max = 16'384;
    auto put = make_route(HttpMethod::put, base + "/objects/{token}",
                          unauthenticated([this](auto& request) { return receive(request); }),
                          {BodyPolicy::Kind::spool, context_.settings.upload_bytes_max});
    put.check_head = [this](const auto& head, auto& bytes_max) { return check_before_body(head, bytes_max); };
    return {make_route(HttpMethod::post, base + "/uploads",
                       authenticated(context_, [this](const auto& caller,
                                                      auto& request) { return create(caller, request); }),
                       {BodyPolicy::Kind::buffer, request_bytes_max}),
            make_route(HttpMethod::get, base + "/uploads/{uuid}",
                       authenticated(context_, [this](const auto& caller,
                                                      auto& request) { return show(caller, request); })),
            std::move(put)};
}

Answer UploadRoutes::create(const Caller& caller, const ports::HttpRequest& request) {
    const auto body = parse_json(request.body);
    if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
    if (!body->is_object())
        return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
    constexpr std::array<std::string_view, 3> fields{"filename", "bytes", "content_type"};
    std::string name = "picture";
    std::uint64_t bytes_max = context_.settings.upload_bytes_max;
    for (const auto& [field, value] : body->as_object()) {
        const auto field_name = std::string(field);
        if (field == "filename" && value.is_string()) {
            name = std::string(value.as_string());
        } else if (field == "bytes" && value.is_int64() && value.as_int64() > 0) {
            const auto bytes = static_cast<std::uint64_t>(value.as_int64());
            if (bytes > bytes_max) return Fail(too_large(bytes_max));
            bytes_max = bytes;
        } else if (field == "content_type" && value.is_string()) {
            continue;  // what it really is, is seen when it is here
        } else {
            const bool known = std::find(fields.begin(), fields.end(), field_name) != fields.end();
            return Fail(
                Problem({{"/" + json_pointer_token(field_name), known ? "validation_failed" : "unknown_field",
                          known ? field_name + " has the wrong type or value."
                                : unknown_field_sentence(field_name, fields)}}));
        }
    }
    auto upload = open_upload(context_, caller.user, name, bytes_max);
    if (!upload) return Fail(std::move(upload).error());
    upload->expires_at = upload->created_at + context_.settings.upload_url_life;
    const auto token =
        core::seal(core::UploadPermit{upload->id, upload->user, upload->bytes_max, upload->expires_at},
                   context_.settings.transfer_secret);
    JsonWriter json;
    json.begin_object();
    write_upload(json, *upload);
    json.member("method", "PUT").member("url", context_.settings.base_url + "/api/v1/objects/" + token);
    json.key("headers").begin_object().end_object().end_object();
    return json_answer(201, json.take());
}

Answer UploadRoutes::show(const Caller& caller, const ports::HttpRequest& request) {
    const auto upload = context_.store.find_upload(caller.access(), id_param<UploadId>(request));
    if (!upload) return Fail(Problem(upload.error()));
    if (!*upload) return Fail(upload_problem(ports::UploadOutcome::not_found));
    JsonWriter json;
    json.begin_object();
    write_upload(json, **upload);
    json.end_object();
    return json_answer(200, json.take());
}

std::optional<ports::HttpResponse> UploadRoutes::check_before_body(const ports::HttpRequest& head,
                                                                   std::uint64_t& body_bytes_max) {
    const auto permit = core::open_upload_permit(head.path_params.at(0), context_.settings.transfer_secret,
                                                 context_.clock.now());
    if (!permit) return to_response(token_problem(permit.error()), head.id);
    body_bytes_max = permit->bytes_max;
    if (head.content_length > permit->bytes_max) return to_response(too_large(permit->bytes_max), head.id);
    const auto upload = context_.store.find_upload(ports::Access::of(permit->user), permit->upload);
    if (!upload) return to_response(Problem(upload.error()), head.id);
    if (!*upload) return to_response(upload_problem(ports::UploadOutcome::expired), head.id);
    if ((*upload)->ready) return to_response(upload_problem(ports::UploadOutcome::already_complete), head.id);
    return std::nullopt;
}

Answer UploadRoutes::receive(ports::HttpRequest& request) {
    // The time was checked before the body was taken; a slow sender is not punished for it.
    const auto permit =
        core::open_upload_permit(request.path_params.at(0), context_.settings.transfer_secret, TimePoint());
    if (!permit) return Fail(token_problem(permit.error()));
    const Sending sending(*this, permit->upload);
    if (!sending.alone())
        return Fail(
            Problem(ProblemCode::upload_in_progress, "Another request is sending this upload right now."));
    const auto upload = receive_upload(context_, ports::Access::of(permit->user), permit->upload,
                                       request.spooled->path(), request.spooled->bytes());
    if (!upload) return Fail(upload.error());
    JsonWriter json;
    json.begin_object();
    write_upload(json, *upload);
    json.end_object();
    return json_answer(200, json.take());
}

}  // namespace darkroom::api
