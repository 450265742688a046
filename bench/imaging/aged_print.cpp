#include "bench/imaging/aged_print.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::bench {
namespace {

constexpr int scratches = 18;
constexpr int specks = 60;
constexpr double fading = 0.55;
constexpr double lift = 60;  // levels by which black became grey
constexpr double noise = 8;

cv::Mat faded(const cv::Mat& clean) {
    cv::Mat print;
    clean.convertTo(print, CV_32F, fading, lift);
    cv::multiply(print, cv::Scalar(1.06, 0.98, 0.84), print);
    for (int y = 0; y < print.rows; ++y) {
        for (int x = 0; x < print.cols; ++x) {
            const float u = 2.0F * static_cast<float>(x) / static_cast<float>(print.cols) - 1;
            const float v = 2.0F * static_cast<float>(y) / static_cast<float>(print.rows) - 1;
            print.at<cv::Vec3f>(y, x) *= 1 - 0.12F * (u * u + v * v);
        }
    }
    return print;
}

class Damage {
public:
    Damage(cv::Mat& print, cv::RNG& random)
        : defects(cv::Mat::zeros(print.size(), CV_8U)), print_(print), random_(random) {}

    void scratch(double tone) {
        const int width = random_.uniform(1, 5);
        const double heading = random_.uniform(0.0, CV_PI);
        cv::Point at = somewhere();
        cv::Mat mark = cv::Mat::zeros(print_.size(), CV_8U);
        for (int step = 0; step < 8; ++step) {
            const double turn = heading + random_.uniform(-0.12, 0.12);
            const cv::Point next = at + cv::Point(cvRound(30 * std::cos(turn)), cvRound(30 * std::sin(turn)));
            cv::line(mark, at, next, cv::Scalar(255), width, cv::LINE_AA);
            at = next;
        }
        lay(mark, tone, 0.85);
    }
    void speck(double tone) {
        cv::Mat mark = cv::Mat::zeros(print_.size(), CV_8U);
        cv::circle(mark, somewhere(), random_.uniform(1, 4), cv::Scalar(255), cv::FILLED, cv::LINE_AA);
        lay(mark, tone, 0.9);
    }
    void fold() {
        const int x = random_.uniform(print_.cols / 4, 3 * print_.cols / 4);
        cv::Mat mark = cv::Mat::zeros(print_.size(), CV_8U);
        cv::line(mark, {x, 0}, {x + random_.uniform(-40, 40), print_.rows}, cv::Scalar(255), 3, cv::LINE_AA);
        lay(mark, 215, 0.8);
    }

    cv::Mat defects;

private:
    cv::Point somewhere() { return {random_.uniform(0, print_.cols), random_.uniform(0, print_.rows)}; }
    void lay(const cv::Mat& mark, double tone, double opacity) {
        cv::max(defects, mark, defects);
        for (int y = 0; y < mark.rows; ++y) {
            for (int x = 0; x < mark.cols; ++x) {
                const auto over = static_cast<float>(mark.at<uchar>(y, x) / 255.0 * opacity);
                auto& pixel = print_.at<cv::Vec3f>(y, x);
                if (over > 0) pixel = pixel * (1 - over) + cv::Vec3f::all(static_cast<float>(tone)) * over;
            }
        }
    }

    cv::Mat& print_;
    cv::RNG& random_;
};

}  // namespace

AgedPrint age_print(const cv::Mat& clean, std::uint64_t seed) {
    cv::RNG random(seed);
    cv::Mat print = faded(clean);
    Damage damage(print, random);
    for (int i = 0; i < scratches; ++i) damage.scratch(i % 3 == 0 ? 25 : 235);
    for (int i = 0; i < specks; ++i) damage.speck(i % 4 == 0 ? 30 : 230);
    damage.fold();
    cv::GaussianBlur(print, print, {}, 0.6);
    cv::Mat grain(print.size(), CV_32FC3);
    random.fill(grain, cv::RNG::NORMAL, 0, noise);
    print += grain;
    AgedPrint aged;
    aged.defects = damage.defects > 127;
    print.convertTo(aged.picture, CV_8U);
    return aged;
}

}  // namespace darkroom::bench
