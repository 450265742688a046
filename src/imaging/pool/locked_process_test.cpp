// The real pixel process, asked to misbehave and fed with what a stranger would send.
#include <signal.h>
#include <sys/prctl.h>

#include "imaging/pool/testing/pool_fixture.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using std::chrono::steady_clock;

using LockedProcessTest = PoolFixture<testing::TempDir>;

TEST_F(LockedProcessTest, AProcessThatWasTakenOverFindsEveryDoorShut) {
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

TEST_F(LockedProcessTest, MemoryBeyondTheLimitIsRefused) {
    if (under_sanitizer) GTEST_SKIP() << "sanitizers map more memory than any limit allows";
    auto with = options();
    with.memory_bytes = 400u << 20;
    open(std::move(with));
    const auto result = probe("memory");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "refused after 384 MiB");
}

TEST_F(LockedProcessTest, APictureThatNeedsTooMuchMemorySaysSo) {
    if (under_sanitizer) GTEST_SKIP() << "sanitizers map more memory than any limit allows";
    auto with = options();
    with.memory_bytes = 48u << 20;
    open(std::move(with));
    const auto result = run(testing::stored_png(900, 900), "upscale_2k", {{"v", 1}, {"target", 3'600}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::worker_oom) << result.error().message;
    expect_no_leftovers();
}

TEST_F(LockedProcessTest, SpinningEndsWithTheProcessorTimeAllowed) {
    auto with = options();
    with.cpu_limit = Milliseconds(1'000);
    open(std::move(with));
    const auto result = probe("spin");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
    expect_no_leftovers();
}

TEST_F(LockedProcessTest, SleepingEndsWithTheTimeAllowed) {
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

TEST_F(LockedProcessTest, BadInputIsRefusedWithItsCodeAndLeavesNothing) {
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

TEST_F(LockedProcessTest, AResultThatMayNotBeThatLargeIsAnErrorNotACrash) {
    auto with = options();
    with.output_bytes_max = 3'000;
    open(std::move(with));
    const auto result = upscale(testing::stored_png(200, 200));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::output_invalid) << result.error().message;
    expect_no_leftovers();
}

// Method: a second gateway is killed without a word in the middle of a picture. This process adopts its
// orphans, so it would see the pixel process go on; it must see it die instead.
TEST_F(LockedProcessTest, PixelProcessesDieWithAKilledGateway) {
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
