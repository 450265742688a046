#include "imaging/ops/jpeg_to_png_key.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace darkroom::imaging {
namespace {

constexpr int strip_rows = 64;

int band_width(cv::Size size) { return std::max(2, std::min(size.width, size.height) / 64); }

// Calls `visit(y, x)` for each pixel of the border band once.
template <class Visit>
void for_each_border_pixel(cv::Size size, Visit visit) {
    const int band = std::min(band_width(size), std::min(size.width, size.height) / 2);
    for (int y = 0; y < size.height; ++y) {
        const bool whole_row = y < band || y >= size.height - band;
        for (int x = 0; x < size.width; ++x) {
            if (!whole_row && x == band) x = size.width - band;
            visit(y, x);
        }
    }
}

std::uint32_t packed(const Rgb& colour) {
    const auto part = [](float value) {
        return static_cast<std::uint32_t>(std::clamp(std::lround(value), 0L, 255L));
    };
    return part(colour[0]) << 16 | part(colour[1]) << 8 | part(colour[2]);
}

Rgb unpacked(std::uint32_t colour) {
    return Rgb(float(colour >> 16), float(colour >> 8 & 255), float(colour & 255));
}

std::uint32_t bin_of(std::uint32_t colour) { return colour & 0xf8f8f8; }

cv::Vec3f lab_of(const Rgb& colour) {
    cv::Mat pixel(1, 1, CV_32FC3, cv::Scalar(colour[0] / 255, colour[1] / 255, colour[2] / 255));
    cv::cvtColor(pixel, pixel, cv::COLOR_RGB2Lab);
    return pixel.at<cv::Vec3f>(0, 0);
}

}  // namespace

std::optional<Rgb> parse_key(std::string_view text) {
    if (text.size() != 7 || text[0] != '#') return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text.substr(1)) {
        const bool digit = c >= '0' && c <= '9';
        const char lower = static_cast<char>(c | 0x20);
        if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
        value = value << 4 | static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
    }
    return unpacked(value);
}

Rgb border_key(const cv::Mat& picture) {
    // Bins first, or the noise of a JPEG would hide the winner; then the exact colour within the winning bin.
    std::map<std::uint32_t, int> exact, bins;
    for_each_border_pixel(picture.size(), [&](int y, int x) {
        const std::uint32_t colour = packed(rgb_at(picture, y, x));
        ++exact[colour];
        ++bins[bin_of(colour)];
    });
    const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
    const std::uint32_t winner = std::max_element(bins.begin(), bins.end(), by_count)->first;
    std::uint32_t key = winner;
    int most = 0;
    for (const auto& [colour, count] : exact) {
        if (bin_of(colour) != winner || count <= most) continue;
        key = colour;
        most = count;
    }
    return unpacked(key);
}

cv::Mat distance_to_key(const cv::Mat& picture, const Rgb& key) {
    const cv::Vec3f key_lab = lab_of(key);
    const double levels = picture.depth() == CV_16U ? 65'535.0 : 255.0;
    cv::Mat distance(picture.size(), CV_32F);
    const int strips = (picture.rows + strip_rows - 1) / strip_rows;
    cv::parallel_for_(cv::Range(0, strips), [&](const cv::Range& range) {
        cv::Mat lab;
        for (int strip = range.start; strip < range.end; ++strip) {
            const int top = strip * strip_rows, bottom = std::min(picture.rows, top + strip_rows);
            picture.rowRange(top, bottom).convertTo(lab, CV_32F, 1 / levels);
            cv::cvtColor(lab, lab, cv::COLOR_RGB2Lab);
            for (int y = top; y < bottom; ++y) {
                for (int x = 0; x < picture.cols; ++x) {
                    const cv::Vec3f to_key = lab.at<cv::Vec3f>(y - top, x) - key_lab;
                    distance.at<float>(y, x) = std::sqrt(to_key.dot(to_key));
                }
            }
        }
    });
    return distance;
}

double border_uniformity(const cv::Mat& distance, double tolerance) {
    double near = 0, all = 0;
    for_each_border_pixel(distance.size(), [&](int y, int x) {
        all += 1;
        near += distance.at<float>(y, x) <= tolerance ? 1 : 0;
    });
    return near / all;
}

bool has_few_colours(const cv::Mat& picture, const cv::Mat& distance, double tolerance) {
    // 16 levels per channel: inks fall into single bins, their mixtures with the key on lines of at most 16.
    constexpr int bins_max = 20;
    constexpr double share = 0.85;
    std::vector<int> counts(4096);
    int total = 0;
    const int step = std::max(1, static_cast<int>(std::sqrt(double(picture.total()) / 250'000)));
    for (int y = 0; y < picture.rows; y += step) {
        for (int x = 0; x < picture.cols; x += step) {
            if (distance.at<float>(y, x) <= tolerance) continue;
            const std::uint32_t colour = packed(rgb_at(picture, y, x));
            ++counts[(colour >> 12 & 0xf00) | (colour >> 8 & 0xf0) | (colour >> 4 & 0xf)];
            ++total;
        }
    }
    std::sort(counts.begin(), counts.end(), std::greater<>());
    int covered = 0;
    for (int i = 0; i < bins_max; ++i) covered += counts[static_cast<std::size_t>(i)];
    return covered >= share * total;
}

float least_alpha(const Rgb& seen, const Rgb& key) {
    float alpha = 0;
    for (int c = 0; c < 3; ++c) {
        const float room = seen[c] > key[c] ? 255 - key[c] : key[c];
        if (seen[c] != key[c]) alpha = std::max(alpha, std::abs(seen[c] - key[c]) / std::max(room, 1.0f));
    }
    return std::min(alpha, 1.0f);
}

bool ringing_would_show(const cv::Mat& picture, const cv::Mat& distance, const Rgb& key, double tolerance) {
    constexpr float visible_alpha = 0.08f;
    constexpr double share =
        0.0005;  // of all pixels; ringing surrounds every edge, so it is either far more or none
    int visible = 0, looked_at = 0;
    const int step = std::max(1, static_cast<int>(std::sqrt(double(picture.total()) / 1'000'000)));
    for (int y = 0; y < picture.rows; y += step) {
        for (int x = 0; x < picture.cols; x += step) {
            ++looked_at;
            if (distance.at<float>(y, x) > tolerance) continue;
            const Rgb seen = rgb_at(picture, y, x);
            if (seen != key && least_alpha(seen, key) > visible_alpha) ++visible;
        }
    }
    return visible > share * looked_at;
}

cv::Mat connected_to_frame(const cv::Mat& near) {
    // A ring of near pixels around the picture joins all that touches the frame; one flood finds them.
    cv::Mat ringed;
    cv::copyMakeBorder(near, ringed, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(255));
    cv::floodFill(ringed, {0, 0}, cv::Scalar(128), nullptr, {}, {}, 8);
    return ringed(cv::Rect(1, 1, near.cols, near.rows)) == 128;
}

}  // namespace darkroom::imaging
