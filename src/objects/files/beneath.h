// Walking to an object below the root, one folder at a time, never through a symbolic link. Component-wise
// openat rather than openat2(RESOLVE_BENEATH): container runtimes with an older seccomp profile refuse the
// latter.
#pragma once
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace darkroom::objects {

/// A folder, and the last part of a key in it. Without a descriptor, `error` is the errno that ended the
/// walk.
struct Place {
    UniqueFd folder;
    std::string name;
    int error = 0;
};

enum class Missing { stays, is_made };

/// `key` is the text of an ObjectKey. Folders made on the way are synced into their parents.
Place place_of(int root, std::string_view key, Missing missing);

/// Opens, and makes if asked, one folder in `parent`; an empty result leaves errno.
UniqueFd open_folder(int parent, const char* name, Missing missing);

}  // namespace darkroom::objects
