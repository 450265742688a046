// What can be asked of an endpoint, and how much of it RunPod allows. The table keeps to 80 % of its
// documented base limits in any ten seconds, burst included; where none is documented it is careful.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

namespace darkroom::runpod {

enum class Operation { run, status, cancel, health, retry, purge };

struct OperationTraits {
    Operation operation;
    std::string_view name;
    int per_10s_max;     // documented by RunPod, or our own word
    int concurrent_max;  // likewise
    /// The same request twice is the same as once, so it may simply be sent again.
    bool is_idempotent;
};

inline constexpr std::array operations = {
    OperationTraits{Operation::run, "run", 1000, 200, false},
    OperationTraits{Operation::status, "status", 2000, 400, true},
    OperationTraits{Operation::cancel, "cancel", 100, 20, true},
    OperationTraits{Operation::health, "health", 100, 20, true},    // not documented
    OperationTraits{Operation::retry, "retry", 100, 20, false},     // not documented
    OperationTraits{Operation::purge, "purge-queue", 2, 2, false},  // concurrency not documented
};

inline constexpr double share_of_limit = 0.8;

constexpr const OperationTraits& traits(Operation operation) {
    return operations[static_cast<std::size_t>(operation)];
}

}  // namespace darkroom::runpod
