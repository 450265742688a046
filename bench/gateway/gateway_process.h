// A real `darkroom serve` in a process of its own, on a free port of this machine, with a data folder and an
// environment that contain nothing else.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/gateway/http_talk.h"
#include "bench/gateway/process_facts.h"

namespace darkroom::bench {

class GatewayProcess {
public:
    struct Plan {
        std::filesystem::path program;
        std::filesystem::path data_dir;
        int inflight_max = 1;
        std::uint16_t port = 0;                   // 0 = a free one
        std::vector<std::string> variables = {};  // more of its environment: NAME=value
    };

    /// Returns at the first 200 on /healthz; fails with a sentence and what the program said.
    static Result<std::unique_ptr<GatewayProcess>, std::string> start(const Plan& plan);
    /// Asks it to stop, and kills it if it has not after a while.
    ~GatewayProcess();
    GatewayProcess(const GatewayProcess&) = delete;
    GatewayProcess& operator=(const GatewayProcess&) = delete;

    pid_t pid() const { return pid_; }
    std::uint16_t port() const { return port_; }
    /// From just before the process was made to the last byte of that answer.
    double start_ms() const { return start_ms_; }

    /// A request with the admin key; `more_lines` are header fields, each ending in CRLF.
    std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                        std::string_view more_lines = {}) const;
    /// Sends a small picture and returns the id of the upload.
    Result<std::string, std::string> upload_picture() const;
    /// A POST /jobs on that upload.
    std::string job_request(const std::string& upload, int priority = 0,
                            std::string_view more_lines = {}) const;
    /// Jobs that wait or are under way, as POST /dispatcher counts them.
    Result<std::int64_t, std::string> jobs_in_queue() const;

    /// Stops the pixel process and gives it a job, so that with inflight_max 1 nothing is worked on any more:
    /// the queue only grows, and no picture takes processor time from what is measured.
    Result<void, std::string> freeze_work(const std::string& upload) const;

private:
    GatewayProcess() = default;
    Result<void, std::string> wait_until_healthy();
    bool ended_within(Milliseconds limit);

    pid_t pid_ = -1;
    UniqueFd end_;  // readable when the process has ended
    std::uint16_t port_ = 0;
    std::filesystem::path log_;
    double start_ms_ = 0;
};

}  // namespace darkroom::bench
