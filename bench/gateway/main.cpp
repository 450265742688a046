// bench_gateway [post] [claim] [start] [idle] [connections]: what the gateway promises in figures, measured
// on this machine and this disk with the real program, as Markdown. Bare: all of it, in about four minutes.
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>

#include "bench/gateway/machine.h"
#include "bench/gateway/workbench.h"

namespace {

namespace bench = darkroom::bench;
namespace fs = std::filesystem;

struct Part {
    const char* name;
    bench::Measured (*measure)(bench::Workbench&);
};
constexpr std::array parts{Part{"post", bench::measure_posts}, Part{"claim", bench::measure_claim_costs},
                           Part{"start", bench::measure_start}, Part{"idle", bench::measure_idle},
                           Part{"connections", bench::measure_connections}};

fs::path beside_this_program(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

int measure(bench::Workbench& workbench, const std::vector<std::string>& wanted) {
    std::printf("%s\n", bench::describe_machine(workbench.folder).c_str());
    int failed = 0;
    for (const auto& part : parts) {
        const bool asked = std::find(wanted.begin(), wanted.end(), part.name) != wanted.end();
        if (!wanted.empty() && !asked) continue;
        std::printf("\n### %s\n", part.name);
        std::fflush(stdout);
        if (const auto measured = part.measure(workbench); !measured) {
            std::fprintf(stderr, "bench_gateway: %s: %s\n", part.name, measured.error().c_str());
            ++failed;
        }
    }
    std::printf("\nload of the last minute at the end: %s\n",
                bench::number(bench::load_average(), 2).c_str());
    if (failed > 0) return 2;
    return workbench.verdicts.all_reached() ? 0 : 1;
}

int run(int argc, char** argv) {
    bench::Workbench workbench;
    workbench.program = beside_this_program("darkroom");
    auto parent = beside_this_program("..").lexically_normal();
    std::vector<std::string> wanted;
    int hold_s = 60;
    double round_s = 3;
    CLI::App app{"What the gateway promises in figures, measured with the real program."};
    app.add_option("part", wanted, "post, claim, start, idle, connections; all of them if none is named")
        ->check(CLI::IsMember({"post", "claim", "start", "idle", "connections"}));
    app.add_option("--folder", parent, "on the disk to measure; a folder in it is made and removed");
    app.add_option("--program", workbench.program, "the darkroom to measure")->check(CLI::ExistingFile);
    app.add_option("--rounds", workbench.rounds, "of post")->check(CLI::Range(1, 1'000));
    app.add_option("--round", round_s, "seconds of each")->check(CLI::Range(0.1, 600.0));
    app.add_option("--hold", hold_s, "seconds for which the crowd of connections stays")
        ->check(CLI::Range(1, 86'400));
    app.add_option("--crowd", workbench.crowd, "its connections")->check(CLI::Range(1, 1'900));
    app.add_option("--queue", workbench.long_queue, "jobs in the long queue")
        ->check(CLI::Range(10'000, 100'000'000));
    CLI11_PARSE(app, argc, argv);
    workbench.hold = darkroom::Milliseconds(hold_s * 1'000);
    workbench.round = darkroom::Milliseconds(static_cast<int>(round_s * 1'000));

    auto folder = (parent / "bench-gateway-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror(("bench_gateway: cannot make a folder in " + parent.string()).c_str());
        return 2;
    }
    workbench.folder = fs::absolute(folder);
    const int code = measure(workbench, wanted);
    fs::remove_all(workbench.folder);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_gateway: %s\n", error.what());
        return 2;
    }
}
