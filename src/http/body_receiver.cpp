#include "http/body_receiver.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/chance.h"
#include "base/ids.h"
#include "base/log.h"

namespace darkroom::http {
namespace {

constexpr std::string_view spool_prefix = "spool-";
// A declared length is only a promise: memory grows with what really comes.
constexpr std::uint64_t reserve_bytes_max = 262'144;

HeadFault spool_fault(int error) {
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
        return {507, "storage_full", "There is no room left to keep this upload."};
    }
    log::error("cannot keep an upload", {{"error", std::strerror(error)}});
    return {500, "internal", "The upload could not be kept."};
}

std::filesystem::path new_spool_path(const std::filesystem::path& folder) {
    UuidBytes random{};
    fill_with_chance(random);
    return folder / (std::string(spool_prefix) + format_uuid(random));
}

bool is_spool_name(std::string_view name) {
    return name.substr(0, spool_prefix.size()) == spool_prefix &&
           parse_uuid(name.substr(spool_prefix.size())).has_value();
}

}  // namespace

BodyReceiver BodyReceiver::in_memory(std::uint64_t bytes) {
    BodyReceiver receiver(bytes);
    receiver.text_.reserve(std::size_t(std::min(bytes, reserve_bytes_max)));
    return receiver;
}

Result<BodyReceiver, HeadFault> BodyReceiver::in_file(std::uint64_t bytes,
                                                      const std::filesystem::path& folder) {
    const auto path = new_spool_path(folder);
    BodyReceiver receiver(bytes);
    receiver.file_ =
        UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!receiver.file_) return Fail(spool_fault(errno));
    receiver.spooled_.emplace(path, bytes);
    return receiver;
}

Result<std::size_t, HeadFault> BodyReceiver::take(std::string_view piece) {
    piece = piece.substr(0, std::size_t(std::min<std::uint64_t>(piece.size(), remaining())));
    if (!file_) {
        text_.append(piece);
    } else if (const auto fault = write_file(piece)) {
        return Fail(*fault);
    }
    received_ += piece.size();
    return piece.size();
}

std::optional<HeadFault> BodyReceiver::write_file(std::string_view piece) {
    while (!piece.empty()) {
        const auto written = ::write(file_.get(), piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return spool_fault(errno);
        piece.remove_prefix(std::size_t(written));
    }
    return std::nullopt;
}

void BodyReceiver::move_into(ports::HttpRequest& request) && {
    file_.reset();
    request.body = std::move(text_);
    if (spooled_) request.spooled.emplace(std::move(*spooled_));
    spooled_.reset();
}

void remove_stale_spool_files(const std::filesystem::path& folder) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (is_spool_name(entry->path().filename().string())) std::filesystem::remove(entry->path(), ignored);
    }
}

}  // namespace darkroom::http
