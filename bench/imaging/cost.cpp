// Time and memory of every type, through the pixel process. Each figure comes from a process of its own,
// because the most memory it ever held is what counts.
#include <string>

#include "bench/gateway/figures.h"
#include "bench/gateway/machine.h"
#include "bench/imaging/pixel_process.h"
#include "bench/imaging/process_sets.h"
#include "bench/imaging/work_orders.h"

namespace darkroom::bench {
namespace {

constexpr double allowance = 1.5;  // of the targets, which are for idle cores of 2.5 GHz

struct Cost {
    std::vector<double> op_ms, encode_ms, wall_ms;
    double decode_ms = 0;
    double cpu_ms = 0;  // of one run, all threads, with decode and encode
    double peak_mib = 0;
    std::string failed;
};

Cost cost_of(const WorkOrder& order, int threads, int rounds, const ProcessPlan& plan) {
    PixelProcess process({plan.program, plan.folder / "cost", threads, 1});
    Cost cost;
    for (int i = 0; i < rounds; ++i) {
        const auto done = process.run(order.operation, order.params, order.input);
        if (!done) {
            cost.failed = done.error().message;
            return cost;
        }
        cost.op_ms.push_back(static_cast<double>(done->timing.op.count()));
        cost.encode_ms.push_back(static_cast<double>(done->timing.encode.count()));
        cost.wall_ms.push_back(done->wall_ms);
        cost.decode_ms = static_cast<double>(done->timing.decode.count());
    }
    cost.cpu_ms = process.cpu_ms() / rounds;
    cost.peak_mib = process.peak_mib();
    return cost;
}

std::vector<std::string> row(const WorkOrder& order, const char* size, int threads, const Cost& cost) {
    const std::string first =
        order.name + ", " + size + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
    if (!cost.failed.empty()) return {first, "failed: " + cost.failed, "", "", "", "", "", "", ""};
    const auto goal = [](const std::optional<double>& target) {
        return target ? number(*target) : std::string("–");
    };
    return {first,
            number(median(cost.op_ms)),
            number(percentile(cost.op_ms, 0.95)),
            goal(order.target_ms),
            number(cost.decode_ms),
            number(median(cost.encode_ms)),
            number(cost.cpu_ms),
            number(cost.peak_mib),
            goal(order.target_mib)};
}

void promise(SetReport& set, const WorkOrder& order, const char* size, const Cost& cost) {
    const double never = 1e9;
    const bool failed = !cost.failed.empty();
    if (order.target_ms)
        set.promises.push_back({order.name, std::string("time at ") + size + ", 2 threads, ms",
                                failed ? never : median(cost.op_ms), 0, at_most(allowance * *order.target_ms),
                                at_most(*order.target_ms)});
    if (order.target_mib)
        set.promises.push_back({order.name, std::string("memory of the process at ") + size + ", MiB",
                                failed ? never : cost.peak_mib, 0, at_most(allowance * *order.target_mib),
                                at_most(*order.target_mib)});
}

}  // namespace

SetReport run_cost(const SetPlan& plan, const ProcessPlan& process) {
    SetReport set;
    set.id = "cost";
    set.title = "Time and memory";
    const double load = load_average();
    set.about =
        "Through the pixel process, JPEG in, PNG or JPEG out. The gate is 1.5 times the target on two "
        "threads. "
        "Time is the operation's own, median and 95th percentile; processor time is all threads', with "
        "decoding "
        "and encoding; memory is the most that the whole process held, with its libraries. Load before: " +
        number(load, 2) + (load > 0.5 ? " — not an idle machine, so times are not to be quoted." : ".");
    ReportTable table;
    table.header = {"",    "ms, p50", "ms, p95", "target", "decode", "encode, all files", "processor ms",
                    "MiB", "target"};
    for (const bool large : {false, true}) {
        const auto orders = work_orders(large, plan.first_seed, process.folder / "inputs");
        const int rounds = plan.quick ? 1 : large ? 3 : 5;
        for (const WorkOrder& order : orders) {
            const char* size = large ? "12 MP" : "1 MP";
            for (const int threads : {1, 2}) {
                if (plan.quick && (large || threads == 1) && !(large && threads == 2)) continue;
                const Cost cost = cost_of(order, threads, rounds, process);
                table.rows.push_back(row(order, size, threads, cost));
                if (threads == 2) promise(set, order, size, cost);
            }
        }
    }
    set.tables = {table};
    return set;
}

}  // namespace darkroom::bench
