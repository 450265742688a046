// What other people's ComfyUI workers are sent, and this one takes too:
//
//   {"workflow_api":{…}}                                        a handler that answers with paths on the
//   volume
//   {"workflow":{…},"images":[{"name":"in.png","image":"…"}]}   worker-comfyui, which answers with bytes
//
// Pure. Darkroom's own payload, which has a job_id, is work_payload.h's.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/error_code.h"

namespace darkroom::runpod::worker {

enum class Contract { volume_files, worker_comfyui };

struct ForeignImage {
    std::string name;  // as the workflow has it; no path that leads elsewhere
    std::string bytes;
};

struct ForeignJob {
    Contract contract = Contract::volume_files;
    std::string workflow_json;
    std::vector<ForeignImage> images;
    std::string api_node_key;
};

inline constexpr std::size_t foreign_images_max = 32;

/// nullopt: it is no such job. An input may be JSON in a string, as the official worker takes it.
std::optional<Result<ForeignJob, core::JobError>> read_foreign_job(std::string_view input_json,
                                                                   std::uint64_t image_bytes_max);

}  // namespace darkroom::runpod::worker
