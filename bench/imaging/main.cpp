// bench_imaging: quality, determinism and cost of every picture operation on generated pictures, beside other
// programs in the same run. Markdown to standard output, a page with contact sheets and results.json into a
// folder. Ends with 1 if a promise is not kept. Figures come from seeds 5000 and up; constants are tuned on
// --seed 0.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/gateway/machine.h"
#include "bench/imaging/page.h"
#include "bench/imaging/photo_peers.h"
#include "bench/imaging/process_sets.h"
#include "bench/imaging/results_file.h"

namespace {

using namespace darkroom::bench;
namespace fs = std::filesystem;

struct Options {
    std::uint64_t seed = 5000;
    bool quick = false;
    int workers = 2;
    std::vector<std::string> only;
    fs::path out = "bench-out";
    fs::path program;
    fs::path node_modules;
    fs::path compare;
};

fs::path beside_this_program(const char* name) {
    return (fs::read_symlink("/proc/self/exe").parent_path() / name).lexically_normal();
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
    return text;
}

void print_set(const SetReport& set) {
    std::printf("\n## %s · %s (%s s)\n", set.title.c_str(), set.id.c_str(), number(set.seconds).c_str());
    for (const ReportTable& table : set.tables) {
        if (!table.title.empty()) std::printf("\n%s\n", table.title.c_str());
        Table printed(table.header);
        for (const auto& row : table.rows) printed.add(row);
        printed.print();
        if (!table.note.empty()) std::printf("%s\n", table.note.c_str());
    }
    std::fflush(stdout);
}

void print_promises(const Report& report) {
    std::printf("\n## Promises\n");
    Table table({"", "", "gate", "goal", "measured", ""});
    for (const Promise& one : report.promises()) {
        table.add({one.operation, one.figure, text_of(one.gate, one.digits), text_of(one.goal, one.digits),
                   number(one.value, one.digits),
                   !one.kept()     ? "**missed**"
                   : one.at_goal() ? "at goal"
                                   : "kept"});
    }
    table.print();
}

std::vector<std::string> told(const Peers& peers) {
    std::vector<std::string> lines;
    for (const PeerState& state : peers.states())
        lines.push_back(state.version.empty() ? "NOT COMPARED: " + state.name + " is " + state.missing
                                              : state.name + " " + state.version);
    if (!has_opencv_photo())
        lines.emplace_back(
            "NOT COMPARED: OpenCV's photo module was not there when this was built (libopencv-photo-dev)");
    lines.emplace_back(
        "Not compared: GIMP's colour to alpha, and whatever fetches weights when installed or run");
    return lines;
}

struct Named {
    const char* id;
    std::function<SetReport()> run;
};

Report measure(const Options& options, const fs::path& scratch) {
    const auto seconds_since = [](std::chrono::steady_clock::time_point begin) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const auto begin = std::chrono::steady_clock::now();
    Report report;
    report.machine = describe_machine(scratch);
    report.date = today();
    report.how = std::string(options.quick ? "quick: a part of each set" : "whole sets") + ", seeds from " +
                 std::to_string(options.seed);
    const Peers peers(scratch / "peers", options.node_modules);
    report.peers = told(peers);
    std::printf("# bench imaging\n\n%s\n\n%s, %s\n\n", report.machine.c_str(), report.date.c_str(),
                report.how.c_str());
    for (const std::string& line : report.peers) std::printf("- %s\n", line.c_str());
    std::fflush(stdout);

    // Pictures are worked on side by side, so each operation has one thread; what it does with more is
    // measured through the pixel process.
    cv::setNumThreads(1);
    const SetPlan plan{options.seed, options.quick, options.workers, &peers};
    const ProcessPlan process{options.program, scratch / "process"};
    const Named sets[] = {{"matte-120", [&] { return run_matte_120(plan); }},
                          {"hole-60", [&] { return run_hole_60(plan); }},
                          {"old-40", [&] { return run_old_40(plan); }},
                          {"sr-40", [&] { return run_sr_40(plan); }},
                          {"key-40", [&] { return run_key_40(plan); }},
                          {"ecomm-40", [&] { return run_ecomm_40(plan, process); }},
                          {"same-bytes", [&] { return run_same_bytes(plan, process); }},
                          {"cost", [&] { return run_cost(plan, process); }}};
    for (const Named& set : sets) {
        const auto wanted = std::find(options.only.begin(), options.only.end(), set.id) != options.only.end();
        if (!options.only.empty() && !wanted) continue;
        const auto set_begin = std::chrono::steady_clock::now();
        report.sets.push_back(set.run());
        report.sets.back().seconds = seconds_since(set_begin);
        print_set(report.sets.back());
    }
    if (peers.failures() > 0)
        report.peers.push_back(std::to_string(peers.failures()) +
                               " runs of peers failed; their cells are empty");
    report.seconds = seconds_since(begin);
    return report;
}

int finish(const Report& report, const Options& options) {
    print_promises(report);
    if (auto page = write_page(report, options.out); !page) {
        std::fprintf(stderr, "bench_imaging: %s\n", page.error().c_str());
        return 2;
    }
    if (auto written = write_results(report, options.out / "results.json"); !written) {
        std::fprintf(stderr, "bench_imaging: %s\n", written.error().c_str());
        return 2;
    }
    std::printf("\n%s s; the page: %s\n", number(report.seconds).c_str(),
                (options.out / "imaging.html").c_str());
    bool worse_than_before = false;
    if (!options.compare.empty()) {
        const auto worse = regressions(report, options.compare);
        if (!worse) {
            std::fprintf(stderr, "bench_imaging: %s\n", worse.error().c_str());
            return 2;
        }
        for (const std::string& line : *worse) std::printf("- worse: %s\n", line.c_str());
        worse_than_before = !worse->empty();
    }
    return report.all_kept() && !worse_than_before ? 0 : 1;
}

int run(int argc, char** argv) {
    Options options;
    options.program = beside_this_program("darkroom-imaging");
    options.node_modules = beside_this_program("../bench-sharp/node_modules");
    CLI::App app{"Quality, determinism and cost of every picture operation, beside other programs."};
    app.add_option("--seed", options.seed, "first seed of the sets")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    app.add_flag("--quick", options.quick, "a part of each set, one round of each time");
    app.add_option("--only", options.only, "these sets alone")
        ->check(CLI::IsMember(
            {"matte-120", "hole-60", "old-40", "sr-40", "key-40", "ecomm-40", "same-bytes", "cost"}));
    app.add_option("--workers", options.workers, "pictures at a time")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--out", options.out, "folder for the page and results.json")->capture_default_str();
    app.add_option("--program", options.program, "the pixel process")->check(CLI::ExistingFile);
    app.add_option("--sharp", options.node_modules, "node_modules with sharp in it");
    app.add_option("--compare", options.compare,
                   "results.json of an earlier run; two percent worse is too much")
        ->check(CLI::ExistingFile);
    CLI11_PARSE(app, argc, argv);
    options.program = fs::absolute(options.program);
    auto scratch = (fs::temp_directory_path() / "bench-imaging-XXXXXX").string();
    if (::mkdtemp(scratch.data()) == nullptr)
        throw std::runtime_error("cannot make a folder beside " + scratch);
    try {
        const Report report = measure(options, scratch);
        fs::remove_all(scratch);
        return finish(report, options);
    } catch (...) {
        fs::remove_all(scratch);
        throw;
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_imaging: %s\n", error.what());
        return 2;
    }
}
