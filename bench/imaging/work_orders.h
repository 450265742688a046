// What the pixel process is given when its bytes, its time and its memory are measured: each type at a size.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

namespace darkroom::bench {

struct WorkOrder {
    std::string name;  // object_remove exemplar
    std::string operation;
    boost::json::object params;
    std::string input;                // the file
    std::optional<double> target_ms;  // of the operation itself
    std::optional<double> target_mib;
};

/// `large` is 12 MP, otherwise 1 MP (512 px for upscale_2k, which has no large form).
std::vector<WorkOrder> work_orders(bool large, std::uint64_t seed, const std::filesystem::path& folder);

}  // namespace darkroom::bench
