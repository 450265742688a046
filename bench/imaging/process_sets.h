// What is measured through the real pixel process, file to file: the rules of shops, equal bytes, time and
// memory.
#pragma once
#include <filesystem>

#include "bench/imaging/sets.h"

namespace darkroom::bench {

struct ProcessPlan {
    std::filesystem::path program;  // darkroom-imaging
    std::filesystem::path folder;
};

SetReport run_ecomm_40(const SetPlan& plan, const ProcessPlan& process);

/// The same bytes twice, and with one thread and two, for every type.
SetReport run_same_bytes(const SetPlan& plan, const ProcessPlan& process);

/// Time and memory at 1 and 12 megapixels, with one thread and two.
SetReport run_cost(const SetPlan& plan, const ProcessPlan& process);

}  // namespace darkroom::bench
