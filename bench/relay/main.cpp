// bench_relay: a large file through Darkroom, against curl straight to the same S3 server, in turns in one
// run, as Markdown. Needs curl and the S3 server for tests (./dev setup test); about two minutes.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "bench/gateway/machine.h"
#include "bench/relay/measure.h"

namespace {

namespace bench = darkroom::bench;
namespace fs = std::filesystem;

fs::path beside_this_program(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

int measure(const bench::RelayPlan& plan) {
    std::printf("%s\n\n", bench::describe_machine(plan.folder).c_str());
    std::fflush(stdout);
    bench::Verdicts verdicts;
    const auto measured = bench::measure_relay(plan, verdicts);
    std::printf("\nload of the last minute at the end: %s\n",
                bench::number(bench::load_average(), 2).c_str());
    if (!measured) {
        std::fprintf(stderr, "bench_relay: %s\n", measured.error().c_str());
        return 2;
    }
    return verdicts.all_reached() ? 0 : 1;
}

int run(int argc, char** argv) {
    bench::RelayPlan plan;
    plan.program = beside_this_program("darkroom");
    auto parent = beside_this_program("..").lexically_normal();
    std::uint64_t mib = 1'024;
    CLI::App app{"A large file through Darkroom, against curl straight to the same S3 server."};
    app.add_option("--mib", mib, "size of the file")->check(CLI::Range(1, 4'096));
    app.add_option("--rounds", plan.rounds, "whose medians count")->check(CLI::Range(1, 100));
    app.add_option("--folder", parent, "on the disk to measure; a folder in it is made and removed");
    app.add_option("--program", plan.program, "the darkroom to measure")->check(CLI::ExistingFile);
    CLI11_PARSE(app, argc, argv);
    plan.bytes = mib << 20;
    auto folder = (parent / "bench-relay-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror(("bench_relay: cannot make a folder in " + parent.string()).c_str());
        return 2;
    }
    plan.folder = fs::absolute(folder);
    plan.program = fs::absolute(plan.program);
    const int code = measure(plan);
    fs::remove_all(plan.folder);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_relay: %s\n", error.what());
        return 2;
    }
}
