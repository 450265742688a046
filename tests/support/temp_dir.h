// A folder of a test's own, gone with the object.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/check.h"

namespace darkroom::testing {

class TempDir {
public:
    TempDir() {
        auto pattern = (std::filesystem::temp_directory_path() / "darkroom-test-XXXXXX").string();
        DR_CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace darkroom::testing
