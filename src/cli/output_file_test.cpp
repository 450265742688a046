#include "cli/output_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OutputNames, AreMadeOfTheFileAndTheType) {
    const fakes::TempFolder folder;
    OutputNames names(folder.path(), {});
    const auto claim = [&](const char* file, const char* content_type = "image/png") {
        return names.claim(file, "bg_remove", content_type).lexically_relative(folder.path()).string();
    };
    EXPECT_EQ(claim("shoe.jpg"), "shoe-bg_remove.png");
    EXPECT_EQ(claim("photo.old.jpeg", "image/jpeg"), "photo.old-bg_remove.jpg");
    EXPECT_EQ(claim("plain", "image/webp"), "plain-bg_remove.webp");
    EXPECT_EQ(claim(".hidden", "image/tiff"), ".hidden-bg_remove.tif");
    EXPECT_EQ(claim("a.jpg", "application/x-sh"), "a-bg_remove.bin");
}

TEST(OutputNames, NeverLeaveTheFolder) {
    const fakes::TempFolder folder;
    OutputNames names(folder.path(), {});
    for (const auto* file : {"../../etc/passwd", "/etc/passwd", "..", ".", "", "a/b/..", "x\n\x1b[2J.jpg"}) {
        const auto path = names.claim(file, "../type", "image/png");
        EXPECT_EQ(path.parent_path(), folder.path()) << file;
        EXPECT_EQ(path.filename().string().find('\n'), std::string::npos);
    }
    const auto longest =
        names.claim(std::string(300, 'x') + ".jpg", std::string(300, 't'), "image/png").filename().string();
    EXPECT_LT(longest.size(), 250u);
    std::string umlauts;
    for (int i = 0; i < 100; ++i) umlauts += "ü";
    const auto cut = names.claim("a" + umlauts + ".jpg", "t", "image/png").filename().string();
    EXPECT_EQ(cut.find("\xc3-"), std::string::npos) << "cut between characters";
}

TEST(OutputNames, ANameTakenInThisRunGetsANumber) {
    const fakes::TempFolder folder;
    OutputNames names(folder.path(), {});
    EXPECT_EQ(names.claim("a/x.jpg", "t", "image/png").filename(), "x-t.png");
    EXPECT_EQ(names.claim("b/x.jpg", "t", "image/png").filename(), "x-t-2.png");
    EXPECT_EQ(names.claim("b/x.png", "t", "image/png").filename(), "x-t-3.png");
    EXPECT_EQ(names.claim("b/x.png", "t", "image/jpeg").filename(), "x-t.jpg")
        << "another ending is another file";
}

TEST(OutputNames, AnInputIsNeverReplacedAndNeitherIsAFolder) {
    const fakes::TempFolder folder;
    const auto input = inspect_file(folder.file("x-t.png", "the original"));
    ASSERT_TRUE(input);
    std::filesystem::create_directory(folder.path() / "y-t.png");
    OutputNames names(folder.path(), {input->identity});
    EXPECT_EQ(names.claim("x.jpg", "t", "image/png").filename(), "x-t-2.png");
    EXPECT_EQ(names.claim("y.jpg", "t", "image/png").filename(), "y-t-2.png");
    (void)folder.file("z-t.png", "of an earlier run");
    EXPECT_EQ(names.claim("z.jpg", "t", "image/png").filename(), "z-t.png") << "an earlier result is";
}

TEST(OutputFile, AppearsWholeOrNotAtAll) {
    const fakes::TempFolder folder;
    {
        auto dropped = OutputFile::create(folder.path() / "a.png", 1);
        ASSERT_TRUE(dropped);
        EXPECT_TRUE(dropped->write("half"));
    }
    EXPECT_THAT(folder.names(), ElementsAre());
    {
        auto kept = OutputFile::create(folder.path() / "a.png", 1);
        ASSERT_TRUE(kept);
        EXPECT_TRUE(kept->write("abc"));
        EXPECT_EQ(kept->bytes(), 3u);
        EXPECT_EQ(kept->digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        EXPECT_TRUE(kept->keep());
    }
    EXPECT_THAT(folder.names(), ElementsAre("a.png"));
    EXPECT_EQ(folder.read("a.png"), "abc");
}

TEST(OutputFile, AFullDiskLeavesNothingAndIsSaidSo) {
    const fakes::TempFolder folder;
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit old_limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
    const rlimit small{1'000, old_limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    {
        auto file = OutputFile::create(folder.path() / "a.png", 1);
        ASSERT_TRUE(file);
        EXPECT_FALSE(file->write(std::string(2'000, 'x')));
        EXPECT_THAT(file->error(), HasSubstr("a.png cannot be written: File too large"));
        EXPECT_FALSE(file->write("more"));
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
    (void)std::signal(SIGXFSZ, old_handler);
    EXPECT_THAT(folder.names(), ElementsAre());
}

TEST(OutputFolder, IsMadeOrRefusedWithASentence) {
    const fakes::TempFolder folder;
    EXPECT_TRUE(prepare_output_folder(folder.path() / "a" / "b"));
    EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b"));
    EXPECT_TRUE(prepare_output_folder("."));
    const auto file = folder.file("out.png", "x");
    const auto refused = prepare_output_folder(file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), "-o takes a folder: " + file + " is a file");
    EXPECT_FALSE(prepare_output_folder(file + "/below"));
}

}  // namespace
}  // namespace darkroom::cli
