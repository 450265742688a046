#include "bench/imaging/other_operations.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>

#include "imaging/ops/operation.h"
#include "tools/shots/logo.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"

namespace darkroom::bench {
namespace {

constexpr int large_side = 2048;
constexpr int small_side = 512;

double psnr(const cv::Mat& a, const cv::Mat& b) {
    const double squared = cv::norm(a, b, cv::NORM_L2SQR) /
                           static_cast<double>(a.total() * static_cast<std::size_t>(a.channels()));
    return 10 * std::log10(255.0 * 255.0 / std::max(1e-6, squared));
}

double edge_energy(const cv::Mat& picture) {
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    cv::Mat laplacian;
    cv::Laplacian(grey, laplacian, CV_32F);
    return cv::norm(laplacian, cv::NORM_L1) / static_cast<double>(grey.total());
}

/// Taking turns: packshot, logo, landscape. Without sensor noise, which no enlarger can bring back.
cv::Mat large_picture(std::uint64_t seed, int index) {
    if (index % 3 == 1) return shots::draw_logo(seed, large_side).picture;
    if (index % 3 == 2) return shots::draw_old_photo(seed, large_side).clean;
    cv::Mat picture = shots::draw_product_shot(shots::matte_plan(index, seed, large_side)).picture;
    cv::medianBlur(picture, picture, 3);
    return picture;
}

cv::Size fitted(cv::Size size, int long_side) {
    const double scale = static_cast<double>(long_side) / std::max(size.width, size.height);
    return {cvRound(size.width * scale), cvRound(size.height * scale)};
}

}  // namespace

UpscaleFigures run_upscale_set(std::uint64_t first_seed, int pictures) {
    UpscaleFigures figures;
    figures.consistency_db = 99;
    for (int index = 0; index < pictures; ++index) {
        const cv::Mat truth = large_picture(first_seed + static_cast<std::uint64_t>(index), index);
        cv::Mat small;
        cv::resize(truth, small, fitted(truth.size(), small_side), 0, 0, cv::INTER_AREA);
        const auto result = imaging::upscale_2k(small, {{"v", 1}, {"denoise", 0.0}});
        if (!result || result->main.size() != truth.size()) continue;
        cv::Mat plain;
        cv::resize(small, plain, truth.size(), 0, 0, cv::INTER_LANCZOS4);
        cv::Mat again;
        cv::resize(result->main, again, small.size(), 0, 0, cv::INTER_AREA);
        ++figures.pictures;
        figures.gain_db += psnr(result->main, truth) - psnr(plain, truth);
        figures.consistency_db = std::min(figures.consistency_db, psnr(again, small));
        figures.edge_energy += edge_energy(result->main) / edge_energy(truth);
    }
    figures.gain_db /= std::max(1, figures.pictures);
    figures.edge_energy /= std::max(1, figures.pictures);
    return figures;
}

UnmixFigures run_unmix_set(std::uint64_t first_seed, int pictures) {
    UnmixFigures figures;
    for (int index = 0; index < pictures; ++index) {
        const shots::Logo logo = shots::draw_logo(first_seed + static_cast<std::uint64_t>(index), 640);
        char key[8];
        std::snprintf(key, sizeof key, "#%02X%02X%02X", logo.ground[0], logo.ground[1], logo.ground[2]);
        const auto result = imaging::jpeg_to_png(
            logo.picture, {{"v", 1}, {"method", "unmix"}, {"key", key}, {"interior", "remove"}});
        ++figures.pictures;
        if (!result || result->main.channels() != 4) {
            ++figures.failed;
            continue;
        }
        for (int y = 0; y < logo.picture.rows; ++y) {
            for (int x = 0; x < logo.picture.cols; ++x) {
                const cv::Vec4b pixel = result->main.at<cv::Vec4b>(y, x);
                for (int c = 0; c < 3; ++c) {
                    const int laid =
                        cvRound((pixel[c] * pixel[3] + logo.ground[c] * (255 - pixel[3])) / 255.0);
                    figures.error_max =
                        std::max(figures.error_max, std::abs(laid - logo.picture.at<cv::Vec3b>(y, x)[c]));
                }
            }
        }
    }
    return figures;
}

}  // namespace darkroom::bench
