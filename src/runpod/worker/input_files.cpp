#include "runpod/worker/input_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/digest.h"
#include "base/log.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr int tries_max = 4;
constexpr std::size_t piece_bytes = 64u << 10;

JobError too_large(std::uint64_t bytes_max) {
    return {ErrorCode::input_too_large,
            "The input is larger than " + std::to_string(bytes_max) + " bytes, the most this worker takes."};
}

JobError disk_trouble(int error) {
    return plain_error(error == ENOSPC || error == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal);
}

bool write_all(int file, const char* bytes, std::size_t count) {
    while (count > 0) {
        const auto written = ::write(file, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        count -= static_cast<std::size_t>(written);
    }
    return true;
}

JobError explain(VolumeError error) {
    switch (error) {
        case VolumeError::bad_name:
            return {ErrorCode::input_missing, "The input's path is none on the network volume."};
        case VolumeError::missing:
            return {ErrorCode::input_missing, "The input is not on the network volume."};
        case VolumeError::full:
        case VolumeError::unavailable:
            break;
    }
    return plain_error(ErrorCode::storage_unavailable);
}

/// Reads from the start and comes back to it; nullopt if the disk fails.
std::optional<std::string> digest_of(int file) {
    Sha256 digest;
    std::array<char, piece_bytes> buffer{};
    for (off_t at = 0;;) {
        const auto bytes = ::pread(file, buffer.data(), buffer.size(), at);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return std::nullopt;
        if (bytes == 0) return to_hex(digest.finish());
        digest.update({buffer.data(), static_cast<std::size_t>(bytes)});
        at += bytes;
    }
}

}  // namespace

Result<UniqueFd, JobError> InputFiles::open(const WorkInput& input, Instant deadline, Interruptible& halt) {
    if (!input.path.empty()) return open_on_volume(input);
    Backoff backoff(random_);
    for (int tries = 1;; ++tries) {
        auto file = fetch_once(input, deadline, halt);
        if (file) return *std::move(file);
        const auto pause = backoff.next();
        const bool again =
            file.error().try_again && tries < tries_max && clock_.monotonic() + pause < deadline;
        if (!again || !halt.pause(pause)) return Fail(file.error().error);
    }
}

Result<UniqueFd, JobError> InputFiles::open_on_volume(const WorkInput& input) {
    if (volume_ == nullptr)
        return Fail(JobError{ErrorCode::input_missing, "No network volume is mounted in this worker."});
    const auto key = Volume::key_of(input.path);
    if (!key) return Fail(explain(key.error()));
    auto file = volume_->open_file(*key);
    if (!file) return Fail(explain(file.error()));
    struct stat facts {};
    if (::fstat(file->get(), &facts) != 0) return Fail(plain_error(ErrorCode::storage_unavailable));
    const auto bytes = static_cast<std::uint64_t>(facts.st_size);
    if (bytes > settings_.input_bytes_max) return Fail(too_large(settings_.input_bytes_max));
    if (input.bytes != 0 && input.bytes != bytes) return Fail(plain_error(ErrorCode::input_changed));
    if (input.sha256.empty()) return *std::move(file);
    const auto digest = digest_of(file->get());
    if (!digest) return Fail(plain_error(ErrorCode::storage_unavailable));
    if (*digest != input.sha256) return Fail(plain_error(ErrorCode::input_changed));
    return *std::move(file);
}

Result<UniqueFd, InputFiles::Trouble> InputFiles::fetch_once(const WorkInput& input, Instant deadline,
                                                             Interruptible& halt) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
    if (left <= Milliseconds(0)) return Fail(Trouble{plain_error(ErrorCode::timeout)});
    ports::OutgoingRequest request;
    request.url = input.url;
    request.headers = {{"Accept-Encoding", "identity"}, {"User-Agent", "Darkroom/" + settings_.version}};
    request.total_timeout = std::min(limits_.fetch_wait, left);
    request.idle_timeout = std::min(limits_.idle_wait, left);
    request.stop_fd = halt.stop_fd();
    const auto answer = web_.open(request);
    if (!answer) {
        const auto& failure = answer.error();
        log::info("an input could not be fetched", {{"detail", failure.detail}});
        if (failure.kind == ports::FetchError::bad_url)
            return Fail(Trouble{
                {ErrorCode::input_missing, "The input's URL cannot be used: " + failure.detail + "."}});
        return Fail(Trouble{{ErrorCode::storage_unavailable, "The server of the input cannot be reached."},
                            failure.kind != ports::FetchError::stopped});
    }
    const int status = (*answer)->head().status;
    if (status == 200) return receive(input, **answer, deadline);
    const bool again = status == 408 || status == 425 || status == 429 || status >= 500;
    return Fail(Trouble{{again ? ErrorCode::storage_unavailable : ErrorCode::input_missing,
                         "The input's URL answers " + std::to_string(status) + "."},
                        again});
}

Result<UniqueFd, InputFiles::Trouble> InputFiles::receive(const WorkInput& input, ports::OpenAnswer& answer,
                                                          Instant deadline) {
    auto file = nameless_file();
    if (!file) return Fail(Trouble{file.error()});
    Sha256 digest;
    std::uint64_t bytes = 0;
    std::vector<char> buffer(piece_bytes);
    for (;;) {
        const auto got = answer.read(buffer);
        if (!got)
            return Fail(Trouble{{ErrorCode::storage_unavailable, "The input broke off."},
                                got.error().kind != ports::FetchError::stopped});
        if (*got == 0) break;
        bytes += *got;
        if (bytes > settings_.input_bytes_max) return Fail(Trouble{too_large(settings_.input_bytes_max)});
        digest.update({buffer.data(), *got});
        if (!write_all(file->get(), buffer.data(), *got)) return Fail(Trouble{disk_trouble(errno)});
        // A server that sends a byte now and then never idles.
        if (clock_.monotonic() >= deadline) return Fail(Trouble{plain_error(ErrorCode::timeout)});
    }
    const bool same = (input.bytes == 0 || input.bytes == bytes) &&
                      (input.sha256.empty() || to_hex(digest.finish()) == input.sha256);
    if (!same) return Fail(Trouble{plain_error(ErrorCode::input_changed)});
    return *std::move(file);
}

Result<UniqueFd, JobError> InputFiles::keep(std::string_view bytes) const {
    auto file = nameless_file();
    if (!file) return Fail(file.error());
    if (!write_all(file->get(), bytes.data(), bytes.size())) return Fail(disk_trouble(errno));
    return *std::move(file);
}

Result<UniqueFd, JobError> InputFiles::nameless_file() const {
    UniqueFd file(::open(settings_.work_dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    // Overlay file systems of older kernels have no O_TMPFILE.
    auto name = (settings_.work_dir / "input-XXXXXX").string();
    file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) return Fail(disk_trouble(errno));
    ::unlink(name.c_str());
    return file;
}

}  // namespace darkroom::runpod::worker
