#include "api/uploads.h"

#include <algorithm>
#include <array>

#include "api/intake_problem.h"
#include "api/job_json.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "core/transfer_token.h"

namespace darkroom::api {
namespace {

constexpr std::uint64_t request_bytes_max = 16'384;

Problem token_problem(core::TokenError error) {
    if (error == core::TokenError::expired)
        return {ProblemCode::url_expired, "This upload URL has expired; ask for a new upload."};
    return {ProblemCode::url_invalid, "This URL was not made by this server, or was changed."};
}

Problem too_large(std::uint64_t bytes_max) {
    return {ProblemCode::too_large, "This upload takes at most " + std::to_string(bytes_max) + " bytes."};
}

// By the name's ending, for clients that do not say.
std::string type_by_name(const std::string& name) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos) return "";
    auto ending = name.substr(dot + 1);
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (ending == "jpeg") ending = "jpg";
    if (ending == "tif") ending = "tiff";
    return std::string(core::content_type_of(ending).value_or(""));
}

Answer upload_answer(int status, const core::Upload& upload) {
    JsonWriter json;
    json.begin_object();
    write_upload(json, upload);
    json.end_object();
    return json_answer(status, json.take());
}

// The three fields that every client works with, whoever takes the bytes.
Answer invitation(const core::Upload& upload, std::string_view mode, const ports::PresignedRequest& request) {
    auto told = upload;
    told.expires_at = request.expires_at;
    JsonWriter json;
    json.begin_object();
    write_upload(json, told);
    json.member("mode", mode).member("method", "PUT").member("url", request.url);
    json.key("headers").begin_object();
    for (const auto& [name, value] : request.headers) json.member(name, value);
    json.end_object().end_object();
    return json_answer(201, json.take());
}

}  // namespace

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
    using Method = Answer (UploadRoutes::*)(const Caller&, const ports::HttpRequest&);
    const auto route = [&](HttpMethod method, const std::string& pattern, Method handler) {
        const auto body = method == HttpMethod::post ? BodyPolicy{BodyPolicy::Kind::buffer, request_bytes_max}
                                                     : BodyPolicy{};
        return make_route(method, base + pattern,
                          authenticated(context_,
                                        [this, handler](const auto& caller, auto& request) {
                                            return (this->*handler)(caller, request);
                                        }),
                          body);
    };
    auto put = make_route(HttpMethod::put, base + "/objects/{token}",
                          unauthenticated([this](auto& request) { return receive(request); }),
                          {BodyPolicy::Kind::spool, context_.settings.upload_bytes_max});
    put.check_head = [this](const auto& head, auto& bytes_max) { return check_before_body(head, bytes_max); };
    return {route(HttpMethod::post, "/uploads", &UploadRoutes::create),
            route(HttpMethod::get, "/uploads/{uuid}", &UploadRoutes::show),
            route(HttpMethod::post, "/uploads/{uuid}/complete", &UploadRoutes::complete), std::move(put)};
}

Result<UploadRoutes::Announced, Problem> UploadRoutes::read_announced(
    const ports::HttpRequest& request) const {
    const auto body = parse_json(request.body);
    if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
    if (!body->is_object())
        return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
    constexpr std::array<std::string_view, 3> fields{"filename", "bytes", "content_type"};
    const auto bytes_max = context_.settings.upload_bytes_max;
    Announced announced;
    for (const auto& [field, value] : body->as_object()) {
        const auto field_name = std::string(field);
        if (field == "filename" && value.is_string()) {
            announced.name = std::string(value.as_string());
        } else if (field == "bytes" && value.is_int64() && value.as_int64() > 0) {
            announced.bytes = static_cast<std::uint64_t>(value.as_int64());
            if (*announced.bytes > bytes_max) return Fail(too_large(bytes_max));
        } else if (field == "content_type" && value.is_string()) {
            announced.content_type = std::string(value.as_string());
        } else {
            const bool known = std::find(fields.begin(), fields.end(), field_name) != fields.end();
            return Fail(
                Problem({{"/" + json_pointer_token(field_name), known ? "validation_failed" : "unknown_field",
                          known ? field_name + " has the wrong type or value."
                                : unknown_field_sentence(field_name, fields)}}));
        }
    }
    if (!core::extension_of(announced.content_type)) announced.content_type = type_by_name(announced.name);
    return announced;
}

Answer UploadRoutes::create(const Caller& caller, const ports::HttpRequest& request) {
    const auto announced = read_announced(request);
    if (!announced) return Fail(announced.error());
    // A signed link says how long and of which type the object is; without knowing both there is none.
    const bool direct =
        context_.objects.capabilities().presigns && announced->bytes && !announced->content_type.empty();
    return direct ? create_direct(caller, *announced) : create_relayed(caller, *announced);
}

Answer UploadRoutes::create_direct(const Caller& caller, const Announced& announced) {
    const auto opened =
        context_.intake.open_direct(caller.user, announced.name, {announced.content_type, *announced.bytes});
    if (!opened) return Fail(problem_of(opened.error()));
    return invitation(opened->upload, "presigned", opened->request);
}

Answer UploadRoutes::create_relayed(const Caller& caller, const Announced& announced) {
    const auto upload = context_.intake.open(caller.user, announced.name,
                                             announced.bytes.value_or(context_.settings.upload_bytes_max));
    if (!upload) return Fail(problem_of(upload.error()));
    const auto expires_at = upload->created_at + context_.settings.upload_url_life;
    const auto token = core::seal(core::UploadPermit{upload->id, upload->user, upload->bytes_max, expires_at},
                                  context_.settings.transfer_secret);
    return invitation(*upload, "relay",
                      {context_.settings.base_url + "/api/v1/objects/" + token, {}, expires_at});
}

Answer UploadRoutes::show(const Caller& caller, const ports::HttpRequest& request) {
    const auto upload = context_.store.find_upload(caller.access(), id_param<UploadId>(request));
    if (!upload) return Fail(Problem(upload.error()));
    if (!*upload) return Fail(problem_of(ports::UploadOutcome::not_found));
    return upload_answer(200, **upload);
}

// Optional: creating a job looks at the upload anyway. For clients that want to know before they do.
Answer UploadRoutes::complete(const Caller& caller, const ports::HttpRequest& request) {
    const auto upload = context_.intake.confirm(caller.access(), id_param<UploadId>(request));
    if (!upload) return Fail(problem_of(upload.error()));
    return upload_answer(200, *upload);
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
    if (!*upload) return to_response(problem_of(ports::UploadOutcome::expired), head.id);
    if ((*upload)->ready) return to_response(problem_of(ports::UploadOutcome::already_complete), head.id);
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
    const auto upload = context_.intake.receive(ports::Access::of(permit->user), permit->upload,
                                                request.spooled->path(), request.spooled->bytes());
    if (!upload) return Fail(problem_of(upload.error()));
    return upload_answer(200, *upload);
}

}  // namespace darkroom::api
