#include "tools/pictures/picture_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace darkroom::pictures {
namespace {

class PictureFile : public testing::Test {
protected:
    PictureFile() { std::filesystem::create_directories(folder_); }
    ~PictureFile() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("darkroom-pictures-" + std::to_string(getpid()));
};

cv::Mat ramp(int channels) {
    cv::Mat picture(20, 30, CV_8UC(channels));
    for (int i = 0; i < 20 * 30 * channels; ++i) picture.data[i] = static_cast<unsigned char>(i * 7);
    return picture;
}

TEST_F(PictureFile, PngGivesBackEveryPixel) {
    for (const int channels : {1, 3, 4}) {
        SCOPED_TRACE(channels);
        const cv::Mat picture = ramp(channels);
        ASSERT_TRUE(write_picture(picture, folder_ / "ramp.png").ok());
        const auto read = read_picture(folder_ / "ramp.png");
        ASSERT_TRUE(read.ok()) << read.error();
        ASSERT_EQ(read->type(), picture.type());
        EXPECT_EQ(cv::norm(*read, picture, cv::NORM_INF), 0);
    }
}

TEST_F(PictureFile, JpegKeepsColoursRoughly) {
    const cv::Mat flat(32, 32, CV_8UC3, cv::Scalar(200, 40, 90));
    EXPECT_LE(cv::norm(through_jpeg(flat, 92), flat, cv::NORM_INF), 4);
}

TEST_F(PictureFile, ABrokenOrMissingFileIsASentenceNotACrash) {
    std::ofstream(folder_ / "text.jpg") << "no picture at all";
    EXPECT_FALSE(read_picture(folder_ / "text.jpg").ok());
    const auto missing = read_picture(folder_ / "missing.png");
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().find("missing.png"), std::string::npos);
    EXPECT_FALSE(write_picture(ramp(3), folder_ / "no/such/folder.png").ok());
}

}  // namespace
}  // namespace darkroom::pictures
