// The generated sets. Each draws its pictures from seeds, has Darkroom and its peers work on them, and
// compares with the truth. Figures to quote come from seeds 5000 and up; constants are tuned on 0..999.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "bench/imaging/peers.h"
#include "bench/imaging/report.h"

namespace darkroom::bench {

struct SetPlan {
    std::uint64_t first_seed = 5000;
    bool quick = false;  // every n-th picture of each set
    int workers = 2;     // pictures at a time, each with one thread
    const Peers* peers = nullptr;
};

SetReport run_matte_120(const SetPlan& plan);
SetReport run_hole_60(const SetPlan& plan);
SetReport run_old_40(const SetPlan& plan);
SetReport run_sr_40(const SetPlan& plan);
SetReport run_key_40(const SetPlan& plan);

inline constexpr int tile_side = 232;  // px, of the contact sheets' pictures

/// `count` cases in their order, worked on by several threads; every `step`-th index.
inline std::vector<Case> run_cases(int count, int step, int workers, const std::function<Case(int)>& work) {
    std::vector<Case> cases(static_cast<std::size_t>((count + step - 1) / step));
    std::atomic<std::size_t> next{0};
    const auto go_on = [&] {
        for (std::size_t i = next++; i < cases.size(); i = next++)
            cases[i] = work(static_cast<int>(i) * step);
    };
    std::vector<std::thread> threads;
    for (int i = 1; i < workers; ++i) threads.emplace_back(go_on);
    go_on();
    for (std::thread& thread : threads) thread.join();
    return cases;
}

}  // namespace darkroom::bench
