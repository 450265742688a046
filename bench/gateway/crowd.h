// Connections that want nothing good: some are opened and say nothing, some send a request one byte a second.
// Whoever is thrown out comes back at once, so that the server has all of them all the time.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace darkroom::bench {

class Crowd {
public:
    Crowd(std::uint16_t port, int connections);
    /// Sends everybody away.
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// The fewest that were connected at the end of any second since they were first complete.
    int fewest() const { return fewest_; }
    /// How often one of them was thrown out and came back.
    std::int64_t returned() const { return returned_; }

private:
    struct Member {
        UniqueFd socket;
        std::size_t said = 0;  // bytes of its request
    };
    void stay();
    void look_after(Member& member, bool talks);
    int count_here() const;

    std::uint16_t port_;
    std::vector<Member> members_;
    std::atomic<bool> leaving_{false};
    std::atomic<int> fewest_{0};
    std::atomic<std::int64_t> returned_{0};
    std::thread thread_;
};

}  // namespace darkroom::bench
