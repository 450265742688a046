// ecomm-40: white_bg_ecomm by the rules of three shops, from file to file through the pixel process. The
// files are read again by ImageMagick, which knows nothing of Darkroom; what Darkroom says of them does not
// count.
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/imaging/pixel_process.h"
#include "bench/imaging/process_sets.h"
#include "bench/imaging/tiles.h"
#include "core/error_code.h"
#include "tests/support/child_process.h"
#include "tools/pictures/picture_file.h"
#include "tools/shots/product_shot.h"

namespace darkroom::bench {
namespace {

constexpr int ecomm_cases = 40;
const cv::Size sizes[] = {{640, 640}, {800, 600},  {600, 800}, {960, 540}, {540, 960}, {720, 720},
                          {512, 384}, {1024, 768}, {480, 640}, {900, 600}, {700, 500}, {1200, 900}};

/// The rules as the shops write them down, apart from Darkroom's own table.
struct Shop {
    const char* preset;
    int side;
    double fill;                 // what the gateway makes of the preset
    double fill_low, fill_high;  // of the canvas's side, by the longer side of the product's box
    std::uint64_t bytes_max;
    const char* formats[3];
};
constexpr Shop shops[] = {{"amazon_main", 2000, 0.90, 0.85, 1.0, 10U << 20U, {"jpeg", "jpeg", "png"}},
                          {"ebay", 1600, 0.85, 0.0, 1.0, 12U << 20U, {"jpeg", "webp", "png"}},
                          {"google_shopping", 1500, 0.82, 0.75, 0.90, 16U << 20U, {"jpeg", "webp", "png"}}};

/// Four of forty lack everything below the product's middle: those must be refused.
bool is_cut_off(int index) { return index % 10 == 2; }

cv::Mat draw(int index, std::uint64_t seed) {
    shots::ShotPlan plan = shots::matte_plan(index * 3, seed);
    plan.size = sizes[static_cast<std::size_t>(index) % std::size(sizes)];
    if (!is_cut_off(index)) return shots::draw_product_shot(plan).picture;
    // Things with a body: of a stem as thin as a hair that leads out of the photo nobody can tell.
    constexpr shots::Shape bodies[] = {shots::Shape::bottle, shots::Shape::box, shots::Shape::bag,
                                       shots::Shape::mug};
    plan.shape = bodies[index / 10];
    plan.near_colour = false;
    const shots::ProductShot shot = shots::draw_product_shot(plan);
    const cv::Rect box = cv::boundingRect(shot.alpha > 0.5F);
    return shot.picture.rowRange(0, box.y + box.height / 2).clone();
}

/// What is wrong with the file, by ImageMagick; empty where nothing is.
std::string wrong_with(const PixelDone& done, const Shop& shop, const Peers& peers, double& fill) {
    const std::string main = done.main.string(), mask = done.mask.string();
    const auto size = peers.ask_imagemagick({main, "-format", "%w %h %[colorspace] %m", "info:"});
    if (!size) return size.error();
    const std::string side = std::to_string(shop.side);
    if (size->rfind(side + " " + side + " sRGB", 0) != 0) return "is " + *size;
    // Everything further than 12 pixels from the product has to be pure white. Distances are counted in
    // hundredths.
    const auto white = peers.ask_imagemagick({main,
                                              "(",
                                              mask,
                                              "-threshold",
                                              "0",
                                              "-negate",
                                              "-morphology",
                                              "Distance",
                                              "Euclidean:4,100",
                                              "-threshold",
                                              "1230",
                                              "-negate",
                                              ")",
                                              "-compose",
                                              "Lighten",
                                              "-composite",
                                              "-fill",
                                              "black",
                                              "+opaque",
                                              "white",
                                              "-format",
                                              "%[fx:round(w*h*(1-mean))]",
                                              "info:"});
    if (!white) return white.error();
    if (*white != "0") return *white + " pixels are not white";
    const auto box = peers.ask_imagemagick({mask, "-threshold", "2%", "-trim", "-format", "%w %h", "info:"});
    if (!box) return box.error();
    std::istringstream sides(*box);
    double width = 0, height = 0;
    sides >> width >> height;
    fill = std::max(width, height) / shop.side;
    constexpr double slack = 0.005;
    if (fill < shop.fill_low - slack || fill > shop.fill_high + slack) return "fills " + number(fill, 3);
    if (std::filesystem::file_size(done.main) > shop.bytes_max) return "is too large a file";
    return "";
}

void show(Case& one, const PixelDone& done) {
    if (auto main = pictures::read_picture(done.main)) one.tiles[1] = small_tile(*main);
    if (auto mask = pictures::read_picture(done.mask)) one.tiles[2] = small_tile(*mask);
}

Case run_case(int index, const SetPlan& plan, PixelProcess& process, const std::filesystem::path& folder) {
    const Shop& shop = shops[index % 3];
    const char* format = shop.formats[index / 3 % 3];
    const auto seed = plan.first_seed + static_cast<std::uint64_t>(index);
    const cv::Mat picture = draw(index, seed);
    Case one;
    one.name = std::to_string(seed) + " for " + shop.preset + " as " + format +
               (is_cut_off(index) ? ", cut off" : "");
    auto done = process.run("white_bg_ecomm",
                            {{"v", 1},
                             {"preset", shop.preset},
                             {"size", shop.side},
                             {"fill", shop.fill},
                             {"output_format", format}},
                            file_bytes(picture, ".jpg", folder));
    one.tiles = {small_tile(picture), cv::Mat(), cv::Mat()};
    one.figures["cut_off"] = is_cut_off(index) ? 1 : 0;
    if (is_cut_off(index)) {
        const bool refused = !done && done.error().code == core::ErrorCode::compliance_failed;
        one.figures["refused"] = refused ? 1 : 0;
        one.remark = refused ? "refused, as it must be" : "not refused";
        one.badness = refused ? 0 : 2;
        if (done) show(one, *done);
        return one;
    }
    if (!done) {
        one.figures["complies"] = 0;
        one.badness = 3;
        one.remark = "refused: " + done.error().message;
        return one;
    }
    double fill = 0;
    const std::string wrong = wrong_with(*done, shop, *plan.peers, fill);
    one.figures["complies"] = wrong.empty() ? 1 : 0;
    one.figures["fill"] = fill;
    one.figures["bytes"] = static_cast<double>(std::filesystem::file_size(done->main));
    one.badness = wrong.empty() ? 1 - fill : 3;
    one.remark = (wrong.empty() ? "complies" : wrong) + ", fill " + number(fill, 3) + ", " +
                 number(one.figures["bytes"] / 1'024) + " KiB";
    show(one, *done);
    return one;
}

}  // namespace

SetReport run_ecomm_40(const SetPlan& plan, const ProcessPlan& process) {
    SetReport set;
    set.id = "ecomm-40";
    set.title = "white_bg_ecomm";
    set.about =
        "Product shots of twelve sizes and shapes for three shops in three formats; four show half of the "
        "product only and must be refused. ImageMagick decodes each file again: exact size, pure white "
        "further "
        "than 12 pixels from the product, share of the canvas, size of the file.";
    set.columns = {"photo", "as delivered", "mask"};
    PixelProcess pixels({process.program, process.folder / "ecomm", 1, plan.workers});
    const bool independent = plan.peers->has(Peer::imagemagick);
    if (independent) {
        set.cases = run_cases(ecomm_cases, plan.quick ? 4 : 1, plan.workers, [&](int index) {
            return run_case(index, plan, pixels, process.folder / "inputs");
        });
    }
    const auto whole = with(set.cases, "cut_off", 0), cut = with(set.cases, "cut_off", 1);
    ReportTable table;
    table.header = {"", "pictures", "kept the rules", "fill, least", "fill, most", "mean KiB"};
    table.rows = {{"Darkroom, whole products", std::to_string(whole.size()),
                   std::to_string(with(whole, "complies", 1).size()), number(least_of(whole, "fill"), 3),
                   number(most_of(whole, "fill"), 3), number(mean_of(whole, "bytes") / 1'024)},
                  {"Darkroom, cut-off products", std::to_string(cut.size()),
                   std::to_string(with(cut, "refused", 1).size()) + " refused", "–", "–", "–"}};
    if (!independent)
        table.note = "ImageMagick is not installed, so nobody else read the files: nothing is claimed.";
    set.tables = {table};
    const auto share = [](std::size_t part, std::size_t all) {
        return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
    };
    set.promises = {{"white_bg_ecomm", "whole products that keep the shop's rules, %",
                     share(with(whole, "complies", 1).size(), whole.size()), 1, at_least(100),
                     at_least(100)}};
    if (!cut.empty() || !independent)
        set.promises.push_back({"white_bg_ecomm",
                                "cut-off products that were refused, %",
                                share(with(cut, "refused", 1).size(), cut.size()),
                                1,
                                {},
                                at_least(100)});
    return set;
}

}  // namespace darkroom::bench
