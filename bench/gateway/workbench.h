// What every measurement works with, and the measurements themselves. Each prints its tables and says its
// verdicts; it fails with a sentence if it could not measure.
#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "bench/gateway/figures.h"
#include "bench/gateway/gateway_process.h"

namespace darkroom::bench {

struct Workbench {
    std::filesystem::path folder;   // on the disk that is measured; the whole run's own
    std::filesystem::path program;  // darkroom
    int rounds = 5;
    Milliseconds round{3'000};
    Milliseconds hold{60'000};  // of the crowd of connections
    int crowd = 1'500;
    int long_queue = 1'000'000;
    Verdicts verdicts;

    /// A new data folder of that name, private as Darkroom's own is.
    std::filesystem::path make_data_dir(const std::string& name) const;
    GatewayProcess::Plan gateway(const std::filesystem::path& data_dir) const;
    /// Where the claim measurement leaves a file with `long_queue` jobs queued.
    std::filesystem::path long_queue_file() const;
};

using Measured = Result<void, std::string>;

/// Durable POST /jobs at 64 connections, against single-thread synced commits of the same disk.
Measured measure_posts(Workbench& bench);
/// A claim of 100 with few and with a million jobs queued.
Measured measure_claim_costs(Workbench& bench);
/// Exec to the first answer, memory at rest, libraries.
Measured measure_start(Workbench& bench);
/// Processor time at rest; memory with a long queue.
Measured measure_idle(Workbench& bench);
/// What a normal client feels of a crowd of idle and slow connections.
Measured measure_connections(Workbench& bench);

}  // namespace darkroom::bench
