#include "tools/shots/test_chart.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "tools/shots/backdrop.h"
#include "tools/shots/random.h"
#include "tools/shots/shading.h"

namespace darkroom::shots {
namespace {

cv::Scalar any_colour(Random& random, int low, int high) {
    return {static_cast<double>(random.whole(low, high)), static_cast<double>(random.whole(low, high)),
            static_cast<double>(random.whole(low, high))};
}

void lettering(cv::Mat field, Random& random) {
    static constexpr const char* lines[] = {"Quick brown fox 0123", "Hamburgefonstiv &?!",
                                            "BOX No. 5,817 / 23", "illicit mill 1lI|",
                                            "Wave after wave, 4 pm"};
    field.setTo(any_colour(random, 215, 255));
    int baseline = 0;
    for (int i = 0; baseline < field.rows; ++i) {
        const int height = 9 + 3 * (i % 12);
        baseline += height + height / 2;
        const int font = i % 3 == 0 ? cv::FONT_HERSHEY_COMPLEX : cv::FONT_HERSHEY_SIMPLEX;
        cv::putText(field, lines[random.whole(0, 4)], {12, baseline}, font, height / 22.0,
                    any_colour(random, 0, 90), std::max(1, height / 10), cv::LINE_AA);
    }
}

void fans(cv::Mat field, Random& random) {
    field.setTo(any_colour(random, 200, 250));
    const cv::Scalar ink = any_colour(random, 0, 80);
    const double turn = random.between(0, 0.4);
    for (int i = 0; i < 28; ++i) {
        const double angle = turn + i * CV_PI / 56;
        const cv::Point far(cvRound(1.3 * field.cols * std::cos(angle)),
                            cvRound(1.3 * field.rows * std::sin(angle)));
        cv::line(field, {0, 0}, far, ink, 1 + i % 7, cv::LINE_AA);
    }
}

void zone_plate(cv::Mat field, Random& random) {
    const double fastest = random.between(0.35, 0.45);  // of the turns that pixels can show
    for (int y = 0; y < field.rows; ++y) {
        for (int x = 0; x < field.cols; ++x) {
            const double u = x - field.cols / 2.0;
            const double v = y - field.rows / 2.0;
            const double wave = 127.5 + 110 * std::cos(CV_PI * fastest * (u * u + v * v) / field.cols);
            field.at<cv::Vec3b>(y, x) = cv::Vec3b::all(cv::saturate_cast<uchar>(wave));
        }
    }
}

void texture(cv::Mat field, Random& random) {
    cv::Mat scene = draw_backdrop(random.chance(0.5) ? Backdrop::wood : Backdrop::felt, field.size(), random);
    encode_srgb(scene);
    scene.convertTo(field, CV_8U, 255);
}

/// Blades and dots: detail with hard edges and no order.
void thicket(cv::Mat field, Random& random) {
    field.setTo(any_colour(random, 30, 90));
    for (int i = 0; i < 1'400; ++i) {
        const cv::Point from(random.whole(0, field.cols), random.whole(0, field.rows));
        const cv::Point to = from + cv::Point(random.whole(-14, 14), random.whole(-60, -10));
        cv::line(field, from, to, any_colour(random, 60, 230), random.whole(1, 3), cv::LINE_AA);
    }
}

void hatching(cv::Mat field, Random& random) {
    field.setTo(any_colour(random, 225, 255));
    const cv::Scalar ink = any_colour(random, 0, 110);
    for (int i = 0; i < 9; ++i) {
        const cv::Rect tile(i % 3 * field.cols / 3 + 8, i / 3 * field.rows / 3 + 8, field.cols / 3 - 16,
                            field.rows / 3 - 16);
        cv::Mat part = field(tile);
        for (int at = -part.rows; at < part.cols; at += 5 + 2 * i)
            cv::line(part, {at, 0}, {at + part.rows * (i % 3) / 2, part.rows}, ink, 1 + i % 4, cv::LINE_AA);
        cv::rectangle(field, tile, ink, 2, cv::LINE_AA);
    }
}

}  // namespace

cv::Mat draw_test_chart(std::uint64_t seed, int side) {
    Random random(seed + 13'000'000);
    cv::Mat chart(side, side, CV_8UC3, cv::Scalar::all(255));
    using Draw = void (*)(cv::Mat, Random&);
    static constexpr Draw draws[] = {lettering, fans, zone_plate, texture, thicket, hatching};
    const int first = random.whole(0, 5);
    for (int i = 0; i < 6; ++i) {  // two columns, three rows
        const cv::Rect place(i % 2 * side / 2, i / 2 * side / 3, side / 2, side / 3);
        draws[(first + i) % 6](chart(place & cv::Rect(0, 0, side, side)), random);
    }
    cv::GaussianBlur(chart, chart, {}, 0.6);  // no lens draws sharper
    return chart;
}

}  // namespace darkroom::shots
