// Files that a worker or a pixel process left on this machine: outputs are moved away, and whatever is left
// of them is removed, whichever way that ends.
#pragma once
#include <filesystem>
#include <vector>

#include "ports/backend.h"

namespace darkroom::dispatch {

class FilesToRemove {
public:
    FilesToRemove() = default;
    explicit FilesToRemove(const ports::WorkDone& done) { add(done); }
    FilesToRemove(const FilesToRemove&) = delete;
    FilesToRemove& operator=(const FilesToRemove&) = delete;
    ~FilesToRemove() {
        std::error_code ignored;
        for (const auto& path : paths_) std::filesystem::remove(path, ignored);
    }

    void add(const ports::WorkDone& done) {
        for (const auto& file : done.files) paths_.push_back(file.path);
    }
    void release() { paths_.clear(); }

private:
    std::vector<std::filesystem::path> paths_;
};

}  // namespace darkroom::dispatch
