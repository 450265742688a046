#include "api/downloads.h"

#include <fcntl.h>

#include "api/handlers.h"
#include "base/digest.h"
#include "base/log.h"
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

class ObjectPieces : public ports::PieceReader {
public:
    ObjectPieces(std::unique_ptr<ports::ObjectReader> reader, std::string key)
        : reader_(std::move(reader)), key_(std::move(key)) {}
    std::optional<std::size_t> read(std::span<char> buffer) override {
        const auto got = reader_->read(buffer);
        if (got) return *got;
        log::warning("a download was cut short", {{"key", key_}, {"detail", got.error().detail}});
        return std::nullopt;
    }

private:
    std::unique_ptr<ports::ObjectReader> reader_;
    std::string key_;
};

// Sent from the open file by the server's loop.
Result<ports::FileBody, Problem> file_body(ApiContext& context, const core::ObjectKey& key,
                                           std::string etag) {
    const auto object = context.objects.open(key);
    if (!object) return Fail(storage_problem(object.error()));
    UniqueFd file(::fcntl((*object)->fd(), F_DUPFD_CLOEXEC, 0));
    if (!file)
        return Fail(Problem(ProblemCode::storage_unavailable, "The object could not be opened; try again."));
    return ports::FileBody{std::move(file), (*object)->bytes(), std::move(etag)};
}

// Fetched from the store while it is sent.
Result<ports::PiecesBody, Problem> pieces_body(ApiContext& context, const core::ObjectKey& key,
                                               std::string etag) {
    const auto head = context.objects.head(key);
    if (!head) return Fail(storage_problem(head.error()));
    const auto open = [&objects = context.objects, key, version = head->version](
                          std::uint64_t offset, std::uint64_t length) -> std::unique_ptr<ports::PieceReader> {
        auto reader = objects.open(key, {.offset = offset, .length = length, .version = version});
        if (reader) return std::make_unique<ObjectPieces>(*std::move(reader), key.str());
        log::warning("a download could not begin", {{"key", key.str()}, {"detail", reader.error().detail}});
        return nullptr;
    };
    return ports::PiecesBody{head->bytes, std::move(etag), open};
}

Answer download(ApiContext& context, const ports::HttpRequest& request) {
    const auto permit = core::open_download_permit(request.path_params.at(0),
                                                   context.settings.transfer_secret, context.clock.now());
    if (!permit) return Fail(token_problem(permit.error()));
    ports::HttpResponse response;
    response.headers = {{"Content-Type", permit->content_type},
                        {"Content-Disposition", disposition(permit->file_name)},
                        {"Cache-Control", "private, no-store"},
                        {"Content-Security-Policy", "default-src 'none'; sandbox"}};
    // An object never changes under its name, so the name is its version.
    const auto etag = "\"" + to_hex(sha256(permit->key.str())).substr(0, 32) + "\"";
    if (context.objects.capabilities().opens_files) {
        auto body = file_body(context, permit->key, etag);
        if (!body) return Fail(body.error());
        response.body = *std::move(body);
    } else {
        auto body = pieces_body(context, permit->key, etag);
        if (!body) return Fail(body.error());
        response.body = *std::move(body);
    }
    return response;
}

}  // namespace

std::vector<ports::HttpRoute> download_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::get, base + "/objects/{token}",
                       unauthenticated([&context](auto& request) { return download(context, request); }))};
}

}  // namespace darkroom::api
