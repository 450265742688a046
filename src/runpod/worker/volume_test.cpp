#include "runpod/worker/volume.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/child_process.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod::worker {
namespace {

using darkroom::testing::read_file;
using darkroom::testing::write_file;

class VolumeTest : public ::testing::Test {
protected:
    VolumeTest() {
        std::filesystem::create_directories(root_ / "inputs");
        write_file(root_ / "inputs/a.jpg", "a picture");
        write_file(folder_.path() / "secret", "not on the volume");
        volume_ = Volume::open(root_, random_);
    }
    std::optional<VolumeError> error_of(const std::string& key) {
        const auto file = volume_->open_file(key);
        return file ? std::nullopt : std::optional(file.error());
    }

    darkroom::testing::TempDir folder_;
    darkroom::testing::SeededRandom random_{5};
    const std::filesystem::path root_ = folder_.path() / "volume";
    std::optional<Volume> volume_;
};

TEST_F(VolumeTest, KnowsItsFilesByBothNamesOfItsRoot) {
    EXPECT_EQ(Volume::key_of("/runpod-volume/inputs/a.jpg").value(), "inputs/a.jpg");
    EXPECT_EQ(Volume::key_of("/workspace/inputs/a.jpg").value(), "inputs/a.jpg");
    EXPECT_EQ(volume_->read_text("inputs/a.jpg", 100).value(), "a picture");
    EXPECT_EQ(volume_->read_text("inputs/a.jpg", 3).value(), "a p") << "never more than was asked for";
    EXPECT_EQ(volume_->bytes_of("inputs/a.jpg").value(), 9U);
    EXPECT_FALSE(Volume::open(folder_.path() / "nowhere", random_));
}

TEST_F(VolumeTest, NoNameLeadsElsewhere) {
    for (const std::string path :
         {"/etc/passwd", "inputs/a.jpg", "/runpod-volume/../secret", "/runpod-volume/inputs/../../secret",
          "/workspace//etc/passwd", "/runpod-volume/", "/runpod-volume", "/runpod-volume/./a", "",
          "/runpod-volume/a/", "/runpod-volume/a\\b", "/runpod-volumes/a"}) {
        EXPECT_FALSE(Volume::key_of(path)) << path;
    }
    EXPECT_FALSE(Volume::key_of(std::string("/runpod-volume/a\0b", 18)));
    EXPECT_FALSE(Volume::key_of("/runpod-volume/" + std::string(5'000, 'x')));
    for (const std::string key : {"../secret", "/etc/passwd", "inputs/../../secret", "", "inputs/", "."})
        EXPECT_EQ(error_of(key), VolumeError::bad_name) << key;
    EXPECT_FALSE(volume_->put_text("../planted", "x"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "planted"));
}

TEST_F(VolumeTest, LinksAndPipesAreNoFiles) {
    std::filesystem::create_symlink(folder_.path() / "secret", root_ / "inputs/link");
    std::filesystem::create_directory_symlink(folder_.path(), root_ / "way-out");
    ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(error_of("inputs/link"), VolumeError::missing);
    EXPECT_EQ(error_of("way-out/secret"), VolumeError::missing);
    EXPECT_EQ(error_of("pipe"), VolumeError::missing) << "and nobody waits for a writer";
    EXPECT_EQ(error_of("inputs"), VolumeError::missing);
    EXPECT_EQ(error_of("inputs/b.jpg"), VolumeError::missing);
    EXPECT_FALSE(volume_->put_text("way-out/planted", "x"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "planted"));
}

TEST_F(VolumeTest, AFileAppearsWholeAndReplacesALinkOfItsName) {
    write_file(folder_.path() / "made", "the result");
    std::filesystem::create_directories(root_ / "out/deep");
    std::filesystem::create_symlink(folder_.path() / "secret", root_ / "out/deep/main.png");
    ASSERT_TRUE(volume_->put_file("out/deep/main.png", folder_.path() / "made"));
    EXPECT_EQ(read_file(root_ / "out/deep/main.png"), "the result");
    EXPECT_EQ(read_file(folder_.path() / "secret"), "not on the volume");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "out/deep"))
        files += entry.exists() ? 1 : 0;
    EXPECT_EQ(files, 1) << "no temporary name is left";
    EXPECT_FALSE(volume_->put_file("out/x", folder_.path() / "nothing"));
}

}  // namespace
}  // namespace darkroom::runpod::worker
