#include "app/key_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/digest.h"
#include "base/unique_fd.h"

namespace darkroom::app {
namespace {

std::string sentence(const std::filesystem::path& file, const char* what) {
    return file.string() + " " + what + ": " + std::strerror(errno) + ".";
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<std::string, std::string> load_or_create_secret(const std::filesystem::path& file,
                                                       const std::string& prefix, ports::Random& random) {
    if (auto known = read_small_file(file); known && !known->empty()) {
        // Copying a folder about may have loosened the mode.
        if (::chmod(file.c_str(), 0600) != 0) return Fail(sentence(file, "cannot be made private"));
        return *known;
    }
    std::array<std::uint8_t, 32> bytes{};
    random.fill(bytes);
    auto secret = prefix + to_base64url(as_text(bytes));
    if (auto written = write_private_file(file, secret + "\n"); !written) return Fail(written.error());
    return secret;
}

Result<void, std::string> write_private_file(const std::filesystem::path& file, const std::string& content) {
    const auto temporary = file.string() + ".new";
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return Fail(sentence(temporary, "cannot be written"));
    const bool written =
        ::fchmod(fd.get(), 0600) == 0 && write_all(fd.get(), content) && ::fsync(fd.get()) == 0;
    if (!written || ::rename(temporary.c_str(), file.c_str()) != 0) {
        auto problem = sentence(file, "cannot be written");
        ::unlink(temporary.c_str());
        return Fail(std::move(problem));
    }
    return {};
}

std::optional<std::string> read_small_file(const std::filesystem::path& file) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return std::nullopt;
    std::array<char, 4'096> buffer{};
    const auto read = ::read(fd.get(), buffer.data(), buffer.size());
    if (read < 0) return std::nullopt;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(read));
    return std::string(text.substr(0, text.find_first_of("\r\n")));
}

}  // namespace darkroom::app
