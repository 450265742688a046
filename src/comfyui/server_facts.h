// What a ComfyUI server tells about itself (/system_stats) and, since v0.6, about one job (/jobs/{id}). Pure.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::comfyui {

/// Major, minor, patch; what is not told is 0.
using Version = std::array<int, 3>;
/// Since then /interrupt heeds a prompt's id; before, it ends whatever runs.
inline constexpr Version interrupts_by_id{0, 3, 57};

struct GpuFacts {
    std::string name;
    std::uint64_t vram_total = 0;
    std::uint64_t vram_free = 0;
};

struct ServerFacts {
    std::optional<Version> version;
    std::vector<GpuFacts> gpus;   // the first is used
    bool writes_metadata = true;  // pictures hold their graph: --disable-metadata was not given
};

std::optional<Version> parse_version(std::string_view text);
Result<ServerFacts, std::string> read_system_stats(std::string_view body);

enum class JobWord { pending, in_progress, completed, failed, cancelled, unknown };
Result<JobWord, std::string> read_job_record(std::string_view body);

}  // namespace darkroom::comfyui
