#include "bench/imaging/speed.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"

namespace darkroom::bench {
namespace {

double status_mb(const char* key) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == key) {
            double kib = 0;
            status >> kib;
            return kib / 1024;
        }
    }
    return 0;
}

Cost run_here(const std::function<void()>& work, int runs) {
    const double before = status_mb("VmRSS:");
    std::ofstream("/proc/self/clear_refs")
        << "5";  // forget the peak of the parent, whose pages we were born with
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
    return {times[static_cast<std::size_t>(runs / 2)], status_mb("VmHWM:") - before};
}

}  // namespace

Cost measure(const std::function<void()>& work, int runs) {
    int ends[2];
    DR_CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    DR_CHECK(child >= 0);
    if (child == 0) {
        const Cost cost = run_here(work, runs);
        _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
    }
    close(ends[1]);
    Cost cost;
    const bool whole = read(ends[0], &cost, sizeof cost) == sizeof cost;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    DR_CHECK(whole && status == 0);
    return cost;
}

}  // namespace darkroom::bench
