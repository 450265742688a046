#include "cli/input_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

std::string problem_with(const std::string& path) {
    const auto file = inspect_file(path);
    return file ? "no problem" : file.error().code;
}

TEST(InputFile, EveryKindOfUnusableFileIsToldApart) {
    const fakes::TempFolder folder;
    const auto in = [&](const char* name) { return (folder.path() / name).string(); };
    EXPECT_EQ(problem_with(in("nothing.jpg")), "file_missing");
    EXPECT_EQ(problem_with(folder.file("a.jpg", "x") + "/b.jpg"), "file_missing");
    EXPECT_EQ(problem_with(""), "file_missing");
    EXPECT_EQ(problem_with(folder.path().string()), "file_is_folder");
    EXPECT_EQ(problem_with(folder.file("empty.jpg", "")), "file_empty");
    EXPECT_EQ(problem_with("/dev/null"), "file_not_regular");
    ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
    EXPECT_EQ(problem_with(in("pipe")), "file_not_regular") << "and nobody waits for a writer";
    ASSERT_EQ(::symlink("loop", in("loop").c_str()), 0);
    EXPECT_EQ(problem_with(in("loop")), "file_unreadable");
    EXPECT_EQ(problem_with(in(std::string(300, 'x').c_str())), "file_unreadable")
        << "a name no file can have";
}

TEST(InputFile, WhatMayNotBeReadIsSaidSo) {
    const fakes::TempFolder folder;
    const auto path = folder.file("secret.jpg", "x");
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    // Root may read everything, so root looks as nobody.
    const bool root = ::geteuid() == 0;
    const bool looks_as_nobody = !root || ::seteuid(65534) == 0;
    const auto problem = problem_with(path);
    const bool is_back = !root || ::seteuid(0) == 0;
    ASSERT_TRUE(looks_as_nobody && is_back);
    EXPECT_EQ(problem, "file_unreadable");
}

TEST(InputFile, TwoPathsToOneFileAreOneIdentity) {
    const fakes::TempFolder folder;
    const auto path = folder.file("a.jpg", "12345");
    const auto link = (folder.path() / "b.jpg").string();
    ASSERT_EQ(::symlink("a.jpg", link.c_str()), 0);
    const auto one = inspect_file(path);
    const auto other = inspect_file(link);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->bytes, 5u);
    EXPECT_EQ(one->identity, other->identity);
}

}  // namespace
}  // namespace darkroom::cli
