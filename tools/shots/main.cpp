// darkroom-shots: draws the demo's and the benchmark's pictures into a folder. Prints one line per file,
// `TYPE <tab> PATH`, where TYPE is the job that suits the picture.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "tools/pictures/picture_file.h"
#include "tools/shots/logo.h"
#include "tools/shots/old_photo.h"
#include "tools/shots/product_shot.h"

namespace {

namespace fs = std::filesystem;
using namespace darkroom;

struct Options {
    fs::path folder;
    int count = 12;
    std::uint64_t seed = 7;
    std::string set = "all";
    int long_side = 1280;
    bool truth = false;
};

class Album {
public:
    explicit Album(const Options& options) : options_(options) {}

    /// Numbers pictures of the same name: shoulder-bag-01.jpg, shoulder-bag-02.jpg.
    bool keep(const std::string& name, const char* type, const cv::Mat& picture) {
        char number[8];
        std::snprintf(number, sizeof number, "-%02d", ++taken_[name] % 100);
        stem_ = name + number;
        const fs::path path = options_.folder / (stem_ + ".jpg");
        const auto written = pictures::write_picture(picture, path);
        if (!written) return complain(written.error());
        std::printf("%s\t%s\n", type, path.c_str());
        return true;
    }
    /// The truth beside the picture last kept.
    bool keep_truth(const cv::Mat& alpha) {
        cv::Mat grey;
        alpha.convertTo(grey, CV_8U, 255);
        const auto written = pictures::write_picture(grey, options_.folder / (stem_ + ".alpha.png"));
        return written ? true : complain(written.error());
    }

private:
    static bool complain(const std::string& why) {
        std::fprintf(stderr, "darkroom-shots: %s\n", why.c_str());
        return false;
    }

    const Options& options_;
    std::map<std::string, int> taken_;
    std::string stem_;
};

bool draw_product(Album& album, const Options& options, int number) {
    using shots::Shape;
    // The first few pictures already show different things on different grounds.
    static constexpr Shape order[] = {Shape::bag,     Shape::mug,    Shape::plush, Shape::plant, Shape::chair,
                                      Shape::glasses, Shape::bottle, Shape::ring,  Shape::box,   Shape::blob};
    shots::ShotPlan plan = shots::matte_plan(number, options.seed * 1000, options.long_side);
    plan.shape = order[number % shots::shape_count];
    plan.backdrop =
        static_cast<shots::Backdrop>((number + number / shots::shape_count) % shots::backdrop_count);
    plan.near_colour = false;
    const shots::ProductShot shot = shots::draw_product_shot(plan);
    if (!album.keep(std::string(name_of(plan.shape)), "bg_remove", shot.picture)) return false;
    return !options.truth || album.keep_truth(shot.alpha);
}

bool draw_one(Album& album, const Options& options, int number) {
    const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(number);
    // Of twelve pictures of the whole set: eight products, two old photos, two logos.
    const int turn = number % 6;
    if (options.set == "old" || (options.set == "all" && turn == 2)) {
        return album.keep("old-photo", "upscale_2k",
                          shots::draw_old_photo(seed, options.long_side / 2).picture);
    }
    if (options.set == "logos" || (options.set == "all" && turn == 5)) {
        return album.keep("logo", "jpeg_to_png", shots::draw_logo(seed, options.long_side).picture);
    }
    const int others = options.set == "all" ? number / 6 * 2 + (turn > 2 ? 1 : 0) : 0;
    return draw_product(album, options, number - others);
}

int run(int argc, char** argv) {
    Options options;
    CLI::App app{"Draws product shots, old photos and logos, the same ones for the same seed."};
    app.add_option("OUT_DIR", options.folder, "folder for the pictures; made if missing")->required();
    app.add_option("--count", options.count, "how many pictures")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--seed", options.seed, "another seed, other pictures")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    app.add_option("--set", options.set, "what to draw")
        ->check(CLI::IsMember({"products", "old", "logos", "all"}))
        ->capture_default_str();
    app.add_option("--size", options.long_side, "long side in pixels")
        ->check(CLI::Range(128, 6000))
        ->capture_default_str();
    app.add_flag("--truth", options.truth,
                 "also write the alpha that a perfect cut-out has, as NAME.alpha.png");
    CLI11_PARSE(app, argc, argv);
    fs::create_directories(options.folder);
    Album album(options);
    for (int number = 0; number < options.count; ++number) {
        if (!draw_one(album, options, number)) return 1;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "darkroom-shots: %s\n", error.what());
        return 1;
    }
}
