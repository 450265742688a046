#include "imaging/ops/scaled_rgba.h"

#include <opencv2/imgproc.hpp>
#include <vector>

#include "imaging/ops/colour_bleed.h"
#include "imaging/ops/upscale_alpha.h"
#include "imaging/ops/upscale_plane.h"

namespace darkroom::imaging {
namespace {

cv::Mat premultiplied(const cv::Mat& rgba) {
    cv::Mat out(rgba.size(), CV_32FC4);
    cv::parallel_for_({0, rgba.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < rgba.cols; ++x) {
                const cv::Vec4b& pixel = rgba.at<cv::Vec4b>(y, x);
                const float share = static_cast<float>(pixel[3]) / 255;
                out.at<cv::Vec4f>(y, x) = {static_cast<float>(pixel[0]) * share,
                                           static_cast<float>(pixel[1]) * share,
                                           static_cast<float>(pixel[2]) * share, share};
            }
        }
    });
    return out;
}

cv::Mat straight(const cv::Mat& premultiplied) {
    cv::Mat out(premultiplied.size(), CV_8UC4);
    cv::parallel_for_({0, out.rows}, [&](const cv::Range& rows) {
        for (int y = rows.start; y < rows.end; ++y) {
            for (int x = 0; x < out.cols; ++x) {
                const cv::Vec4f& pixel = premultiplied.at<cv::Vec4f>(y, x);
                cv::Vec4b& to = out.at<cv::Vec4b>(y, x);
                to[3] = cv::saturate_cast<uchar>(pixel[3] * 255);
                for (int c = 0; c < 3; ++c)
                    to[c] = to[3] == 0 ? uchar{0} : cv::saturate_cast<uchar>(pixel[c] / pixel[3]);
            }
        }
    });
    return out;
}

cv::Mat enlarged(const cv::Mat& rgba, cv::Size size) {
    cv::Mat bled = rgba.clone();
    bleed_colours(bled);
    std::vector<cv::Mat> planes;
    cv::split(bled, planes);
    for (std::size_t c = 0; c < planes.size(); ++c) {
        cv::Mat plane;
        planes[c].convertTo(plane, CV_32F);
        plane = c < 3 ? enlarge_plane(plane, size) : enlarge_alpha(plane, size);
        plane.convertTo(planes[c], CV_8U);
    }
    cv::Mat out;
    cv::merge(planes, out);
    return out;
}

}  // namespace

cv::Mat scaled_rgba(const cv::Mat& rgba, cv::Size size) {
    if (size == rgba.size()) return rgba.clone();
    if (size.width > rgba.cols || size.height > rgba.rows) return enlarged(rgba, size);
    cv::Mat reduced;
    cv::resize(premultiplied(rgba), reduced, size, 0, 0, cv::INTER_AREA);
    return straight(reduced);
}

cv::Mat on_canvas(const cv::Mat& rgba, cv::Size canvas, cv::Point at) {
    cv::Mat out(canvas, CV_8UC4, cv::Scalar::all(0));
    const cv::Rect seen = cv::Rect(at, rgba.size()) & cv::Rect({}, canvas);
    if (seen.empty()) return out;
    rgba(seen - at).copyTo(out(seen));
    bleed_colours(out);
    return out;
}

}  // namespace darkroom::imaging
