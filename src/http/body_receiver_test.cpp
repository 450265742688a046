#include "http/body_receiver.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace darkroom::http {
namespace {

class BodyReceiverTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "darkroom-body-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::size_t files() const {
        return std::size_t(std::distance(std::filesystem::directory_iterator(folder_), {}));
    }
    BodyReceiver in_file(std::uint64_t bytes) const {
        auto receiver = BodyReceiver::in_file(bytes, folder_);
        return std::move(receiver).value();
    }

    std::filesystem::path folder_;
};

TEST_F(BodyReceiverTest, KeepsAWholeBodyInAPrivateFileAndLeavesTheRest) {
    auto receiver = in_file(5);
    EXPECT_EQ(receiver.take("ab").value(), 2U);
    EXPECT_EQ(receiver.remaining(), 3U);
    EXPECT_EQ(receiver.take("cdefg").value(), 3U);
    EXPECT_TRUE(receiver.complete());
    ports::HttpRequest request;
    std::move(receiver).move_into(request);
    ASSERT_TRUE(request.spooled.has_value());
    struct stat status {};
    ASSERT_EQ(::stat(request.spooled->path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    std::ostringstream content;
    content << std::ifstream(request.spooled->path()).rdbuf();
    EXPECT_EQ(content.str(), "abcde");
    EXPECT_EQ(request.spooled->bytes(), 5U);
    request.spooled.reset();
    EXPECT_EQ(files(), 0U);
}

TEST_F(BodyReceiverTest, RemovesTheFileOfABodyThatNeverEnds) {
    {
        auto receiver = in_file(1'000);
        ASSERT_TRUE(receiver.take("abc").ok());
        EXPECT_EQ(files(), 1U);
    }
    EXPECT_EQ(files(), 0U);
}

TEST_F(BodyReceiverTest, SaysThatTheDiskIsFull) {
    // A limit on file size stands in for a full disk: both make write() fail half-way.
    struct rlimit before {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small { 4'096, before.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    {
        auto receiver = in_file(10'000);
        const auto taken = receiver.take(std::string(10'000, 'a'));
        ASSERT_FALSE(taken.ok());
        EXPECT_EQ(taken.error().status, 507);
        EXPECT_EQ(taken.error().code, "storage_full");
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_EQ(files(), 0U);
}

TEST_F(BodyReceiverTest, FailsWhereThereIsNoFolder) {
    const auto receiver = BodyReceiver::in_file(1, folder_ / "missing");
    ASSERT_FALSE(receiver.ok());
    EXPECT_EQ(receiver.error().status, 500);
}

TEST_F(BodyReceiverTest, ClearsOnlyItsOwnLeftovers) {
    std::ofstream(folder_ / "spool-01234567-89ab-4cde-8f01-23456789abcd") << "left by a crash";
    std::ofstream(folder_ / "spool-notes.txt") << "someone else's";
    remove_stale_spool_files(folder_);
    EXPECT_EQ(files(), 1U);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "spool-notes.txt"));
}

TEST(BodyReceiver, KeepsABodyInMemory) {
    auto receiver = BodyReceiver::in_memory(3);
    EXPECT_EQ(receiver.take("abcd").value(), 3U);
    ports::HttpRequest request;
    std::move(receiver).move_into(request);
    EXPECT_EQ(request.body, "abc");
    EXPECT_FALSE(request.spooled.has_value());
    EXPECT_TRUE(BodyReceiver::in_memory(0).complete());
}

TEST(BodyReceiver, BelievesADeclaredLengthOnlyAsFarAsBytesCome) {
    auto receiver = BodyReceiver::in_memory(std::uint64_t{1} << 50);  // would not fit into this machine
    EXPECT_TRUE(receiver.take("abc").ok());
    EXPECT_EQ(receiver.received(), 3U);
}

}  // namespace
}  // namespace darkroom::http
