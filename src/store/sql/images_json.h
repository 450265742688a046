// Pictures of jobs, and what a chain shows, as JSON columns. What is read back was written here, so anything
// that does not parse is damage (SqlFailure).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/job.h"

namespace darkroom::store {

std::string to_json(const core::InputImage& image);
std::string to_json(const std::vector<core::InputImage>& images);
std::string to_json(const std::vector<core::OutputImage>& images);
std::string to_json(const std::vector<core::ChainOutput>& outputs);

core::InputImage input_from_json(std::string_view json);
std::vector<core::InputImage> inputs_from_json(std::string_view json);
std::vector<core::OutputImage> outputs_from_json(std::string_view json);
std::vector<core::ChainOutput> chain_outputs_from_json(std::string_view json);

}  // namespace darkroom::store
