// Determinism: every type twice with one thread and once with two, and all files must be equal byte for byte.
#include <string>

#include "bench/imaging/pixel_process.h"
#include "bench/imaging/process_sets.h"
#include "bench/imaging/work_orders.h"
#include "tests/support/child_process.h"

namespace darkroom::bench {
namespace {

/// Main and mask, or what went wrong.
std::string files_of(PixelProcess& process, const WorkOrder& order) {
    auto done = process.run(order.operation, order.params, order.input);
    if (!done) return "failed: " + done.error().message;
    std::string bytes = testing::read_file(done->main);
    if (!done->mask.empty()) bytes += testing::read_file(done->mask);
    return bytes;
}

}  // namespace

SetReport run_same_bytes(const SetPlan& plan, const ProcessPlan& process) {
    SetReport set;
    set.id = "same-bytes";
    set.title = "Determinism";
    set.about = "Every type through the pixel process, twice with one thread and once with two.";
    PixelProcess one({process.program, process.folder / "one", 1, 1});
    PixelProcess two({process.program, process.folder / "two", 2, 1});
    ReportTable table;
    table.header = {"", "pictures", "twice", "1 and 2 threads"};
    double all = 0, different = 0;
    const int seeds = plan.quick ? 1 : 3;
    std::vector<std::string> names;
    std::map<std::string, std::pair<int, int>> differing;
    for (int i = 0; i < seeds; ++i) {
        for (const WorkOrder& order :
             work_orders(false, plan.first_seed + static_cast<std::uint64_t>(i), process.folder / "inputs")) {
            if (i == 0) names.push_back(order.name);
            const std::string first = files_of(one, order), again = files_of(one, order),
                              other = files_of(two, order);
            const bool failed = first.rfind("failed", 0) == 0;
            differing[order.name].first += failed || first != again ? 1 : 0;
            differing[order.name].second += failed || first != other ? 1 : 0;
            all += 2;
            different += (failed || first != again ? 1 : 0) + (failed || first != other ? 1 : 0);
        }
    }
    const auto told = [](int count) {
        return count == 0 ? std::string("equal") : std::to_string(count) + " differ";
    };
    for (const std::string& name : names)
        table.rows.push_back(
            {name, std::to_string(seeds), told(differing[name].first), told(differing[name].second)});
    set.tables = {table};
    set.promises = {{"all types", "files that differ, of " + std::to_string(static_cast<int>(all)), different,
                     0, at_most(0), at_most(0)}};
    return set;
}

}  // namespace darkroom::bench
