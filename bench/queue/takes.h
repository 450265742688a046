// One fetch of 100 jobs, measured often: its time and, on Postgres, the pages it touched.
#pragma once
#include <memory>
#include <vector>

#include "bench/queue/findings.h"
#include "bench/queue/side.h"

namespace darkroom::bench {

class Takes {
public:
    /// `postgres` counts statements, or is null.
    Takes(Side& side, testing::PostgresServer* postgres) : side_(side), postgres_(postgres) {}

    /// Takes, then ends what was taken and adds as many, so that the queue is as long as before.
    void once();
    void forget();

    const std::vector<double>& ms() const { return ms_; }
    const std::vector<double>& buffers() const { return buffers_; }  // empty without Postgres

private:
    Side& side_;
    testing::PostgresServer* postgres_;
    std::vector<double> ms_;
    std::vector<double> buffers_;
};

/// What a side's fetches are asked for in a part, beside one state of the queue.
void add_takes(Findings& findings, const std::string& part, const std::string& state, const SideFacts& facts,
               const Takes& takes);

}  // namespace darkroom::bench
