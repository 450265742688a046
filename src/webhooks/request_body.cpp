#include "webhooks/request_body.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/unique_fd.h"

namespace darkroom::webhooks {
namespace {

bool unreadable(int error) {
    log::error("cannot read the body of a webhook", {{"error", std::strerror(error)}});
    return false;
}

}  // namespace

bool read_body(const ports::HttpRequest& request, const std::function<void(std::string_view)>& take) {
    if (!request.spooled) {
        take(request.body);
        return true;
    }
    const UniqueFd file(::open(request.spooled->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return unreadable(errno);
    std::string piece(body_piece_bytes, '\0');
    for (std::uint64_t left = request.spooled->bytes(); left > 0;) {
        const auto got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return unreadable(errno);
        if (got == 0) return unreadable(ENODATA);
        const auto bytes = std::min(static_cast<std::uint64_t>(got), left);
        take(std::string_view(piece).substr(0, static_cast<std::size_t>(bytes)));
        left -= bytes;
    }
    return true;
}

std::optional<std::string> whole_body(const ports::HttpRequest& request) {
    std::string body;
    if (!read_body(request, [&body](std::string_view piece) { body.append(piece); })) return std::nullopt;
    return body;
}

}  // namespace darkroom::webhooks
