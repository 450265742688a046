#include "objects/files/file_list.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "base/unique_fd.h"
#include "objects/files/beneath.h"
#include "objects/files/file_error.h"
#include "objects/files/regular_file.h"

namespace darkroom::objects {
namespace {

using ports::ListedObject;
using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectPage;

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_stream(UniqueFd folder) {
    Folder stream(::fdopendir(folder.get()));
    if (stream) (void)folder.release();
    return stream;
}

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

// Regular files only; a folder one level down is a job's.
void add_entry(int folder, const std::string& prefix, const char* name, std::vector<ListedObject>& found) {
    struct stat status {};
    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;  // removed meanwhile
    if (S_ISREG(status.st_mode)) {
        found.push_back({prefix + name, static_cast<std::uint64_t>(status.st_size), modified_at(status)});
        return;
    }
    if (!S_ISDIR(status.st_mode)) return;
    const Folder below = open_stream(open_folder(folder, name, Missing::stays));
    if (!below) return;
    const auto deeper = prefix + name + "/";
    while (const auto* entry = ::readdir(below.get())) {
        if (!is_dots(entry->d_name)) add_entry(::dirfd(below.get()), deeper, entry->d_name, found);
    }
}

std::optional<long> place_of_page(const std::string& page) {
    if (page.empty()) return 0;
    long place = 0;
    const auto [end, error] = std::from_chars(page.data(), page.data() + page.size(), place);
    if (error != std::errc() || end != page.data() + page.size() || place < 0) return std::nullopt;
    return place;
}

}  // namespace

ports::ObjectResult<ObjectPage> list_files(int root, std::string_view prefix, const std::string& page,
                                           int count_max) {
    const auto place = place_of_page(page);
    if (!place || prefix.empty() || prefix.back() != '/')
        return Fail(
            ObjectError{ObjectErrorKind::misconfigured, "there is no such page of " + std::string(prefix)});
    Place at = place_of(root, prefix, Missing::stays);
    if (!at.folder) {
        if (at.error == ENOENT) return ObjectPage{};
        return Fail(file_error(at.error, "list", prefix));
    }
    const Folder folder = open_stream(std::move(at.folder));
    if (!folder) return Fail(file_error(errno, "list", prefix));
    if (*place != 0) ::seekdir(folder.get(), *place);

    ObjectPage found;
    errno = 0;
    while (const auto* entry = ::readdir(folder.get())) {
        if (is_dots(entry->d_name)) continue;
        add_entry(::dirfd(folder.get()), std::string(prefix), entry->d_name, found.objects);
        if (found.objects.size() >= static_cast<std::size_t>(std::max(1, count_max))) {
            found.next = std::to_string(::telldir(folder.get()));
            return found;
        }
        errno = 0;
    }
    if (errno != 0) return Fail(file_error(errno, "list", prefix));
    return found;
}

}  // namespace darkroom::objects
