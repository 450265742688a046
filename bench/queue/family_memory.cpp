#include "bench/queue/family_memory.h"

#include <fstream>
#include <string>

#include "tests/support/process_table.h"

namespace darkroom::bench {
namespace {

double own_mib(pid_t process) {
    std::ifstream facts("/proc/" + std::to_string(process) + "/smaps_rollup");
    for (std::string line; std::getline(facts, line);) {
        if (line.starts_with("Pss:")) return std::stod(line.substr(4)) / 1'024;
    }
    return 0;
}

}  // namespace

double family_mib(pid_t process) {
    double sum = own_mib(process);
    for (const pid_t child : testing::descendants_of(process)) sum += own_mib(child);
    return sum;
}

}  // namespace darkroom::bench
