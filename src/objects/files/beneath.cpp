#include "objects/files/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace darkroom::objects {

UniqueFd open_folder(int parent, const char* name, Missing missing) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd folder(::openat(parent, name, flags));
    if (folder || errno != ENOENT || missing == Missing::stays) return folder;
    if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return folder;
    if (::fsync(parent) != 0) return folder;
    return UniqueFd(::openat(parent, name, flags));
}

Place place_of(int root, std::string_view key, Missing missing) {
    Place place;
    int at = root;
    for (auto slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/')) {
        place.folder = open_folder(at, std::string(key.substr(0, slash)).c_str(), missing);
        if (!place.folder) {
            place.error = errno;
            return place;
        }
        at = place.folder.get();
        key.remove_prefix(slash + 1);
    }
    place.name = key;
    return place;
}

}  // namespace darkroom::objects
