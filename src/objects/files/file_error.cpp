#include "objects/files/file_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace darkroom::objects {
namespace {

ports::ObjectErrorKind kind_of(int error) {
    switch (error) {
        case ENOENT:
            return ports::ObjectErrorKind::missing;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:  // RLIMIT_FSIZE, or more than the file system takes in one file
            return ports::ObjectErrorKind::full;
        case EACCES:
        case EPERM:
        case EROFS:
            return ports::ObjectErrorKind::denied;
        case ELOOP:  // a symbolic link where O_NOFOLLOW met it
        case ENOTDIR:
        case EISDIR:
        case ENAMETOOLONG:
            return ports::ObjectErrorKind::misconfigured;
        default:
            return ports::ObjectErrorKind::unavailable;
    }
}

}  // namespace

ports::ObjectError file_error(int error, std::string_view doing, std::string_view name) {
    return {kind_of(error), "cannot " + std::string(doing) + " " + std::string(name) + ": " +
                                std::generic_category().message(error)};
}

}  // namespace darkroom::objects
