// Files as the folder store sees them: regular ones only, and when two looks at one mean the same bytes.
#pragma once
#include <sys/stat.h>

#include <string>

#include "base/unique_fd.h"
#include "ports/object_store.h"

namespace darkroom::objects {

struct OpenFile {
    UniqueFd file;
    struct stat status {};
    int error = 0;  // errno; the rest is only there without one
};

/// Anything but a regular file (a link, a pipe that would block, a folder) is somebody's doing, not an
/// object.
OpenFile open_regular(int folder, const char* name);

/// What ports::ObjectInfo calls a version: seconds alone would let two puts within one of them pass for the
/// same.
std::string version_of(const struct stat& status);
ports::ObjectInfo info_of(const struct stat& status);

bool same_file(const struct stat& a, const struct stat& b);
/// The same file, and nobody wrote to it in between.
bool same_state(const struct stat& a, const struct stat& b);

TimePoint modified_at(const struct stat& status);

}  // namespace darkroom::objects
