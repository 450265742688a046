// bench_imaging: quality and cost of the picture operations on generated pictures, as markdown tables.
// Figures to quote come from seeds 5000 and up (the default); constants are tuned on --seed 0..999.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <string>

#include "bench/imaging/matte_run.h"
#include "bench/imaging/other_operations.h"
#include "bench/imaging/speed.h"
#include "imaging/ops/operation.h"
#include "tools/contact_sheet/contact_sheet.h"
#include "tools/pictures/picture_file.h"

namespace {

using namespace darkroom;

void print_row(const char* name, const bench::MatteSummary& sum, bool baseline) {
    std::printf("| %s | %d | %.4f | %.4f | %.0f %% | %.2f | %.2f | %.2f | %.0f | %.4f |", name, sum.count,
                sum.mean.iou, sum.worst_iou, 100 * sum.share_good, sum.mean.sad, sum.mean.mse, sum.mean.halo,
                sum.solid_max, sum.mean.leak);
    if (baseline)
        std::printf(" %.2f | %.4f | %.1f x |", sum.baseline_sad, sum.baseline_iou,
                    sum.baseline_sad / sum.mean.sad);
    std::printf("\n");
}

void print_cases(const std::vector<bench::MatteCase>& cases) {
    for (const bench::MatteCase& one : cases) {
        std::printf("%6lu %-12s %-12s %-6s iou %.4f sad %6.2f halo %5.2f conf %.3f %s\n",
                    static_cast<unsigned long>(one.plan.seed), std::string(name_of(one.plan.shape)).c_str(),
                    std::string(name_of(one.plan.backdrop)).c_str(), one.plan.near_colour ? "near" : "normal",
                    one.score.iou, one.score.sad, one.score.halo, one.confidence, one.error.c_str());
    }
}

/// How well the confidence finds the bad results: of those with IoU < 0.9, and of the rest.
void print_confidence(const std::vector<bench::MatteCase>& cases) {
    int bad = 0;
    int caught = 0;
    int false_alarms = 0;
    for (const bench::MatteCase& one : cases) {
        const bool doubted = one.confidence < 0.6;
        if (one.score.iou < 0.9) {
            ++bad;
            caught += doubted ? 1 : 0;
        } else {
            false_alarms += doubted ? 1 : 0;
        }
    }
    std::printf(
        "\nConfidence below 0.6 catches %d of %d results with IoU < 0.9, with %d false alarms in %d.\n",
        caught, bad, false_alarms, static_cast<int>(cases.size()) - bad);
}

void print_speed(std::uint64_t seed) {
    std::printf("\n| bg_remove, shot of | wall ms | memory above the picture's own, MB |\n|---|---|---|\n");
    for (const auto& [name, size] :
         {std::pair{"1 MP", cv::Size(1024, 1024)}, std::pair{"12 MP", cv::Size(4000, 3000)}}) {
        double wall = 0;
        double peak = 0;
        const int indices[] = {1, 5, 9, 36};
        for (const int index : indices) {
            shots::ShotPlan plan = shots::matte_plan(index, seed);
            plan.size = {size.width / 4, size.height / 4};
            cv::Mat picture;
            cv::resize(shots::draw_product_shot(plan).picture, picture, size, 0, 0, cv::INTER_CUBIC);
            const bench::Cost cost = bench::measure(
                [&] {
                    (void)imaging::bg_remove(picture, {{"v", 1}}).ok();
                },
                3);
            wall += cost.wall_ms / static_cast<double>(std::size(indices));
            peak = std::max(peak, cost.peak_rss_mb);
        }
        std::printf("| %s | %.0f | %.0f |\n", name, wall, peak);
    }
}

void print_other_operations(std::uint64_t seed) {
    const bench::UpscaleFigures up = bench::run_upscale_set(seed, 12);
    std::printf(
        "\n| upscale_2k, 512 to 2048 | pictures | PSNR over Lanczos-4 | least consistency | edge energy "
        "|\n|---|---|---|---|---|\n");
    std::printf("| | %d | %+.2f dB | %.1f dB | %.2f |\n", up.pictures, up.gain_db, up.consistency_db,
                up.edge_energy);
    const bench::UnmixFigures unmix = bench::run_unmix_set(seed, 24);
    std::printf(
        "\n| jpeg_to_png, unmix | pictures | failed | recomposite error, most |\n|---|---|---|---|\n");
    std::printf("| | %d | %d | %d |\n", unmix.pictures, unmix.failed, unmix.error_max);
}

bool write_sheet(const std::string& path, std::uint64_t seed, const std::vector<bench::MatteCase>& cases,
                 double below) {
    std::vector<contact_sheet::Pair> pairs;
    for (const bench::MatteCase& one : cases) {
        if (one.score.iou >= below || pairs.size() >= 60) continue;
        const shots::ProductShot shot = shots::draw_product_shot(one.plan);
        const auto output = imaging::bg_remove(shot.picture, {{"v", 1}});
        char label[120];
        std::snprintf(label, sizeof label, "%lu %s %s iou %.3f conf %.2f",
                      static_cast<unsigned long>(one.plan.seed), std::string(name_of(one.plan.shape)).c_str(),
                      std::string(name_of(one.plan.backdrop)).c_str(), one.score.iou, one.confidence);
        pairs.push_back({shot.picture,
                         output ? output->main : cv::Mat(shot.picture.size(), CV_8UC4, cv::Scalar::all(0)),
                         label});
    }
    if (pairs.empty()) return true;
    const auto written = pictures::write_picture(
        contact_sheet::draw(pairs, {.cell = 300, .columns = 3, .title = "seed " + std::to_string(seed)}),
        path);
    if (!written) std::fprintf(stderr, "bench_imaging: %s\n", written.error().c_str());
    return written.ok();
}

int run_benchmark(int argc, char** argv) {
    bench::MatteRun run;
    bool cases_too = false;
    bool speed = true;
    bool others = true;
    std::string sheet;
    double below = 2;
    CLI::App app{"Quality and cost of the picture operations on generated pictures."};
    app.add_option("--seed", run.first_seed, "first seed of the set")->capture_default_str();
    app.add_option("--step", run.step, "every n-th shot only")
        ->check(CLI::Range(1, 60))
        ->capture_default_str();
    app.add_option("--edges", run.edges, "auto, hard or fine")->capture_default_str();
    app.add_flag("--baseline,!--no-baseline", run.baseline, "run the rectangle GrabCut too");
    app.add_flag("--speed,!--no-speed", speed, "measure time and memory");
    app.add_flag("--others,!--no-others", others, "measure upscale_2k and jpeg_to_png");
    app.add_flag("--cases", cases_too, "print every shot");
    app.add_option("--sheet", sheet, "write a contact sheet of the results");
    app.add_option("--below", below, "only results with a lower IoU on the sheet");
    CLI11_PARSE(app, argc, argv);

    const auto cases = bench::run_matte_set(run);
    if (cases_too) print_cases(cases);
    std::printf(
        "\n| bg_remove on matte-120, seeds %lu+ | shots | mean IoU | worst | > 0.93 | SAD k | MSE e-3 | halo "
        "| solid | leak |%s\n|---|---|---|---|---|---|---|---|---|---|%s\n",
        static_cast<unsigned long>(run.first_seed),
        run.baseline ? " GrabCut SAD k | its IoU | SAD ratio |" : "", run.baseline ? "---|---|---|" : "");
    print_row("normal", bench::summarise(cases, 0), run.baseline);
    print_row("near colour", bench::summarise(cases, 1), run.baseline);
    print_row("all", bench::summarise(cases, -1), run.baseline);
    print_confidence(cases);
    if (others) print_other_operations(run.first_seed);
    if (speed) print_speed(run.first_seed);
    return sheet.empty() || write_sheet(sheet, run.first_seed, cases, below) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run_benchmark(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_imaging: %s\n", error.what());
        return 1;
    }
}
