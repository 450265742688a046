// The real pixel process, asked to work and to misbehave. DARKROOM_IMAGING_PROGRAM is where the build puts
// it.
#include "imaging/pool/process_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>
#include <future>

#include "imaging/pool/stored_png.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool under_sanitizer = true;
#else
constexpr bool under_sanitizer = false;
#endif

UniqueFd file_of(const std::string& bytes) {
    UniqueFd fd(::memfd_create("picture", MFD_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
}

std::size_t entries_of(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
    return count;
}

std::vector<pid_t> child_processes() {
    std::vector<pid_t> children;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "children");
        for (pid_t pid = 0; file >> pid;) children.push_back(pid);
    }
    return children;
}

template <class Condition>
bool becomes_true(Condition condition, Milliseconds limit = Milliseconds(20'000)) {
    const auto deadline = steady_clock::now() + limit;
    while (!condition()) {
        if (steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

class ProcessPoolTest : public ::testing::Test {
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

    testing::TempDir folder_;
    CancelFlag never_;
    std::unique_ptr<ProcessPool> pool_;
};

TEST_F(ProcessPoolTest, APictureComesBackAndNothingIsLeftBehind) {
    const std::size_t files_before = entries_of("/proc/self/fd");
    open(options());
    for (int i = 0; i < 3; ++i) {
        const auto result = upscale(testing::stored_png(200, 120));
        ASSERT_TRUE(result) << result.error().message;
        ASSERT_EQ(result->files.size(), 2u);
        EXPECT_EQ(result->files[0].role, "main");
        EXPECT_EQ(result->files[0].content_type, "image/png");
        EXPECT_EQ(result->files[0].width, 512u);
        EXPECT_EQ(result->files[0].height, 307u);
        EXPECT_EQ(result->files[1].role, "thumbnail");
        EXPECT_EQ(result->files[1].content_type, "image/jpeg");
        EXPECT_GT(std::filesystem::file_size(result->files[1].path), 500u);
        remove_files(result);
    }
    EXPECT_EQ(pool_->counts().started, 1u);  // one process did all three
    expect_no_leftovers();
    EXPECT_EQ(entries_of("/proc/self/fd"), files_before);
}

TEST_F(ProcessPoolTest, BackgroundRemovalGivesAMaskToo) {
    open(options());
    const auto result = run(testing::stored_png(300, 300), "bg_remove");
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->files.size(), 3u);
    EXPECT_EQ(result->files[1].role, "mask");
    EXPECT_TRUE(result->done.outputs[0].has_alpha);
    remove_files(result);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, AProcessThatWasTakenOverFindsEveryDoorShut) {
    open(options());
    const std::pair<const char*, const char*> doors[] = {
        {"fork", "refused: Operation not permitted"},
        {"read_file", "refused: Permission denied"},
        {"write_file", "refused: Permission denied"},
        {"list_folder", "refused: Permission denied"},
        {"kill_parent", "refused: Operation not permitted"},
        {"raise_limit", "refused: Operation not permitted"},
        {"executable_memory", "refused: Operation not permitted"},
        {"environment", "empty"},
        {"thread", "allowed"},  // what the libraries need still works
    };
    for (const auto& [what, expected] : doors) {
        const auto result = probe(what);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().message, expected) << what;
    }
    for (const char* what : {"socket", "unix_socket", "exec", "ptrace"}) {
        const auto result = probe(what);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::worker_crashed) << what;
    }
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, MemoryBeyondTheLimitIsRefused) {
    if (under_sanitizer) GTEST_SKIP() << "sanitizers map more memory than any limit allows";
    auto with = options();
    with.memory_bytes = 400u << 20;
    open(std::move(with));
    const auto result = probe("memory");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "refused after 384 MiB");
}

TEST_F(ProcessPoolTest, APictureThatNeedsTooMuchMemorySaysSo) {
    if (under_sanitizer) GTEST_SKIP() << "sanitizers map more memory than any limit allows";
    auto with = options();
    with.memory_bytes = 48u << 20;
    open(std::move(with));
    const auto result = run(testing::stored_png(900, 900), "upscale_2k", {{"v", 1}, {"target", 3'600}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::worker_oom) << result.error().message;
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, SpinningEndsWithTheProcessorTimeAllowed) {
    auto with = options();
    with.cpu_limit = Milliseconds(1'000);
    open(std::move(with));
    const auto result = probe("spin");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, SleepingEndsWithTheTimeAllowed) {
    auto with = options();
    with.wall_limit = Milliseconds(100);
    open(std::move(with));
    const auto began = steady_clock::now();
    const auto result = probe("sleep");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
    EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(10));
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, CancellingEndsTheWorkAtOnce) {
    open(options());
    CancelFlag cancel;
    const UniqueFd input = file_of("none");
    auto running = std::async(std::launch::async, [&] {
        return pool_->run({.operation = "probe", .params = {{"what", "sleep"}}, .input = input.get()},
                          cancel);
    });
    ASSERT_TRUE(becomes_true([&] { return pool_->counts().started == 1; }));
    cancel.set(ErrorCode::cancelled);
    ASSERT_EQ(running.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_EQ(running.get().error().code, ErrorCode::cancelled);
    EXPECT_EQ(pool_->counts().alive, 0);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, ACrashCostsOneProcessAndTheNextPictureIsFine) {
    open(options());
    const auto crashed = probe("crash");
    ASSERT_FALSE(crashed);
    EXPECT_EQ(crashed.error().code, ErrorCode::worker_crashed);
    const auto result = upscale(testing::stored_png(64, 64));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(pool_->counts().started, 2u);
    remove_files(result);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, AnIdleProcessThatDiedIsNotThePicturesFault) {
    open(options());
    remove_files(upscale(testing::stored_png(64, 64)));
    const auto children = child_processes();
    ASSERT_EQ(children.size(), 1u);
    ASSERT_EQ(::kill(children[0], SIGKILL), 0);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(children[0]), &ended, WEXITED | WNOWAIT), 0);
    const auto result = upscale(testing::stored_png(64, 64));
    ASSERT_TRUE(result) << result.error().message;
    remove_files(result);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, ProcessesAreReplacedAfterTheirJobs) {
    auto with = options();
    with.jobs_max = 2;
    open(std::move(with));
    for (int i = 0; i < 5; ++i) remove_files(upscale(testing::stored_png(32, 32)));
    EXPECT_EQ(pool_->counts().started, 3u);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, AProcessThatKeepsTooMuchMemoryIsReplaced) {
    auto with = options();
    with.resident_bytes_max = 1u << 20;  // less than any process has
    open(std::move(with));
    for (int i = 0; i < 3; ++i) remove_files(upscale(testing::stored_png(32, 32)));
    EXPECT_EQ(pool_->counts().started, 3u);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, IdleProcessesEnd) {
    auto with = options();
    with.idle_limit = Milliseconds(50);
    open(std::move(with));
    remove_files(upscale(testing::stored_png(32, 32)));
    EXPECT_TRUE(becomes_true([&] { return pool_->counts().alive == 0; }));
    EXPECT_TRUE(child_processes().empty());
    remove_files(upscale(testing::stored_png(32, 32)));  // and come back when there is work
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, ManyThreadsShareFewProcesses) {
    open(options());
    std::vector<std::future<bool>> runs;
    for (int i = 0; i < 4; ++i) {
        runs.push_back(std::async(std::launch::async, [&] {
            bool fine = true;
            for (int k = 0; k < 3; ++k) {
                const auto result = upscale(testing::stored_png(48, 48));
                fine = fine && result.ok() && pool_->counts().alive <= 2;
                if (result) remove_files(result);
            }
            return fine;
        }));
    }
    for (auto& finished : runs) EXPECT_TRUE(finished.get());
    EXPECT_LE(pool_->counts().started, 2u);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, BadInputIsRefusedWithItsCodeAndLeavesNothing) {
    open(options());
    const std::string good = testing::stored_png(100, 100);
    const std::string wide = testing::stored_png(30'000, 16);
    const std::string bomb = testing::png_header(65'535, 65'535) + testing::png_chunk("IDAT", "x") +
                             testing::png_chunk("IEND", "");
    std::string corrupt = good;
    for (std::size_t i = corrupt.size() / 2; i < corrupt.size() / 2 + 40; ++i)
        corrupt[i] = static_cast<char>(i * 31);
    const struct {
        const char* what;
        std::string bytes;
        ErrorCode code;
    } table[] = {
        {"empty", "", ErrorCode::input_unreadable},
        {"one byte", "\x89", ErrorCode::input_unreadable},
        {"cut in the header", good.substr(0, 20), ErrorCode::input_unreadable},
        {"cut in half", good.substr(0, good.size() / 2), ErrorCode::input_unreadable},
        {"cut at the end", good.substr(0, good.size() - 20), ErrorCode::input_unreadable},
        {"corrupt", corrupt, ErrorCode::input_unreadable},
        {"text named .jpg", "This is not a picture.\n", ErrorCode::input_unsupported_format},
        {"SVG named .png", "<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'/>",
         ErrorCode::input_unsupported_format},
        {"PDF", "%PDF-1.4\n%%EOF\n", ErrorCode::input_unsupported_format},
        {"65535 x 65535 in 100 bytes", bomb, ErrorCode::input_too_large},
        {"honest, but 30,000 wide", wide, ErrorCode::input_too_large},
        {"8 x 8", testing::stored_png(8, 8), ErrorCode::input_too_small},
        {"animated",
         testing::png_header(64, 64) + testing::png_chunk("acTL", "12345678") +
             testing::png_chunk("IDAT", "x"),
         ErrorCode::input_animated},
    };
    for (const auto& row : table) {
        const auto result = upscale(row.bytes);
        ASSERT_FALSE(result) << row.what;
        EXPECT_EQ(core::to_string(result.error().code), core::to_string(row.code)) << row.what;
        EXPECT_FALSE(result.error().message.empty());
    }
    EXPECT_EQ(run(good, "no_such_type").error().code, ErrorCode::recipe_not_found);
    const auto polyglot = upscale(good + "PK\3\4<script>alert(1)</script>" + std::string(1'000'000, 'j'));
    ASSERT_TRUE(polyglot);  // and nothing of what followed the picture is in the result
    std::ifstream file(polyglot->files[0].path, std::ios::binary);
    const std::string written((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(written.find("<script>"), std::string::npos);
    remove_files(polyglot);
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, AResultThatMayNotBeThatLargeIsAnErrorNotACrash) {
    auto with = options();
    with.output_bytes_max = 3'000;
    open(std::move(with));
    const auto result = upscale(testing::stored_png(200, 200));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::output_invalid) << result.error().message;
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, AMissingOrForeignProgramIsNoticed) {
    auto with = options();
    with.program = "/nowhere/darkroom-imaging";
    EXPECT_FALSE(ProcessPool::open(std::move(with)));
    with = options();
    with.program = "/bin/true";
    open(std::move(with));
    EXPECT_FALSE(upscale(testing::stored_png(32, 32)));
    expect_no_leftovers();
}

TEST_F(ProcessPoolTest, WhatAnEarlierGatewayLeftIsRemovedAndNothingElse) {
    const auto work = folder_.path() / "work";
    std::filesystem::create_directories(work);
    std::ofstream(work / "picture-17.main") << "left";
    std::ofstream(work / "my-own-file") << "stays";
    open(options());
    EXPECT_FALSE(std::filesystem::exists(work / "picture-17.main"));
    EXPECT_TRUE(std::filesystem::exists(work / "my-own-file"));
    EXPECT_EQ(std::filesystem::status(work).permissions(), std::filesystem::perms::owner_all);
}

// Method: a second gateway is killed without a word in the middle of a picture. This process adopts its
// orphans, so it would see the pixel process go on; it must see it die instead.
TEST_F(ProcessPoolTest, PixelProcessesDieWithAKilledGateway) {
    if (under_sanitizer) GTEST_SKIP() << "forks a program with threads, which sanitizers do not follow";
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    auto with = options();
    const pid_t gateway = ::fork();
    if (gateway == 0) {
        open(std::move(with));
        (void)probe("spin");
        ::_exit(0);
    }
    const auto children_of_gateway = [&] {
        std::vector<pid_t> children;
        std::error_code gone;
        for (const auto& task :
             std::filesystem::directory_iterator("/proc/" + std::to_string(gateway) + "/task", gone)) {
            std::ifstream file(task.path() / "children");
            for (pid_t pid = 0; file >> pid;) children.push_back(pid);
        }
        return children;
    };
    ASSERT_TRUE(becomes_true([&] { return children_of_gateway().size() == 1; }));
    const pid_t orphan = children_of_gateway()[0];
    ASSERT_EQ(::kill(gateway, SIGKILL), 0);
    ASSERT_EQ(::waitpid(gateway, nullptr, 0), gateway);
    pid_t ended = 0;
    ASSERT_TRUE(becomes_true([&] { return (ended = ::waitpid(orphan, nullptr, WNOHANG)) != 0; }));
    EXPECT_EQ(ended, orphan);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

}  // namespace
}  // namespace darkroom::imaging
