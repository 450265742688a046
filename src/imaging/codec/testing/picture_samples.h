// Pictures of every format for tests, drawn and encoded here: libvips writes what decode_picture() has to
// read.
#pragma once
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <string>
#include <vips/vips8>

#include "base/unique_fd.h"
#include "imaging/codec/library.h"
#include "imaging/codec/resize.h"

namespace darkroom::imaging::samples {

/// Starts the libraries for the test program; call before anything else.
inline void start_once() {
    static const bool started = start_picture_libraries(2);
    ASSERT_TRUE(started);
}

inline UniqueFd file_of(const std::string& bytes) {
    UniqueFd fd(::memfd_create("picture", MFD_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
}

inline std::string content_of(int fd) {
    std::string bytes(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
}

/// Soft gradients with a red mark in the top left corner, so that turning and mirroring show.
inline cv::Mat drawing(int width, int height) {
    cv::Mat picture(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const bool mark = x < width / 4 && y < height / 4;
            picture.at<cv::Vec3b>(y, x) =
                mark ? cv::Vec3b(200, 30, 40)
                     : cv::Vec3b(static_cast<std::uint8_t>(60 + 120 * x / width),
                                 static_cast<std::uint8_t>(90 + 100 * y / height), 110);
        }
    }
    return picture;
}

/// Writes with all that the image carries, and `options` of the saver.
inline std::string encoded(const vips::VImage& image, const char* suffix, vips::VOption* options = nullptr) {
    void* data = nullptr;
    std::size_t bytes = 0;
    image.write_to_buffer(suffix, &data, &bytes, options);
    std::string result(static_cast<const char*>(data), bytes);
    g_free(data);
    return result;
}

inline std::string encoded(const cv::Mat& picture, const char* suffix, vips::VOption* options = nullptr) {
    return encoded(view_of(picture), suffix, options);
}

inline double psnr(const cv::Mat& a, const cv::Mat& b) {
    if (a.size() != b.size() || a.type() != b.type()) return 0;
    const double error = cv::norm(a, b, cv::NORM_L2SQR) / static_cast<double>(a.total() * a.channels());
    return 10 * std::log10(255 * 255 / std::max(error, 1e-9));
}

}  // namespace darkroom::imaging::samples
