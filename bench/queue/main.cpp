// bench_queue [work] [latency] [claims] [pinned] [posts]: Darkroom's queue beside others', everything in one
// run on one machine: pg-boss, graphile-worker, BullMQ, Celery. Bare: all parts, about half an hour; --quick:
// within five minutes; --deep: with ten million jobs queued as well. Leaves bench-out/queue.html, queue.json
// and the plots; ends with 1 if a promise is not kept.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/time.h"
#include "bench/gateway/figures.h"
#include "bench/gateway/machine.h"
#include "bench/queue/drive.h"
#include "bench/queue/failure.h"
#include "bench/queue/measure.h"
#include "bench/queue/open_store.h"
#include "bench/queue/pages.h"

namespace {

namespace bench = darkroom::bench;
namespace fs = std::filesystem;

struct Part {
    const char* name;
    void (*measure)(const bench::QueuePlan&, bench::Findings&);
};
constexpr std::array parts{Part{"work", bench::measure_work}, Part{"latency", bench::measure_latency},
                           Part{"claims", bench::measure_claims}, Part{"pinned", bench::measure_pinned},
                           Part{"posts", bench::measure_posts}};

fs::path beside_this_program(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

struct Options {
    bench::QueuePlan plan;
    std::vector<std::string> parts;
    std::vector<std::string> sides;
    fs::path out = "bench-out";
    bool quick = false;
    bool deep = false;
};

void make_quick(bench::QueuePlan& plan) {
    plan.rounds = 3;
    plan.round_s = 1.2;
    plan.jobs_max = 10'000;
    plan.latency_rounds = 1;
    plan.latency_s = 3;
    plan.queue_lengths = {1'000, 100'000};
    plan.pinned_jobs = 30'000;
    plan.backlog = 100'000;
    plan.posts_s = 5;
}

bool can_be_opened(const bench::SideFacts& facts) {
    if (facts.id == bench::SideId::sqlite) return bench::has_queue_store("sqlite");
    if (facts.id == bench::SideId::postgres) return bench::has_queue_store("postgres");
    return true;
}

/// Those that are wanted and here; what is missing is said aloud and stands in the findings.
void choose_sides(Options& options, bench::Findings& findings) {
    for (const auto& facts : bench::all_sides()) {
        const auto& wanted = options.sides;
        if (!can_be_opened(facts)) continue;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), facts.name) == wanted.end()) continue;
        const auto missing = bench::why_missing(options.plan.stage, facts);
        bench::SideNote note{facts.name,   missing,    facts.durability,
                             facts.synced, facts.ours, missing.empty()};
        if (missing.empty()) {
            options.plan.sides.push_back(facts);
        } else {
            std::printf("- left out: %s: %s\n", facts.name, missing.c_str());
        }
        findings.sides.push_back(note);
    }
    std::fflush(stdout);
}

// Once each, so that a run tells what exactly it has compared.
void ask_versions(const bench::QueuePlan& plan, bench::Findings& findings) {
    std::unique_ptr<darkroom::testing::PostgresServer> postgres;
    for (const auto& facts : plan.sides) {
        if (facts.needs_postgres && !postgres)
            postgres = bench::start_postgres(plan.stage, "versions-postgres", false);
        const bench::Side side(plan.stage, facts, postgres.get(),
                               "versions-" + std::to_string(static_cast<int>(facts.id)));
        for (auto& note : findings.sides) {
            if (note.name == facts.name) note.version = side.version();
        }
    }
    if (postgres)
        findings.how += "; Postgres " + postgres->value("show server_version") +
                        ", shared_buffers 256MB, max_wal_size 2GB";
    bench::Table table({"side", "version", "an answer is"});
    for (const auto& note : findings.sides) {
        if (note.here) table.add({note.name, note.version, note.durability});
    }
    table.print();
}

int measure(Options& options) {
    const auto begun = std::chrono::steady_clock::now();
    const auto& folder = options.plan.stage.folder;
    bench::Findings findings;
    findings.machine = bench::describe_machine(folder);
    findings.date =
        darkroom::format_rfc3339(std::chrono::floor<darkroom::Milliseconds>(std::chrono::system_clock::now()))
            .substr(0, 10);
    findings.how = options.quick ? "quick" : options.deep ? "deep" : "whole";
    std::printf("%s\n", findings.machine.c_str());
    choose_sides(options, findings);
    ask_versions(options.plan, findings);
    for (const auto& part : parts) {
        const auto& wanted = options.parts;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), part.name) == wanted.end()) continue;
        const auto notes_before = findings.parts.size();
        part.measure(options.plan, findings);
        for (auto i = notes_before; i < findings.parts.size(); ++i)
            bench::print_part(findings, findings.parts[i]);
    }
    bench::add_gates(options.plan, findings);
    std::printf("\n### Promises\n\n");
    for (const auto& gate : findings.gates) bench::print_gate(gate);
    findings.load_at_end = bench::load_average();
    findings.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    bench::write_pages(findings, options.out);
    std::printf("\n%s s; load of the last minute at the end %s; %s\n",
                bench::number(findings.seconds).c_str(), bench::number(findings.load_at_end, 2).c_str(),
                (options.out / "queue.html").c_str());
    return findings.all_kept() ? 0 : 1;
}

int run(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "drive") return bench::drive(argv[2]);
    Options options;
    auto& plan = options.plan;
    plan.stage.peers = DR_QUEUE_PEERS;
    plan.stage.node_modules = beside_this_program("../bench-queue/node_modules");
    plan.stage.program = fs::read_symlink("/proc/self/exe");
    plan.darkroom = beside_this_program("darkroom");
    auto parent = beside_this_program("..").lexically_normal();
    CLI::App app{"Darkroom's queue beside other people's, in one run on one machine."};
    app.add_option("part", options.parts,
                   "work, latency, claims, pinned, posts; all of them if none is named")
        ->check(CLI::IsMember({"work", "latency", "claims", "pinned", "posts"}));
    std::vector<std::string> names;
    for (const auto& facts : bench::all_sides()) names.emplace_back(facts.name);
    app.add_option("--side", options.sides,
                   "only this one (and others named so); all that are here if none is named")
        ->check(CLI::IsMember(names));
    app.add_flag("--quick", options.quick, "shorter rounds, at most 100,000 jobs queued: under five minutes");
    app.add_flag("--deep", options.deep, "with 10,000,000 jobs queued as well: an hour more");
    app.add_option("--rounds", plan.rounds, "of throughput, whose medians count")->check(CLI::Range(1, 100));
    app.add_option("--folder", parent, "on the disk to measure; a folder in it is made and removed");
    app.add_option("--program", plan.darkroom, "the darkroom to measure")->check(CLI::ExistingFile);
    app.add_option("--peers", plan.stage.node_modules, "node_modules of bench/queue/peers");
    app.add_option("--out", options.out, "folder for the page, the JSON and the plots");
    CLI11_PARSE(app, argc, argv);
    if (options.quick) make_quick(plan);
    if (options.deep) plan.queue_lengths.push_back(10'000'000);
    auto folder = (parent / "bench-queue-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        std::perror(("bench_queue: cannot make a folder in " + parent.string()).c_str());
        return 2;
    }
    plan.stage.folder = fs::absolute(folder);
    plan.stage.node_modules = fs::absolute(plan.stage.node_modules);
    plan.darkroom = fs::absolute(plan.darkroom);
    // Postgres runs as another user where this runs as root, and has to come through.
    fs::permissions(plan.stage.folder, fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
    int code = 2;
    try {
        code = measure(options);
    } catch (const bench::CannotMeasure& error) {
        std::fprintf(stderr, "bench_queue: %s\n", error.what());
    }
    std::error_code ignored;
    fs::remove_all(plan.stage.folder, ignored);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_queue: %s\n", error.what());
        return 2;
    }
}
