// A disk that a test can fill: a small tmpfs that only this process and its children see. It changes the
// mount namespace of the thread that makes it, so such a test shares a process with no other.
#pragma once
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace darkroom::testing {

class SmallDisk {
public:
    explicit SmallDisk(const std::string& size = "24m");
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk();

    /// Why there is none, for GTEST_SKIP; empty if there is one.
    std::string why_not() const;
    const std::filesystem::path& path() const { return place_.path(); }

    /// Takes every byte that is left.
    void fill() const;
    void relieve() const { std::filesystem::remove(ballast()); }

private:
    std::filesystem::path ballast() const { return place_.path() / "ballast"; }

    TempDir place_;
    bool mounted_ = false;
};

}  // namespace darkroom::testing
