#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr std::size_t stem_bytes_max = 150;  // leaves room for type, number and ending within NAME_MAX

std::string shown(const std::filesystem::path& path) { return printable(path.string()); }

std::string words_for(int error) { return std::generic_category().message(error); }

/// Without folders and ending; cut between characters. Names can come from a server (jobs watch), so a stem
/// never is one of "", "." and "..", and never leaves the folder.
std::string safe_stem(std::string_view file) {
    auto name = file.substr(file.find_last_of('/') + 1);
    if (const auto dot = name.rfind('.'); dot != std::string_view::npos && dot > 0)
        name = name.substr(0, dot);
    if (name.size() > stem_bytes_max) {
        std::size_t end = stem_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0u) == 0x80u) --end;
        name = name.substr(0, end);
    }
    std::string stem;
    for (const char c : name) stem.push_back(static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '_' : c);
    if (stem.find_first_not_of('.') == std::string::npos) stem = "result";
    return stem;
}

std::string safe_type(std::string_view type) {
    std::string text;
    for (const char c : type.substr(0, 64))
        text.push_back(static_cast<unsigned char>(c) <= ' ' || c == '/' || c == 0x7f ? '_' : c);
    return text;
}

}  // namespace

Result<void, std::string> prepare_output_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder, error)) {
        const bool is_file = std::filesystem::exists(folder);
        return Fail("-o takes a folder: " + shown(folder) +
                    (is_file ? " is a file" : " cannot be made: " + error.message()));
    }
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        return Fail(shown(folder) + " cannot be written: " + words_for(errno));
    return {};
}

std::string_view extension_for(std::string_view content_type) {
    if (content_type == "image/png") return ".png";
    if (content_type == "image/jpeg") return ".jpg";
    if (content_type == "image/webp") return ".webp";
    if (content_type == "image/tiff") return ".tif";
    if (content_type == "image/avif") return ".avif";
    if (content_type == "application/json") return ".json";
    return ".bin";
}

bool OutputNames::is_free(const std::filesystem::path& path) const {
    if (taken_.count(path) > 0) return false;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return true;
    return !S_ISDIR(status.st_mode) && inputs_.count({status.st_dev, status.st_ino}) == 0;
}

std::filesystem::path OutputNames::claim(std::string_view file, std::string_view type,
                                         std::string_view content_type) {
    const auto base = safe_stem(file) + "-" + safe_type(type);
    const std::lock_guard lock(mutex_);
    for (int number = 1;; ++number) {
        const auto suffix = number == 1 ? std::string() : "-" + std::to_string(number);
        auto path = folder_ / (base + suffix + std::string(extension_for(content_type)));
        if (!is_free(path)) continue;
        taken_.insert(path);
        return path;
    }
}

Result<OutputFile, std::string> OutputFile::create(const std::filesystem::path& path, std::uint64_t random) {
    auto part = path.parent_path() / (".darkroom-" + std::to_string(random) + ".part");
    UniqueFd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file) return Fail(shown(path) + " cannot be written: " + words_for(errno));
    return OutputFile(path, std::move(part), std::move(file));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      part_(std::exchange(other.part_, {})),
      file_(std::move(other.file_)),
      sha256_(std::move(other.sha256_)),
      bytes_(other.bytes_),
      error_(std::move(other.error_)) {}

OutputFile::~OutputFile() {
    if (!part_.empty()) ::unlink(part_.c_str());
}

bool OutputFile::write(std::string_view bytes) {
    if (!error_.empty()) return false;
    while (!bytes.empty()) {
        const auto written = ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            error_ = shown(path_) + " cannot be written: " + words_for(errno);
            return false;
        }
        const auto piece = bytes.substr(0, static_cast<std::size_t>(written));
        sha256_.update(piece);
        bytes_ += piece.size();
        bytes.remove_prefix(piece.size());
    }
    return true;
}

Result<void, std::string> OutputFile::keep() {
    if (::close(file_.release()) != 0) return Fail(shown(path_) + " cannot be written: " + words_for(errno));
    if (::rename(part_.c_str(), path_.c_str()) != 0)
        return Fail(shown(path_) + " cannot be written: " + words_for(errno));
    part_.clear();
    return {};
}

}  // namespace darkroom::cli
