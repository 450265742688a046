// A gate that many threads wait at and one opens, once. std::atomic's wait() yields the processor a dozen
// times before it sleeps, which with a hundred waiters costs more than what they wait for; this sleeps at
// once.
#pragma once
#include <atomic>

namespace darkroom {

class Gate {
public:
    /// Wakes everybody, some of them through others. Whoever waits may be gone with the gate as soon as it is
    /// open, so the caller keeps it.
    void open();
    /// Returns at once when it is open.
    void wait() const;

private:
    std::atomic<int> is_open_{0};
};

}  // namespace darkroom
