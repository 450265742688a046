// A run as JSON, for machines: written, and compared with an earlier one.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/imaging/report.h"

namespace darkroom::bench {

Result<void, std::string> write_results(const Report& report, const std::filesystem::path& path);

/// One line for each promise whose figure is more than two percent worse than in the file of an earlier run.
/// Times and memory count too, so compare runs of one machine only. Fails if the file is not such a file.
Result<std::vector<std::string>, std::string> regressions(const Report& report,
                                                          const std::filesystem::path& earlier);

}  // namespace darkroom::bench
