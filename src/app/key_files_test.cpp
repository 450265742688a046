// Secrets on disk: made once, kept, private.
#include "app/key_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/system_random.h"

namespace darkroom::app {
namespace {

class KeyFiles : public testing::Test {
protected:
    KeyFiles() : dir_(testing::TempDir() + "keys-" + std::to_string(::getpid())) {
        std::filesystem::create_directories(dir_);
    }
    ~KeyFiles() override { std::filesystem::remove_all(dir_); }

    static mode_t mode_of(const std::filesystem::path& file) {
        struct stat status {};
        EXPECT_EQ(::stat(file.c_str(), &status), 0);
        return status.st_mode & 0777;
    }

    std::filesystem::path dir_;
    SystemRandom random_;
};

TEST_F(KeyFiles, ASecretIsMadeOnceAndPrivate) {
    const auto first = load_or_create_secret(dir_ / "a.key", "dr_", random_);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->substr(0, 3), "dr_");
    EXPECT_EQ(first->size(), 46u);
    EXPECT_EQ(mode_of(dir_ / "a.key"), 0600u);
    EXPECT_EQ(*load_or_create_secret(dir_ / "a.key", "dr_", random_), *first);
    EXPECT_NE(*load_or_create_secret(dir_ / "b.key", "dr_", random_), *first);
}

TEST_F(KeyFiles, ALooseModeIsTightened) {
    ASSERT_TRUE(load_or_create_secret(dir_ / "a.key", "", random_).ok());
    ASSERT_EQ(::chmod((dir_ / "a.key").c_str(), 0644), 0);
    ASSERT_TRUE(load_or_create_secret(dir_ / "a.key", "", random_).ok());
    EXPECT_EQ(mode_of(dir_ / "a.key"), 0600u);
}

TEST_F(KeyFiles, AFolderThatCannotBeWrittenIsSaid) {
    const auto made = load_or_create_secret(dir_ / "missing" / "a.key", "", random_);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().find("cannot be written"), std::string::npos);
}

TEST_F(KeyFiles, WritingReplacesTheWholeContent) {
    ASSERT_TRUE(write_private_file(dir_ / "f", "a long first content\n").ok());
    ASSERT_TRUE(write_private_file(dir_ / "f", "short\n").ok());
    EXPECT_EQ(read_small_file(dir_ / "f"), "short");
    EXPECT_FALSE(std::filesystem::exists(dir_ / "f.new"));
}

}  // namespace
}  // namespace darkroom::app
