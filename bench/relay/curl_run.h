// curl, as a client would start it: one transfer, timed by itself.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace darkroom::bench {

struct CurlRun {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::filesystem::path upload;  // empty = a download, whose bytes are thrown away
    std::uint64_t bytes = 0;       // that have to move
};

/// Seconds; fails unless the answer is 2xx and all bytes moved.
Result<double, std::string> run_curl(const CurlRun& run, const std::filesystem::path& folder);

}  // namespace darkroom::bench
