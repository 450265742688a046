#include "base/gate.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace darkroom {
namespace {

// Each of those who are woken wakes as many: a writer that had to wake a hundred callers by itself would
// spend a tenth of its time on it.
constexpr int woken_by_one = 2;

static_assert(sizeof(std::atomic<int>) == sizeof(int));  // what the kernel looks at

long futex(const std::atomic<int>& word, int operation, int value) {
    return ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

}  // namespace

void Gate::open() {
    is_open_.store(1);
    (void)futex(is_open_, FUTEX_WAKE_PRIVATE, woken_by_one);
}

// The kernel looks again before it lets sleep, and wakes now and then for no reason.
void Gate::wait() const {
    bool slept = false;
    while (is_open_.load() == 0) {
        (void)futex(is_open_, FUTEX_WAIT_PRIVATE, 0);
        slept = true;
    }
    if (slept) (void)futex(is_open_, FUTEX_WAKE_PRIVATE, woken_by_one);
}

}  // namespace darkroom
