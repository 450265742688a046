// Ctrl-C and SIGTERM while a command waits: the first one calls back, the second one ends the process at
// once.
#pragma once
#include <csignal>
#include <functional>
#include <thread>

#include "base/unique_fd.h"

namespace darkroom::cli {

/// One at a time in a process. Its end gives the signals back to whom they belonged.
class Interrupts {
public:
    /// `on_first` runs on a thread of this object.
    explicit Interrupts(std::function<void()> on_first);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

private:
    UniqueFd read_end_;
    UniqueFd write_end_;
    struct sigaction old_int_ {};
    struct sigaction old_term_ {};
    std::thread thread_;
};

}  // namespace darkroom::cli
