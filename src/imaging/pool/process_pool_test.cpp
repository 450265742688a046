// The life of pixel processes: started for work, shared, replaced, ended when idle, and never left behind.
#include "imaging/pool/process_pool.h"

#include <signal.h>

#include <atomic>
#include <optional>

#include "imaging/pool/testing/pool_fixture.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using ProcessPoolTest = PoolFixture<testing::TempDir>;

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

TEST_F(ProcessPoolTest, CancellingEndsTheWorkAtOnce) {
    open(options());
    CancelFlag cancel;
    const UniqueFd input = file_of("none");
    std::optional<PictureResult> result;
    std::thread running([&] {
        result =
            pool_->run({.operation = "probe", .params = {{"what", "sleep"}}, .input = input.get()}, cancel);
    });
    EXPECT_TRUE(becomes_true([&] { return pool_->counts().started == 1; }));
    cancel.set(ErrorCode::cancelled);
    running.join();  // a probe that went on sleeping would end as timeout
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().code, ErrorCode::cancelled);
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
    std::atomic<int> fine = 0;
    std::vector<std::thread> users;
    users.reserve(4);
    for (int i = 0; i < 4; ++i) {
        users.emplace_back([&] {
            for (int k = 0; k < 3; ++k) {
                const auto result = upscale(testing::stored_png(48, 48));
                if (!result) continue;
                fine += pool_->counts().alive <= 2 ? 1 : 0;
                remove_files(result);
            }
        });
    }
    for (auto& user : users) user.join();
    EXPECT_EQ(fine, 12);
    EXPECT_LE(pool_->counts().started, 2u);
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

}  // namespace
}  // namespace darkroom::imaging
