#include "tests/support/process_family.h"

#include <poll.h>
#include <signal.h>
extern "C" {  // this header of glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "tests/support/process_table.h"

namespace darkroom::testing {
namespace {

constexpr Milliseconds family_patience{10'000};
constexpr Milliseconds between_looks{1};

bool stands_still(char state) { return state == 'T' || state == 't' || state == 'Z' || state == 'X'; }

// A signal is not yet its effect: a process that is just in the kernel stops when it leaves it.
bool all_stand_still(const std::vector<pid_t>& family) {
    for (const auto& process : running_processes()) {
        const bool member = std::find(family.begin(), family.end(), process.pid) != family.end();
        if (member && !stands_still(process.state)) return false;
    }
    return true;
}

std::vector<pid_t> family_of(pid_t head) {
    auto family = descendants_of(head);
    family.insert(family.begin(), head);
    return family;
}

}  // namespace

void ProcessFamily::pause() const {
    const auto deadline = std::chrono::steady_clock::now() + family_patience;
    // Whoever was born before its parent stood still is found in the next round.
    for (std::size_t known = 0;;) {
        const auto family = family_of(head_);
        for (const auto pid : family) ::kill(pid, SIGSTOP);
        if (family.size() == known && all_stand_still(family)) return;
        known = family.size();
        DR_CHECK(std::chrono::steady_clock::now() < deadline);
        ::poll(nullptr, 0, static_cast<int>(between_looks.count()));
    }
}

void ProcessFamily::resume() const {
    const auto family = family_of(head_);
    std::for_each(family.rbegin(), family.rend(), [](pid_t pid) { ::kill(pid, SIGCONT); });
}

void ProcessFamily::kill9() const {
    pause();  // so that nobody has a child that nobody knows
    std::vector<UniqueFd> ends;
    const auto family = family_of(head_);
    for (const auto pid : family) {
        if (pid != head_) ends.emplace_back(::pidfd_open(pid, 0));
    }
    for (const auto pid : family) ::kill(pid, SIGKILL);
    for (const auto& end : ends) {
        pollfd ended{end.get(), POLLIN, 0};
        if (end) DR_CHECK(::poll(&ended, 1, static_cast<int>(family_patience.count())) == 1);
    }
}

}  // namespace darkroom::testing
