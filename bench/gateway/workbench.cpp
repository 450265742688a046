#include "bench/gateway/workbench.h"

namespace darkroom::bench {

std::filesystem::path Workbench::make_data_dir(const std::string& name) const {
    auto dir = folder / name;
    std::filesystem::create_directory(dir);
    std::filesystem::permissions(dir, std::filesystem::perms::owner_all);
    return dir;
}

GatewayProcess::Plan Workbench::gateway(const std::filesystem::path& data_dir) const {
    return {.program = program, .data_dir = data_dir};
}

std::filesystem::path Workbench::long_queue_file() const {
    return folder / ("queue-" + std::to_string(long_queue) + ".db");
}

}  // namespace darkroom::bench
