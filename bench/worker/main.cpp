// bench_worker: `darkroom worker` against RunPod's official Python worker, in turns in one run, as Markdown:
// from exec to the first question for a job, and memory while it waits. The official one is taken from
// build/compat, or installed from its registry; where that does not answer, this is said and only Darkroom is
// measured.
#include <poll.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/log.h"
#include "bench/gateway/figures.h"
#include "bench/gateway/machine.h"
#include "bench/gateway/process_facts.h"
#include "bench/worker/poll_server.h"
#include "tests/support/child_process.h"

namespace {

namespace bench = darkroom::bench;
namespace fs = std::filesystem;
using darkroom::testing::ChildPlan;
using darkroom::testing::ChildProcess;

constexpr double start_factor_min = 20;
constexpr double memory_share_max = 0.2;
constexpr int rest_ms = 2'000;  // after the first question, before memory is looked at
constexpr std::chrono::seconds start_patience{60};

struct Plan {
    fs::path program;
    fs::path python;
    fs::path script;
    fs::path folder;
    int rounds = 5;
};

struct Figures {
    std::vector<double> start_ms;
    std::vector<double> resident_mib;  // of the process that works
    std::vector<double> family_mib;    // with its helpers
    std::vector<double> own_mib;       // of all of them, pages that others use too counted by their share
};

fs::path beside_this_program(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

double proportional_mib_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Pss:")) return std::stod(line.substr(4)) / 1'024;
    }
    return 0;
}

/// The process and all that it started.
double of_family(pid_t process, double (*of_one)(pid_t)) {
    double sum = of_one(process);
    for (const auto child : bench::children_of(process)) sum += of_family(child, of_one);
    return sum;
}

double resident_mib_of(pid_t process) { return bench::memory_of(process).resident; }

/// One start, one rest, one look. False if it never asked for a job.
bool measure_once(bench::PollServer& server, const Plan& plan, const fs::path& program,
                  std::vector<std::string> arguments, Figures& figures) {
    ChildPlan child{.program = program,
                    .arguments = std::move(arguments),
                    .environment = server.worker_environment(),
                    .working_dir = plan.folder,
                    .out_file = plan.folder / "out",
                    .err_file = plan.folder / "err"};
    server.arm();
    const auto began = std::chrono::steady_clock::now();
    const ChildProcess process(child);
    const auto taken = server.wait_for_take(start_patience);
    if (!taken) return false;
    ::poll(nullptr, 0, rest_ms);
    figures.start_ms.push_back(std::chrono::duration<double, std::milli>(*taken - began).count());
    figures.resident_mib.push_back(resident_mib_of(process.pid()));
    figures.family_mib.push_back(of_family(process.pid(), resident_mib_of));
    figures.own_mib.push_back(of_family(process.pid(), proportional_mib_of));
    return true;
}

bool has_official_worker(const fs::path& python) {
    const auto command = "'" + python.string() + "' -c 'import runpod' >/dev/null 2>&1";
    return fs::exists(python) && std::system(command.c_str()) == 0;
}

/// Installs it where it is missing; empty if its registry does not answer.
fs::path official_python(const fs::path& build) {
    for (const auto* venv : {"compat/venv", "bench-venv"}) {
        if (has_official_worker(build / venv / "bin/python")) return build / venv / "bin/python";
    }
    const auto venv = (build / "bench-venv").string();
    const auto command = "python3 -m venv '" + venv + "' >/dev/null 2>&1 && '" + venv +
                         "/bin/pip' install -q --disable-pip-version-check --timeout 20 --retries 1 runpod "
                         ">/dev/null 2>&1";
    if (std::system(command.c_str()) == 0 && has_official_worker(venv + "/bin/python"))
        return venv + "/bin/python";
    return {};
}

void add(bench::Table& table, const std::string& name, const Figures& figures) {
    const auto& times = figures.start_ms;
    table.add({name, bench::number(bench::median(times), 1),
               bench::number(*std::min_element(times.begin(), times.end()), 1),
               bench::number(*std::max_element(times.begin(), times.end()), 1),
               bench::number(bench::median(figures.resident_mib), 1),
               bench::number(bench::median(figures.family_mib), 1),
               bench::number(bench::median(figures.own_mib), 1)});
}

int compare(const Figures& ours, const Figures& theirs) {
    bench::Verdicts verdicts;
    const double faster = bench::median(theirs.start_ms) / bench::median(ours.start_ms);
    // The official worker is two processes: its heartbeat has one of its own.
    const double share = bench::median(ours.family_mib) / bench::median(theirs.family_mib);
    verdicts.say("exec to first job-take", "≥ 20 × faster", bench::number(faster, 1) + " × faster",
                 faster >= start_factor_min);
    verdicts.say("resident memory, all processes", "≤ 1/5", "1/" + bench::number(1 / share, 1),
                 share <= memory_share_max);
    return verdicts.all_reached() ? 0 : 1;
}

int measure(const Plan& plan) {
    std::printf("%s\n\n", bench::describe_machine(plan.folder).c_str());
    std::fflush(stdout);
    bench::PollServer server(plan.folder / "spool");
    Figures ours;
    Figures theirs;
    const bool both = !plan.python.empty();
    // By way of env, because a virtual environment is found by the whole path in argv[0].
    for (int i = 0; i < plan.rounds; ++i) {
        const bool measured = measure_once(server, plan, plan.program, {"worker"}, ours) &&
                              (!both || measure_once(server, plan, "/usr/bin/env",
                                                     {plan.python.string(), plan.script.string()}, theirs));
        if (!measured) {
            std::fprintf(stderr, "bench_worker: a worker did not ask for a job:\n%s\n",
                         darkroom::testing::read_file(plan.folder / "err").c_str());
            return 2;
        }
    }
    bench::Table table({"worker, " + std::to_string(plan.rounds) + " starts in turns",
                        "exec to first job-take, ms", "fastest", "slowest", "resident MiB, main process",
                        "all its processes", "the same, shared pages by share"});
    add(table, "darkroom worker", ours);
    if (both) add(table, "official Python worker", theirs);
    table.print();
    std::printf("\nload of the last minute at the end: %s\n",
                bench::number(bench::load_average(), 2).c_str());
    if (both) return compare(ours, theirs);
    std::printf("NOT COMPARED: the official worker is not installed, and its registry does not answer.\n");
    return 0;
}

int run(int argc, char** argv) {
    darkroom::log::configure(darkroom::log::Level::error, darkroom::log::Format::text);
    Plan plan;
    plan.program = beside_this_program("darkroom");
    plan.script = DR_OFFICIAL_WORKER;
    CLI::App app{"darkroom worker against RunPod's official Python worker: start and memory."};
    app.add_option("--rounds", plan.rounds, "whose medians count")->check(CLI::Range(1, 100));
    app.add_option("--python", plan.python, "a Python that has the package runpod")->check(CLI::ExistingFile);
    app.add_option("--program", plan.program, "the darkroom to measure")->check(CLI::ExistingFile);
    CLI11_PARSE(app, argc, argv);
    const auto build = beside_this_program("..").lexically_normal();
    if (plan.python.empty()) plan.python = official_python(build);
    auto folder = (build / "bench-worker-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror("bench_worker: cannot make a folder");
        return 2;
    }
    plan.folder = fs::absolute(folder);
    const int code = measure(plan);
    fs::remove_all(plan.folder);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_worker: %s\n", error.what());
        return 2;
    }
}
