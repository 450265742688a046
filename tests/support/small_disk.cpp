#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace darkroom::testing {
namespace {

bool write_to(const char* file, const std::string& text) {
    const UniqueFd fd(::open(file, O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Root needs a mount namespace; others a user namespace too, in which they may mount and stay who they are,
// because some servers refuse to run as root.
bool may_mount() {
    const auto user = std::to_string(::geteuid());
    const auto group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWNS) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        if (!write_to("/proc/self/setgroups", "deny")) return false;
        if (!write_to("/proc/self/uid_map", user + " " + user + " 1")) return false;
        if (!write_to("/proc/self/gid_map", group + " " + group + " 1")) return false;
    }
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

SmallDisk::SmallDisk(const std::string& size) {
    const auto options = "size=" + size + ",mode=0700";
    mounted_ = may_mount() &&
               ::mount("tmpfs", place_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
    if (mounted_) ::umount2(place_.path().c_str(), MNT_DETACH);
}

std::string SmallDisk::why_not() const {
    if (mounted_) return "";
    return "mounting a tmpfs is not permitted here (neither as root nor in a user namespace), so nothing was "
           "tested "
           "about a full disk";
}

void SmallDisk::fill() const {
    const UniqueFd fd(::open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    DR_CHECK(static_cast<bool>(fd));
    for (std::size_t piece = 1u << 20; piece > 0; piece /= 2) {
        const std::string bytes(piece, 'x');
        while (::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) continue;
    }
}

}  // namespace darkroom::testing
