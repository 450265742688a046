#include "app/open_files.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"

namespace darkroom::app {
namespace {

// More gains nothing here, and what closes every possible descriptor before exec would take long.
constexpr rlim_t open_files_enough = 65'536;
constexpr std::uint64_t kept_for_work = 512;
constexpr unsigned connections_min = 16;

}  // namespace

std::uint64_t raise_open_files_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
    const auto wanted = std::min(limit.rlim_max, open_files_enough);
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    const auto before = limit.rlim_cur;
    limit.rlim_cur = wanted;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? wanted : before;
}

unsigned connections_for(std::uint64_t open_files, unsigned wanted) {
    if (open_files >= kept_for_work + wanted) return wanted;
    // Half of a very small limit, so that neither side is left with nothing.
    const auto rest = std::max(open_files / 2, open_files - std::min(open_files, kept_for_work));
    const auto fewer = std::max(connections_min, static_cast<unsigned>(rest));
    log::warning("few files may be open, so fewer connections are taken; raise the limit (ulimit -n)",
                 {{"open_files", open_files}, {"connections", static_cast<std::uint64_t>(fewer)}});
    return fewer;
}

}  // namespace darkroom::app
