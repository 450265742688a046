#include "api/downloads.h"

#include <fcntl.h>

#include "api/handlers.h"
#include "core/transfer_token.h"

namespace darkroom::api {
namespace {

Problem token_problem(core::TokenError error) {
    if (error == core::TokenError::expired)
        return {ProblemCode::url_expired, "This URL has expired; ask for the job again to get a new one."};
    return {ProblemCode::url_invalid, "This URL was not made by this server, or was changed."};
}

// The name for Content-Disposition (RFC 6266). Labels are plain ASCII already; quotes are what could still
// end the string.
std::string disposition(const std::string& file_name) {
    std::string safe;
    for (const char c : file_name) safe.push_back(c == '"' || c == '\\' || c < 0x20 || c == 0x7f ? '_' : c);
    return "attachment; filename=\"" + safe + "\"";
}

Answer download(ApiContext& context, const ports::HttpRequest& request) {
    const auto permit = core::open_download_permit(request.path_params.at(0),
                                                   context.settings.transfer_secret, context.clock.now());
    if (!permit) return Fail(token_problem(permit.error()));
    const auto object = context.objects.open(permit->key);
    if (!object) return Fail(Problem(object.error()));
    UniqueFd file(::fcntl((*object)->fd(), F_DUPFD_CLOEXEC, 0));
    if (!file)
        return Fail(Problem(ProblemCode::storage_unavailable, "The object could not be opened; try again."));
    ports::HttpResponse response;
    response.headers = {{"Content-Type", permit->content_type},
                        {"Content-Disposition", disposition(permit->file_name)},
                        {"Cache-Control", "private, no-store"},
                        {"Content-Security-Policy", "default-src 'none'; sandbox"}};
    // An object never changes under its name, so the name is its version.
    auto etag = "\"" + to_hex(sha256(permit->key.str())).substr(0, 32) + "\"";
    response.body = ports::FileBody{std::move(file), (*object)->bytes(), std::move(etag)};
    return response;
}

}  // namespace

std::vector<ports::HttpRoute> download_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::get, base + "/objects/{token}",
                       unauthenticated([&context](auto& request) { return download(context, request); }))};
}

}  // namespace darkroom::api
