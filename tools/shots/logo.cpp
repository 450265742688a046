#include "tools/shots/logo.h"

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "tools/pictures/picture_file.h"
#include "tools/shots/painter.h"

namespace darkroom::shots {
namespace {

constexpr int oversampling = 4;

/// Layers of flat colour with exact coverage, put together as straight RGBA.
class Sheet {
public:
    explicit Sheet(cv::Size size)
        : size_(size), colour_(size, CV_32FC3, cv::Scalar::all(0)), alpha_(size, CV_32F, cv::Scalar(0)) {}

    cv::Mat blank() const { return cv::Mat::zeros(size_ * oversampling, CV_8U); }
    cv::Point px(cv::Point2d at) const {  // units of the sheet's height
        return {cvRound(at.x * size_.height * oversampling), cvRound(at.y * size_.height * oversampling)};
    }
    int length(double units) const { return std::max(1, cvRound(units * size_.height * oversampling)); }

    void ink(const cv::Mat& mask, cv::Scalar colour, double opacity = 1) {
        cv::Mat cover;
        cv::resize(mask, cover, size_, 0, 0, cv::INTER_AREA);
        cover.convertTo(cover, CV_32F, opacity / 255);
        const cv::Vec3f tone(static_cast<float>(colour[0]), static_cast<float>(colour[1]),
                             static_cast<float>(colour[2]));
        for (int y = 0; y < size_.height; ++y) {
            for (int x = 0; x < size_.width; ++x) {
                const float over = cover.at<float>(y, x);
                float& alpha = alpha_.at<float>(y, x);
                const float sum = over + alpha * (1 - over);
                if (sum > 0)
                    colour_.at<cv::Vec3f>(y, x) =
                        (tone * over + colour_.at<cv::Vec3f>(y, x) * (alpha * (1 - over))) / sum;
                alpha = sum;
            }
        }
    }

    /// Light that falls off over `reach` (units of the height), behind all that is there.
    void glow(cv::Scalar colour, double reach) {
        cv::Mat light;
        cv::GaussianBlur(alpha_, light, {}, reach * size_.height);
        const cv::Vec3f tone(static_cast<float>(colour[0]), static_cast<float>(colour[1]),
                             static_cast<float>(colour[2]));
        for (int y = 0; y < size_.height; ++y) {
            for (int x = 0; x < size_.width; ++x) {
                const float behind = 0.8F * light.at<float>(y, x) * (1 - alpha_.at<float>(y, x));
                const float sum = alpha_.at<float>(y, x) + behind;
                if (sum <= 0) continue;
                cv::Vec3f& pixel = colour_.at<cv::Vec3f>(y, x);
                pixel = (pixel * alpha_.at<float>(y, x) + tone * behind) / sum;
                alpha_.at<float>(y, x) = sum;
            }
        }
    }

    cv::Mat rgba() const {
        cv::Mat out(size_, CV_8UC4);
        for (int y = 0; y < size_.height; ++y) {
            for (int x = 0; x < size_.width; ++x) {
                const cv::Vec3f tone = colour_.at<cv::Vec3f>(y, x);
                out.at<cv::Vec4b>(y, x) = {cv::saturate_cast<uchar>(tone[0]),
                                           cv::saturate_cast<uchar>(tone[1]),
                                           cv::saturate_cast<uchar>(tone[2]),
                                           cv::saturate_cast<uchar>(alpha_.at<float>(y, x) * 255)};
            }
        }
        return out;
    }

private:
    cv::Size size_;
    cv::Mat colour_;
    cv::Mat alpha_;
};

void polygon(cv::Mat& mask, const Sheet& sheet, const Points& outline, int value = 255) {
    std::vector<cv::Point> points;
    for (const cv::Point2d point : outline) points.push_back(sheet.px(point));
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(value));
}

/// Petals around a centre: the mark of the logo.
void mark(Sheet& sheet, cv::Point2d centre, double radius, int petals, cv::Scalar first, cv::Scalar second) {
    for (int i = 0; i < petals; ++i) {
        const double angle = 2 * CV_PI * i / petals;
        Points petal;
        for (int k = 0; k <= 40; ++k) {
            const double t = k / 40.0 * 2 * CV_PI;
            const cv::Point2d local(0.5 + 0.45 * std::cos(t), 0.20 * std::sin(t));
            petal.emplace_back(centre.x + radius * (local.x * std::cos(angle) - local.y * std::sin(angle)),
                               centre.y + radius * (local.x * std::sin(angle) + local.y * std::cos(angle)));
        }
        cv::Mat mask = sheet.blank();
        polygon(mask, sheet, petal);
        sheet.ink(mask, i % 2 == 0 ? first : second, 0.92);
    }
    cv::Mat eye = sheet.blank();
    cv::circle(eye, sheet.px(centre), sheet.length(radius * 0.16), cv::Scalar(255), -1);
    sheet.ink(eye, second);
}

void line_art(Sheet& sheet, cv::Point2d centre, double radius, cv::Scalar ink) {
    cv::Mat mask = sheet.blank();
    for (int ring = 1; ring <= 4; ++ring)
        cv::circle(mask, sheet.px(centre), sheet.length(radius * ring / 4), cv::Scalar(255),
                   sheet.length(0.006 * (ring % 2 + 1)));
    for (int i = 0; i < 16; ++i) {
        const double angle = CV_PI * i / 8;
        const cv::Point2d out(std::cos(angle), std::sin(angle));
        cv::line(mask, sheet.px(centre + radius * 0.25 * out),
                 sheet.px(centre + radius * (i % 2 == 0 ? 1.12 : 0.98) * out), cv::Scalar(255),
                 sheet.length(i % 2 == 0 ? 0.012 : 0.005));
    }
    sheet.ink(mask, ink);
}

}  // namespace

Logo draw_logo(std::uint64_t seed, int width, const LogoStyle& style) {
    Random random(seed + 9'000'000);
    static const cv::Scalar inks[] = {{24, 78, 119}, {214, 69, 65},  {30, 130, 76},
                                      {44, 44, 52},  {142, 68, 173}, {243, 156, 18}};
    static const cv::Vec3b grounds[] = {
        {255, 255, 255}, {247, 243, 232}, {232, 240, 245}, {255, 255, 255}, {18, 20, 26}};
    static constexpr const char* words[] = {"Darkroom", "Northwind", "Lumen & Co", "Atelier", "Halcyon"};
    const cv::Size size(width, cvRound(width * 0.5));
    Sheet sheet(size);
    Logo logo;
    logo.ground = grounds[random.whole(0, 4)];
    const int first = random.whole(0, 5);
    const bool dark = logo.ground[0] < 100;
    const cv::Scalar text = dark ? cv::Scalar(240, 240, 236) : inks[(first + 3) % 6];
    if (random.chance(0.5)) {
        mark(sheet, {0.42, 0.5}, 0.30, random.whole(5, 8), inks[first], inks[(first + 1) % 6]);
    } else {
        line_art(sheet, {0.42, 0.5}, 0.27, text);
    }
    const std::string word = words[random.whole(0, 4)];
    cv::Mat mask = sheet.blank();
    const int font = cv::FONT_HERSHEY_COMPLEX;
    int baseline = 0;
    const double scale =
        sheet.length(1.02) / static_cast<double>(cv::getTextSize(word, font, 1, 2, &baseline).width);
    cv::putText(mask, word, sheet.px({0.84, 0.56}), font, scale, cv::Scalar(255),
                std::max(1, cvRound(scale * 2.4)));
    sheet.ink(mask, text);
    cv::Mat rule = sheet.blank();
    cv::line(rule, sheet.px({0.85, 0.65}), sheet.px({1.84, 0.65}), cv::Scalar(255), sheet.length(0.008));
    sheet.ink(rule, inks[first]);
    if (style.glow) sheet.glow(inks[(first + 2) % 6], 0.05);

    logo.drawn = sheet.rgba();
    cv::Mat picture(size, CV_8UC3);
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            const cv::Vec4b pixel = logo.drawn.at<cv::Vec4b>(y, x);
            for (int c = 0; c < 3; ++c)
                picture.at<cv::Vec3b>(y, x)[c] = cv::saturate_cast<uchar>(
                    (pixel[c] * pixel[3] + logo.ground[c] * (255 - pixel[3])) / 255.0);
        }
    }
    logo.picture =
        pictures::through_jpeg(picture, style.jpeg_quality > 0 ? style.jpeg_quality : random.whole(75, 95));
    return logo;
}

}  // namespace darkroom::shots
