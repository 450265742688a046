// From exec to the first 200 on /healthz, memory after a rest, and the libraries that come along.
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "bench/gateway/workbench.h"

namespace darkroom::bench {
namespace {

constexpr int starts = 20;
constexpr double start_ms_max = 50;
constexpr double resident_mib_max = 20;
constexpr int rest_before_memory_ms = 5'000;

Result<std::vector<double>, std::string> start_often(const Workbench& bench, bool fresh) {
    std::vector<double> times;
    auto data_dir = bench.make_data_dir("start");
    if (!fresh) {
        const auto first = GatewayProcess::start(bench.gateway(data_dir));
        if (!first) return Fail(first.error());
    }
    for (int i = 0; i < starts; ++i) {
        if (fresh) {
            std::filesystem::remove_all(data_dir);
            data_dir = bench.make_data_dir("start");
        }
        const auto gateway = GatewayProcess::start(bench.gateway(data_dir));
        if (!gateway) return Fail(gateway.error());
        times.push_back((*gateway)->start_ms());
    }
    std::filesystem::remove_all(data_dir);
    return times;
}

void add_starts(Table& table, const std::string& name, const std::vector<double>& times) {
    table.add({name, number(*std::min_element(times.begin(), times.end()), 1), number(median(times), 1),
               number(*std::max_element(times.begin(), times.end()), 1)});
}

Measured measure_times(Workbench& bench) {
    const auto fresh = start_often(bench, true);
    if (!fresh) return Fail(fresh.error());
    const auto again = start_often(bench, false);
    if (!again) return Fail(again.error());
    Table table({"darkroom serve, exec to first 200 on /healthz, " + std::to_string(starts) + " starts",
                 "fastest ms", "median ms", "slowest ms"});
    add_starts(table, "new data folder", *fresh);
    add_starts(table, "data folder of an earlier run", *again);
    table.print();
    const auto worse = std::max(median(*fresh), median(*again));
    bench.verdicts.say("start", "≤ 50 ms", number(worse, 1) + " ms (median)", worse <= start_ms_max);
    return {};
}

Measured measure_memory(Workbench& bench) {
    const auto gateway = GatewayProcess::start(bench.gateway(bench.make_data_dir("memory")));
    if (!gateway) return Fail(gateway.error());
    ::poll(nullptr, 0, rest_before_memory_ms);
    const auto memory = memory_of((*gateway)->pid());
    Table table({"memory after 5 s at rest", "resident MiB", "its own", "pages of program and libraries"});
    table.add(
        {"darkroom serve", number(memory.resident, 1), number(memory.anonymous, 1), number(memory.file, 1)});
    table.print();
    bench.verdicts.say("memory at rest", "≤ 20 MiB", number(memory.resident, 1) + " MiB",
                       memory.resident > 0 && memory.resident <= resident_mib_max);
    return {};
}

struct ClosePipe {
    void operator()(FILE* pipe) const { ::pclose(pipe); }
};

Measured measure_libraries(Workbench& bench) {
    const auto command = "ldd '" + bench.program.string() + "'";
    const std::unique_ptr<FILE, ClosePipe> pipe(::popen(command.c_str(), "r"));
    if (!pipe) return Fail(std::string("ldd cannot be run"));
    std::string text;
    char piece[4'096];
    while (const auto got = std::fread(piece, 1, sizeof piece, pipe.get())) text.append(piece, got);
    if (text.find("libc.so") == std::string::npos) return Fail("ldd says nothing useful: " + text);
    const bool clean = text.find("vips") == std::string::npos && text.find("opencv") == std::string::npos;
    const auto count = std::count(text.begin(), text.end(), '\n');
    bench.verdicts.say("libraries", "neither libvips nor OpenCV",
                       std::to_string(count) + " linked, " +
                           (clean ? "none of them an image library" : "image libraries among them"),
                       clean);
    return {};
}

}  // namespace

Measured measure_start(Workbench& bench) {
    if (auto times = measure_times(bench); !times) return times;
    if (auto memory = measure_memory(bench); !memory) return memory;
    return measure_libraries(bench);
}

}  // namespace darkroom::bench
