#include "http/outgoing_body.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace darkroom::http {
namespace {

auto cannot_send(const std::string& why) {
    return Fail(ports::FetchFailure{ports::FetchError::bad_url, "the file to send " + why});
}

}  // namespace

Result<OutgoingBody, ports::FetchFailure> OutgoingBody::of(const ports::OutgoingRequest& request) {
    OutgoingBody body;
    if (!request.body_file) {
        body.text_ = request.body;
        body.bytes_ = request.body.size();
        return body;
    }
    const auto& slice = *request.body_file;
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write.
    body.file_ = UniqueFd(::open(slice.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!body.file_ || ::fstat(body.file_.get(), &status) != 0)
        return cannot_send(std::string("cannot be read: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return cannot_send("is not a regular file");
    const auto file_bytes = std::uint64_t(status.st_size);
    const auto rest = slice.offset <= file_bytes ? file_bytes - slice.offset : 0;
    if (slice.offset > file_bytes || slice.bytes.value_or(0) > rest)
        return cannot_send("is shorter than the part of it that is wanted");
    body.file_offset_ = slice.offset;
    body.bytes_ = slice.bytes.value_or(rest);
    return body;
}

std::optional<std::size_t> OutgoingBody::read(std::span<char> buffer) {
    const auto wanted = std::size_t(std::min<std::uint64_t>(buffer.size(), bytes_ - sent_));
    auto got = wanted;
    if (file_) {
        const auto read = ::pread(file_.get(), buffer.data(), wanted, off_t(file_offset_ + sent_));
        if (read < 0 || (read == 0 && wanted > 0)) return std::nullopt;
        got = std::size_t(read);
    } else if (wanted > 0) {
        std::memcpy(buffer.data(), text_.data() + sent_, wanted);
    }
    sent_ += got;
    return got;
}

bool OutgoingBody::seek(std::uint64_t offset) {
    if (offset > bytes_) return false;
    sent_ = offset;
    return true;
}

}  // namespace darkroom::http
