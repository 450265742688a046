// A RunPod network volume for one test: volume_server.py over a folder that workers have as their mount.
#pragma once
#include <memory>

#include "tests/e2e/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::e2e {

class VolumeServer {
public:
    VolumeServer();

    /// Of a gateway whose workers have this volume.
    const Settings& settings() const { return settings_; }
    /// Where a worker sees it.
    std::filesystem::path folder() const { return folder_.path() / "volume"; }

private:
    testing::TempDir folder_;
    std::unique_ptr<testing::ChildProcess> process_;
    Settings settings_;
};

}  // namespace darkroom::e2e
