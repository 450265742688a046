// A pool of real pixel processes in a folder of the test's own. DARKROOM_IMAGING_PROGRAM is where the build
// puts the program.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "imaging/pool/process_pool.h"
#include "imaging/pool/testing/stored_png.h"

namespace darkroom::imaging {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool under_sanitizer = true;
#else
inline constexpr bool under_sanitizer = false;
#endif

inline UniqueFd file_of(const std::string& bytes) {
    UniqueFd fd(::memfd_create("picture", MFD_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
}

inline std::size_t entries_of(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

inline std::vector<pid_t> child_processes() {
    std::vector<pid_t> children;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "children");
        for (pid_t pid = 0; file >> pid;) children.push_back(pid);
    }
    return children;
}

template <class Condition>
bool becomes_true(Condition condition, Milliseconds limit = Milliseconds(20'000)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

/// `Folder` is tests/support's TempDir, which only tests may name.
template <class Folder>
class PoolFixture : public ::testing::Test {
protected:
    PoolOptions options() {
        PoolOptions options;
        options.program = DARKROOM_IMAGING_PROGRAM;
        options.work_dir = folder_.path() / "work";
        options.processes_max = 2;
        options.threads_per_process = 2;
        options.allow_probes = true;
        return options;
    }
    void open(PoolOptions with) {
        auto opened = ProcessPool::open(std::move(with));
        ASSERT_TRUE(opened) << opened.error();
        pool_ = *std::move(opened);
    }
    PictureResult run(const std::string& bytes, const std::string& operation,
                      boost::json::object params = {{"v", 1}}) {
        const UniqueFd input = file_of(bytes);
        return pool_->run({.operation = operation, .params = std::move(params), .input = input.get()},
                          never_);
    }
    PictureResult run_with_parts(const std::string& bytes, const std::string& operation,
                                 boost::json::object params,
                                 const std::vector<std::pair<std::string, std::string>>& parts,
                                 bool extras = false) {
        const UniqueFd input = file_of(bytes);
        PictureTask task{.operation = operation, .params = std::move(params), .input = input.get()};
        std::vector<UniqueFd> files;
        for (const auto& [name, content] : parts) {
            files.push_back(file_of(content));
            task.parts.push_back({name, files.back().get()});
        }
        task.extras = extras;
        return pool_->run(task, never_);
    }
    PictureResult probe(const std::string& what) { return run("none", "probe", {{"what", what}}); }
    PictureResult upscale(const std::string& bytes) {
        return run(bytes, "upscale_2k", {{"v", 1}, {"target", 512}});
    }
    void remove_files(const PictureResult& result) {
        for (const auto& file : result->files) std::filesystem::remove(file.path);
    }
    void expect_no_leftovers() {
        EXPECT_EQ(entries_of(folder_.path() / "work"), 0u);
        pool_.reset();
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
    }

    Folder folder_;
    CancelFlag never_;
    std::unique_ptr<ProcessPool> pool_;
};

}  // namespace darkroom::imaging
