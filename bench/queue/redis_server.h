// A Redis of the benchmark's own, with an append-only file on the disk that is measured.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/held_port.h"

namespace darkroom::bench {

class RedisServer {
public:
    /// When an answer stands for a write that is on the disk.
    enum class Sync {
        every_second,  // at most a second later: Redis' default
        always         // before it is sent
    };

    /// Why none can be started; empty if one can.
    static std::string why_none();
    /// Takes commands when the constructor returns; throws CannotMeasure otherwise.
    RedisServer(const std::filesystem::path& folder, Sync sync);

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_.number()); }
    pid_t pid() const { return process_->pid(); }

private:
    testing::HeldPort port_;
    std::unique_ptr<testing::ChildProcess> process_;
};

}  // namespace darkroom::bench
