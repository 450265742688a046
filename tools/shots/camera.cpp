#include "tools/shots/camera.h"

#include <opencv2/imgproc.hpp>

#include "tools/pictures/picture_file.h"

namespace darkroom::shots {

cv::Mat photograph(const cv::Mat& scene, const CameraSettings& settings, Random& random) {
    cv::Mat luma_noise = grain(scene.size(), 1, settings.noise_sigma / 255 * 0.8, random);
    const cv::Mat colour_noise = grain(scene.size(), 3, settings.noise_sigma / 255 * 0.6, random);
    cv::merge(std::vector<cv::Mat>{luma_noise, luma_noise, luma_noise}, luma_noise);
    cv::Mat picture = scene + luma_noise + colour_noise;
    picture.convertTo(picture, CV_8U, 255);
    return pictures::through_jpeg(picture, settings.jpeg_quality);
}

}  // namespace darkroom::shots
