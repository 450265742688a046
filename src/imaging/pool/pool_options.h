// What the gateway decides about its pixel processes.
#pragma once
#include <cstdint>
#include <filesystem>

#include "base/time.h"
#include "core/image_header_limits.h"

namespace darkroom::imaging {

struct PoolOptions {
    std::filesystem::path program;  // empty: darkroom-imaging beside this program; with -networks at its
                                    // end stands the one that can run networks
    std::filesystem::path
        work_dir;  // made if missing; results appear here, and what an earlier process left goes
    core::ImageLimits limits;
    int processes_max = 1;
    int threads_per_process = 0;  // 0: as many as there are cores, 4 at most
    int jobs_max = 200;           // then a process is replaced, whatever it looks like
    std::uint64_t memory_bytes = std::uint64_t{1536} << 20;  // for one picture, beyond what the libraries map
    std::uint64_t resident_bytes_max = std::uint64_t{384}
                                       << 20;  // a process that keeps more between jobs is replaced
    std::uint64_t output_bytes_max = std::uint64_t{256} << 20;  // of each file it writes
    Milliseconds start_limit{10'000};                           // from exec to ready
    Milliseconds wall_limit{120'000};  // for one picture; a busy machine is not the picture's fault
    Milliseconds cpu_limit{60'000};    // for one picture, over all threads
    Milliseconds idle_limit{60'000};   // then an idle process ends, so that an idle gateway holds no memory
    bool allow_probes = false;         // tests only: processes misbehave on request
};

}  // namespace darkroom::imaging
