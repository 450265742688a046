#include "imaging/pool/task_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/check.h"

namespace darkroom::imaging {
namespace {

constexpr std::string_view prefix = "picture-";
constexpr std::array names{"input", "main", "mask", "thumbnail", "preview", "report"};
static_assert(names.size() == request_file_count);
constexpr std::array outputs{main_file, mask_file, thumbnail_file, preview_file, report_file};
static_assert(outputs.size() + 1 == request_file_count);

}  // namespace

Result<void, std::string> prepare_work_folder(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return Fail("cannot use " + folder.string() + " as work folder: " + error.message());
    fs::directory_iterator entries(folder, error);
    if (error) return Fail("cannot read " + folder.string() + ": " + error.message());
    for (const auto& entry : entries) {
        std::error_code ignored;
        if (entry.path().filename().string().rfind(prefix, 0) == 0) fs::remove(entry.path(), ignored);
    }
    return {};
}

Result<TaskFiles, int> TaskFiles::make(const std::filesystem::path& folder, std::uint64_t number) {
    TaskFiles files;
    for (const RequestFile file : outputs) {
        const auto path = folder / (std::string(prefix) + std::to_string(number) + "." + names[file]);
        UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!fd) return Fail(errno);
        files.paths_[file] = path;
        files.fds_[file] = std::move(fd);
    }
    return files;
}

TaskFiles::~TaskFiles() {
    for (const auto& path : paths_) {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove(path, ignored);
    }
}

std::uint64_t TaskFiles::bytes(RequestFile file) const {
    struct stat status {};
    return ::fstat(fd(file), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::filesystem::path TaskFiles::give_away(RequestFile file) {
    fds_[file].reset();
    std::filesystem::path path = std::move(paths_[file]);
    paths_[file].clear();
    return path;
}

RequestFile file_of_role(std::string_view role) {
    for (const RequestFile file : outputs) {
        if (role == names[file]) return file;
    }
    DR_CHECK(false && "parse_answer lets other roles through");
    return main_file;
}

}  // namespace darkroom::imaging
