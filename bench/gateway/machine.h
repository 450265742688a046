// Where the figures come from: processor, kernel, disk, and how busy the machine was.
#pragma once
#include <filesystem>
#include <string>

namespace darkroom::bench {

/// One line for the head of the report; `folder` is on the disk that is measured.
std::string describe_machine(const std::filesystem::path& folder);

/// Load of the last minute, as the kernel counts it. Figures from a busy machine are not worth quoting.
double load_average();

}  // namespace darkroom::bench
