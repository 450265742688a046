#include "bench/imaging/work_orders.h"

#include <opencv2/imgproc.hpp>

#include "bench/imaging/aged_print.h"
#include "bench/imaging/pixel_process.h"
#include "tools/shots/logo.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"
#include "tools/shots/texture.h"

namespace darkroom::bench {
namespace {

/// Drawn smaller and enlarged, which takes seconds less, and with the noise that a sensor of that size has.
cv::Mat enlarged(const cv::Mat& picture, cv::Size size) {
    if (picture.size() == size) return picture;
    cv::Mat large;
    cv::resize(picture, large, size, 0, 0, cv::INTER_CUBIC);
    cv::Mat noise(size, CV_16SC3);
    cv::RNG random(5'000);
    random.fill(noise, cv::RNG::NORMAL, 0, 2);
    cv::add(large, noise, large, cv::noArray(), CV_8U);
    return large;
}

cv::Mat product(cv::Size size, bool large, std::uint64_t seed) {
    shots::ShotPlan plan = shots::matte_plan(9, seed);  // a bag with a strap on white, with its shadow
    plan.size = large ? size / 4 : size;
    return enlarged(shots::draw_product_shot(plan).picture, size);
}

cv::Mat wall(cv::Size size, bool large, std::uint64_t seed) {
    return enlarged(shots::draw_texture(shots::Texture::brick, large ? size / 4 : size, seed), size);
}

cv::Mat print(cv::Size size, bool large, std::uint64_t seed) {
    const cv::Mat clean =
        enlarged(shots::draw_old_photo(seed, large ? size.width / 4 : size.width).clean, size);
    return age_print(clean, seed).picture;
}

boost::json::object removing(const char* method) {  // three percent of the picture
    return {{"v", 1},
            {"method", method},
            {"region", {{"boxes", boost::json::array{boost::json::array{0.4, 0.4, 0.2, 0.15}}}}}};
}

}  // namespace

std::vector<WorkOrder> work_orders(bool large, std::uint64_t seed, const std::filesystem::path& folder) {
    const cv::Size size = large ? cv::Size(4000, 3000) : cv::Size(1152, 864);
    const auto jpeg = [&](const cv::Mat& picture) { return file_bytes(picture, ".jpg", folder); };
    const auto either = [large](double small_one, double large_one) { return large ? large_one : small_one; };
    const auto memory = [large](double mib) { return large ? std::optional(mib) : std::nullopt; };
    const std::string thing = jpeg(product(size, large, seed));
    const std::string bricks = jpeg(wall(size, large, seed));
    const std::string logo = jpeg(enlarged(shots::draw_logo(seed, large ? size.width / 4 : 1'400).picture,
                                           large ? cv::Size(4'900, 2'450) : cv::Size(1'400, 700)));
    std::vector<WorkOrder> orders = {
        {"bg_remove", "bg_remove", {{"v", 1}}, thing, either(800, 3'500), memory(700)},
        {"cutout_subject", "cutout_subject", {{"v", 1}}, thing, {}, {}},
        {"object_remove fast", "object_remove", removing("fast"), bricks, either(150, 300), memory(500)},
        {"object_remove exemplar", "object_remove", removing("exemplar"), bricks, either(1'200, 4'000),
         memory(500)},
        {"restore", "restore", {{"v", 1}}, jpeg(print(size, large, seed)), either(2'500, 3'000), memory(300)},
        {"jpeg_to_png colour_key",
         "jpeg_to_png",
         {{"v", 1}, {"method", "colour_key"}},
         logo,
         either(150, 1'200),
         memory(400)},
        {"jpeg_to_png unmix",
         "jpeg_to_png",
         {{"v", 1}, {"method", "unmix"}},
         logo,
         either(150, 1'200),
         memory(400)},
        {"white_bg_ecomm 2000 px",
         "white_bg_ecomm",
         {{"v", 1}, {"strict", false}},
         thing,
         either(1'200, 4'000),
         memory(700)}};
    if (!large) {
        orders.push_back({"upscale_2k, 512 to 2048",
                          "upscale_2k",
                          {{"v", 1}},
                          jpeg(product({512, 512}, false, seed)),
                          400,
                          250});
    }
    return orders;
}

}  // namespace darkroom::bench
