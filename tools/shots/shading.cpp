#include "tools/shots/shading.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace darkroom::shots {
namespace {

float smooth_step(float low, float high, float value) {
    const float t = std::clamp((value - low) / (high - low), 0.0F, 1.0F);
    return t * t * (3 - 2 * t);
}

/// 1 inside the box, falling to 0 over `soft` around it.
float soft_box(float x, float y, cv::Vec4f box, float soft) {
    return smooth_step(box[0] - soft, box[0] + soft, x) * (1 - smooth_step(box[2] - soft, box[2] + soft, x)) *
           smooth_step(box[1] - soft, box[1] + soft, y) * (1 - smooth_step(box[3] - soft, box[3] + soft, y));
}

/// What a reflected ray sees of the studio.
float studio(cv::Vec3f ray, float sharpness) {
    const float soft = 0.32F - 0.26F * sharpness;
    const float key = soft_box(ray[0], ray[1], {-0.86F, -0.75F, -0.46F, 0.45F}, soft);
    const float strip = soft_box(ray[0], ray[1], {0.72F, -0.6F, 0.84F, 0.5F}, soft);
    const float above = smooth_step(0.55F, 0.95F, -ray[1]);
    const float table = smooth_step(0.35F, 0.9F, ray[1]);
    return 0.10F + 1.25F * key + 0.5F * strip + 0.5F * above + 0.22F * table;
}

float diffuse_light(cv::Vec3f normal) {
    static const cv::Vec3f key = cv::normalize(cv::Vec3f(-0.55F, -0.62F, 0.75F));
    static const cv::Vec3f fill = cv::normalize(cv::Vec3f(0.8F, -0.1F, 0.55F));
    const float wrapped = std::max(0.0F, (normal.dot(key) + 0.25F) / 1.25F);
    const float side = std::max(0.0F, normal.dot(fill));
    return 0.66F * wrapped + 0.20F * side + 0.16F + 0.10F * (0.5F - 0.5F * normal[1]);
}

cv::Vec3f lit(cv::Vec3f normal, cv::Vec3f albedo, const Material& material) {
    const float facing = std::clamp(normal[2], 0.0F, 1.0F);
    const cv::Vec3f ray(2 * facing * normal[0], 2 * facing * normal[1], 2 * facing * facing - 1);
    const float grazing = std::pow(1 - facing, 4.0F);
    const float mirror = studio(ray, material.sharpness);
    const float dielectric = material.gloss * (0.07F + 0.45F * grazing) * mirror;
    const cv::Vec3f plain = albedo * diffuse_light(normal) + cv::Vec3f::all(dielectric);
    const cv::Vec3f metallic = albedo * (1.25F * mirror + 0.15F);
    return plain * (1 - material.metal) + metallic * material.metal;
}

}  // namespace

cv::Mat shade(const cv::Mat& height, const Material& material, cv::Rect window) {
    cv::Mat surface = height;
    if (!material.relief.empty()) surface = height + material.relief(window);
    cv::Mat slope_x;
    cv::Mat slope_y;
    cv::Sobel(surface, slope_x, CV_32F, 1, 0, 3, 1.0 / 8);
    cv::Sobel(surface, slope_y, CV_32F, 0, 1, 3, 1.0 / 8);
    cv::Mat out(height.size(), CV_32FC3);
    for (int y = 0; y < out.rows; ++y) {
        for (int x = 0; x < out.cols; ++x) {
            const cv::Vec3f normal =
                cv::normalize(cv::Vec3f(-slope_x.at<float>(y, x), -slope_y.at<float>(y, x), 1));
            const cv::Vec3f albedo = material.colour_map.empty()
                                         ? material.colour
                                         : material.colour_map.at<cv::Vec3f>(window.y + y, window.x + x);
            out.at<cv::Vec3f>(y, x) = lit(normal, albedo, material);
        }
    }
    return out;
}

float to_srgb(float linear) {
    const float value = std::clamp(linear, 0.0F, 1.0F);
    return value <= 0.0031308F ? 12.92F * value : 1.055F * std::pow(value, 1 / 2.4F) - 0.055F;
}

float to_linear(float srgb) {
    return srgb <= 0.04045F ? srgb / 12.92F : std::pow((srgb + 0.055F) / 1.055F, 2.4F);
}

void encode_srgb(cv::Mat& picture) {
    // pow() for each of 3 million values takes longer than drawing them; 4096 steps are exact to 0.1 grey
    // level above the darkest tones, where the curve is a straight line anyway.
    constexpr int steps = 4096;
    static const auto table = [] {
        std::array<float, steps + 2> values{};
        for (int i = 0; i < steps + 2; ++i) values[i] = to_srgb(static_cast<float>(i) / steps);
        return values;
    }();
    for (cv::Vec3f& pixel : cv::Mat_<cv::Vec3f>(picture)) {
        for (int c = 0; c < 3; ++c) {
            // A shoulder instead of clipping: highlights roll off as film and phone cameras render them.
            const float exposed = std::max(0.0F, pixel[c]);
            const float rolled = exposed < 0.8F ? exposed : 1 - 0.2F * std::exp(-(exposed - 0.8F) / 0.2F);
            const float at = rolled * steps;
            const int index = static_cast<int>(at);
            pixel[c] = table[index] + (at - static_cast<float>(index)) * (table[index + 1] - table[index]);
        }
    }
}

cv::Vec3f colour(int red, int green, int blue) {
    return {to_linear(static_cast<float>(red) / 255), to_linear(static_cast<float>(green) / 255),
            to_linear(static_cast<float>(blue) / 255)};
}

cv::Vec3f legible_on(cv::Vec3f ground) {
    return to_lab(ground)[0] > 55 ? colour(34, 32, 36) : colour(246, 242, 232);
}

cv::Vec3f from_lab(cv::Vec3f lab) {
    cv::Mat3f pixel(1, 1, lab);
    cv::cvtColor(pixel, pixel, cv::COLOR_Lab2LRGB);
    cv::Vec3f linear = pixel(0, 0);
    for (int c = 0; c < 3; ++c) linear[c] = std::clamp(linear[c], 0.002F, 0.98F);
    return linear;
}

cv::Vec3f to_lab(cv::Vec3f linear) {
    cv::Mat3f pixel(1, 1, linear);
    cv::cvtColor(pixel, pixel, cv::COLOR_LRGB2Lab);
    return pixel(0, 0);
}

}  // namespace darkroom::shots
