// What a gateway costs that has nothing to do: processor time and memory, with an empty and with a long
// queue.
#include <poll.h>

#include <cstdio>

#include "bench/gateway/workbench.h"
#include "bench/store/load.h"
#include "tests/support/seeded_random.h"

namespace darkroom::bench {
namespace {

constexpr int settle_ms = 2'000;
constexpr int watched_ms = 10'000;
constexpr double cpu_percent_max = 0.5;
constexpr double long_queue_mib_max = 40;

double cpu_percent(const GatewayProcess& gateway) {
    ::poll(nullptr, 0, settle_ms);
    const auto before = cpu_seconds_of(gateway.pid());
    ::poll(nullptr, 0, watched_ms);
    return (cpu_seconds_of(gateway.pid()) - before) / (watched_ms / 1e3) * 100;
}

// What the claim measurement has left behind, or a queue of its own.
std::filesystem::path data_dir_with_long_queue(const Workbench& bench) {
    auto dir = bench.make_data_dir("long-queue");
    if (!std::filesystem::exists(bench.long_queue_file())) {
        testing::SeededRandom random(3);
        const auto store = open_store(bench.long_queue_file().string(), random);
        (void)create_jobs(*store, random, 256, bench.long_queue);
    }
    std::filesystem::rename(bench.long_queue_file(), dir / "darkroom.db");
    return dir;
}

struct Rest {
    double start_ms = 0;
    double cpu_percent = 0;
    Memory memory;
};

Result<Rest, std::string> watch(const GatewayProcess& gateway, bool work_waits) {
    if (work_waits) {
        const auto upload = gateway.upload_picture();
        if (!upload) return Fail(upload.error());
        if (auto frozen = gateway.freeze_work(*upload); !frozen) return Fail(frozen.error());
    }
    Rest rest;
    rest.start_ms = gateway.start_ms();
    rest.cpu_percent = cpu_percent(gateway);
    rest.memory = memory_of(gateway.pid());
    return rest;
}

void add_rest(Table& table, const std::string& name, const Rest& rest) {
    table.add({name, number(rest.start_ms, 0), number(rest.cpu_percent, 3), number(rest.memory.resident, 1),
               number(rest.memory.anonymous, 1)});
}

}  // namespace

Measured measure_idle(Workbench& bench) {
    Result<Rest, std::string> empty = Rest{};
    {
        const auto gateway = GatewayProcess::start(bench.gateway(bench.make_data_dir("idle")));
        if (!gateway) return Fail(gateway.error());
        empty = watch(**gateway, false);
        if (!empty) return Fail(empty.error());
    }
    const auto gateway = GatewayProcess::start(bench.gateway(data_dir_with_long_queue(bench)));
    if (!gateway) return Fail(gateway.error());
    const auto full = watch(**gateway, true);
    if (!full) return Fail(full.error());

    const auto queue = number(bench.long_queue);
    Table table({"darkroom serve at rest for 10 s", "start ms", "CPU %", "resident MiB", "its own"});
    add_rest(table, "nothing queued", *empty);
    add_rest(table, queue + " jobs queued, the endpoint busy", *full);
    table.print();
    const auto cpu = std::max(empty->cpu_percent, full->cpu_percent);
    bench.verdicts.say("processor at rest", "< 0.5 %", number(cpu, 3) + " %", cpu < cpu_percent_max);
    bench.verdicts.say("memory with " + queue + " queued", "≤ 40 MiB",
                       number(full->memory.resident, 1) + " MiB",
                       full->memory.resident <= long_queue_mib_max);
    return {};
}

}  // namespace darkroom::bench
