// A process with everything it has started: stopped, continued and killed as one, though it may be starting
// more at that moment.
#pragma once
#include <sys/types.h>

namespace darkroom::testing {

class ProcessFamily {
public:
    explicit ProcessFamily(pid_t head) : head_(head) {}

    /// SIGSTOP. When it returns none of them runs.
    void pause() const;
    /// SIGCONT, the head last.
    void resume() const;
    /// SIGKILL. When it returns all are gone but for the head, which is its parent's to wait for.
    void kill9() const;

private:
    pid_t head_;
};

}  // namespace darkroom::testing
