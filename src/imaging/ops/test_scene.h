// Small drawn scenes for the tests of background removal: a thing with a soft outline on a lit, noisy
// backdrop, with its truth. Test support only.
#pragma once
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace darkroom::imaging::testing_scenes {

struct Scene {
    cv::Mat picture;  // CV_8UC3 RGB
    cv::Mat alpha;    // CV_8U, the truth
};

struct ScenePlan {
    cv::Size size{240, 200};
    cv::Vec3b ground{205, 208, 212};
    cv::Vec3b thing{60, 90, 150};
    bool ring = false;    // with a hole through which the backdrop shows
    bool shadow = false;  // a soft one to the right
    double noise = 2;
};

inline cv::Mat soft_disc(cv::Size size, cv::Point2d centre, double radius) {
    cv::Mat large = cv::Mat::zeros(size * 4, CV_8U);
    cv::circle(large, cv::Point(centre * 4), cvRound(radius * 4), cv::Scalar(255), cv::FILLED);
    cv::Mat disc;
    cv::resize(large, disc, size, 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(disc, disc, {}, 0.7);
    return disc;
}

inline Scene draw_scene(const ScenePlan& plan = {}) {
    const cv::Point2d centre(plan.size.width * 0.5, plan.size.height * 0.5);
    const double radius = 0.28 * std::min(plan.size.width, plan.size.height);
    Scene scene;
    scene.alpha = soft_disc(plan.size, centre, radius);
    if (plan.ring) scene.alpha = scene.alpha - soft_disc(plan.size, centre, radius * 0.5);
    cv::Mat shade = cv::Mat::zeros(plan.size, CV_32F);
    if (plan.shadow) {
        soft_disc(plan.size, centre + cv::Point2d(radius * 0.7, radius * 0.3), radius * 0.8)
            .convertTo(shade, CV_32F, 0.5 / 255);
        cv::GaussianBlur(shade, shade, {}, radius * 0.15);
    }
    cv::Mat noise(plan.size, CV_32FC3);
    cv::RNG(12345).fill(noise, cv::RNG::NORMAL, 0.0, plan.noise);
    scene.picture.create(plan.size, CV_8UC3);
    for (int y = 0; y < plan.size.height; ++y) {
        for (int x = 0; x < plan.size.width; ++x) {
            const float a = static_cast<float>(scene.alpha.at<uchar>(y, x)) / 255;
            const float light = (1 - 0.08F * static_cast<float>(x) / static_cast<float>(plan.size.width)) *
                                (1 - shade.at<float>(y, x));
            for (int c = 0; c < 3; ++c) {
                const float mixed = a * plan.thing[c] + (1 - a) * light * plan.ground[c];
                scene.picture.at<cv::Vec3b>(y, x)[c] =
                    cv::saturate_cast<uchar>(mixed + noise.at<cv::Vec3f>(y, x)[c]);
            }
        }
    }
    return scene;
}

inline double overlap_share(const cv::Mat& a, const cv::Mat& b) {
    const int either = cv::countNonZero((a > 127) | (b > 127));
    return either == 0 ? 1 : static_cast<double>(cv::countNonZero((a > 127) & (b > 127))) / either;
}

}  // namespace darkroom::imaging::testing_scenes
