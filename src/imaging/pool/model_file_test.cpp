// The digest of a network's file is what counts, not its name.
#include "imaging/pool/model_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/digest.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

std::string digest_of(const std::string& bytes) {
    Sha256 digest;
    digest.update(bytes);
    return to_hex(digest.finish());
}

class ModelFilesTest : public ::testing::Test {
protected:
    std::filesystem::path write(const std::string& bytes, const std::string& name = "net.onnx") {
        auto path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    core::ErrorCode failure_of(const std::filesystem::path& file, const std::string& sha256) {
        const auto opened = files_.open(file, sha256);
        EXPECT_FALSE(opened);
        return opened ? core::ErrorCode::internal : opened.error().code;
    }

    testing::TempDir folder_;
    ModelFiles files_;
};

TEST_F(ModelFilesTest, TheNamedFileIsHandedOnAsOftenAsItIsAskedFor) {
    const std::string bytes(200'000, 'w');
    const auto path = write(bytes);
    for (int i = 0; i < 3; ++i) {
        const auto opened = files_.open(path, digest_of(bytes));
        ASSERT_TRUE(opened);
        char first = 0;
        EXPECT_EQ(::pread(opened->get(), &first, 1, 0), 1);
        EXPECT_EQ(first, 'w');
    }
}

TEST_F(ModelFilesTest, AnotherFileUnderTheSameNameIsRefusedAlsoAfterItWasOnceTheRightOne) {
    const std::string right = "the right weights", wrong = "the wrong weights";
    const auto path = write(right);
    ASSERT_TRUE(files_.open(path, digest_of(right)));
    write(wrong, "other");
    std::filesystem::rename(folder_.path() / "other", path);
    EXPECT_EQ(failure_of(path, digest_of(right)), core::ErrorCode::model_unavailable);
    ASSERT_TRUE(files_.open(path, digest_of(wrong)));
}

TEST_F(ModelFilesTest, WhatIsMissingEmptyOrNoFileIsUnavailable) {
    using core::ErrorCode;
    EXPECT_EQ(failure_of(folder_.path() / "none", digest_of("")), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of(write(""), digest_of("")), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of(folder_.path(), digest_of("")), ErrorCode::model_unavailable);
    const auto pipe = folder_.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(failure_of(pipe, digest_of("")), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of(write("x"), ""), ErrorCode::model_unavailable);
}

}  // namespace
}  // namespace darkroom::imaging
