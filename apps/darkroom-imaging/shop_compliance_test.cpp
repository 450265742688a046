// The gate on white_bg_ecomm: held-out product shots of many sizes and shapes, as files to files. Each result
// is read again by ImageMagick, which knows nothing of Darkroom, and must keep the shop's rules; shots that
// do not show the whole product must be refused.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "imaging/codec/testing/picture_samples.h"
#include "picture_job.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tools/shots/product_shot.h"

namespace darkroom::imaging {
namespace {

namespace fs = std::filesystem;
using samples::encoded;
using samples::file_of;

constexpr std::uint64_t held_out = 5'000;
constexpr int shots_drawn = 20;
/// Every fifth: boxes and bags. Where nothing but a stem as thin as a hair leads out of the photo, that is
/// missed.
bool is_cut_off(int index) { return index % 5 == 2; }

const cv::Size sizes[] = {{640, 640}, {800, 600},  {600, 800}, {960, 540}, {540, 960}, {720, 720},
                          {512, 384}, {1024, 768}, {480, 640}, {900, 600}, {700, 500}, {420, 560}};

struct Shop {
    const char* preset;
    int side;
    const char* format;
};
constexpr Shop shops[] = {
    {"amazon_main", 700, "jpeg"}, {"ebay", 640, "webp"}, {"google_shopping", 600, "jpeg"}};

/// Shot `index` of the set; a cut-off one lacks everything below the product's middle.
cv::Mat draw(int index) {
    shots::ShotPlan plan = shots::matte_plan((index * 7) % shots::matte_set_size, held_out);
    plan.near_colour = false;
    plan.size = sizes[static_cast<std::size_t>(index) % std::size(sizes)];
    const shots::ProductShot shot = shots::draw_product_shot(plan);
    if (!is_cut_off(index)) return shot.picture;
    const cv::Rect box = cv::boundingRect(shot.alpha > 0.5F);
    return shot.picture.rowRange(0, box.y + box.height / 2).clone();
}

struct Files {
    PictureAnswer answer;
    std::string main, mask;
};

Files photograph_for(const Shop& shop, const cv::Mat& picture) {
    samples::start_once();
    const UniqueFd files[] = {file_of(encoded(picture, ".jpg")), file_of(""), file_of(""), file_of("")};
    const double fill = shop.preset == std::string_view("amazon_main") ? 0.9 : 0.84;
    const PictureRequest request{
        "white_bg_ecomm",
        {{"preset", shop.preset}, {"size", shop.side}, {"fill", fill}, {"output_format", shop.format}},
        {}};
    Files made{run_picture_job(request, {files[0].get(), files[1].get(), files[2].get(), files[3].get()}), "",
               ""};
    made.main = samples::content_of(files[main_file].get());
    made.mask = samples::content_of(files[mask_file].get());
    return made;
}

/// What ImageMagick prints; nothing where it is not installed.
std::optional<std::string> magick(const fs::path& folder, std::vector<std::string> arguments) {
    const fs::path out = folder / "out";
    testing::write_file(out, "");
    testing::ChildPlan plan;
    plan.program = "/usr/bin/env";
    plan.arguments = {"convert"};
    plan.arguments.insert(plan.arguments.end(), arguments.begin(), arguments.end());
    plan.working_dir = folder;
    plan.out_file = out;
    plan.err_file = folder / "err";
    testing::ChildProcess child(plan);
    const auto exit = child.wait(Milliseconds(60'000));
    if (!exit || exit->code != 0) return std::nullopt;
    return testing::read_file(out);
}

/// By ImageMagick: the pixels further than 12 from the product that are not pure white.
std::string count_wrong(const fs::path& folder, const Files& made, const char* format) {
    const std::string main = std::string("main.") + format;
    testing::write_file(folder / main, made.main);
    testing::write_file(folder / "mask.png", made.mask);
    const std::vector<std::string> count = {
        "-fill", "black", "+opaque", "white", "-format", "%[fx:round(w*h*(1-mean))]", "info:"};
    std::vector<std::string> far = {main,     "(",         "mask.png", "-threshold", "0",       "-morphology",
                                    "Dilate", "Disk:12.5", ")",        "-compose",   "Lighten", "-composite"};
    far.insert(far.end(), count.begin(), count.end());
    return magick(folder, far).value_or("ImageMagick failed: " + testing::read_file(folder / "err"));
}

TEST(ShopCompliance, EveryHeldOutShotThatShowsItsProductKeepsTheRules) {
    const testing::TempDir folder;
    const bool independent = magick(folder.path(), {"-version"}).has_value();
    int cut_off = 0;
    for (int index = 0; index < shots_drawn; ++index) {
        const Shop& shop = shops[static_cast<std::size_t>(index) % std::size(shops)];
        SCOPED_TRACE(std::string(shop.preset) + ", shot " + std::to_string(index));
        const Files made = photograph_for(shop, draw(index));
        if (is_cut_off(index)) {
            ++cut_off;
            EXPECT_FALSE(made.answer);
            if (made.answer) continue;
            EXPECT_EQ(made.answer.error().code, core::ErrorCode::compliance_failed);
            EXPECT_TRUE(made.main.empty());
            continue;
        }
        EXPECT_TRUE(made.answer) << made.answer.error().message;
        if (!made.answer) continue;
        for (const auto& check : made.answer->measures.at("report").as_array())
            EXPECT_TRUE(check.at("pass").as_bool()) << check;
        if (independent) {
            EXPECT_EQ(count_wrong(folder.path(), made, shop.format), "0");
        }
    }
    EXPECT_EQ(cut_off, 4);
    if (!independent) GTEST_SKIP() << "ImageMagick is not installed: only Darkroom itself read the files";
}

}  // namespace
}  // namespace darkroom::imaging
