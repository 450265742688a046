// Faults on purpose: which ones, when, and with what number. A rule fires always, with a probability, or at
// the n-th call; chance comes from one seed, each fault with a stream of its own, so that a run repeats as
// long as its calls do. What a fault does is decided where it is asked for; this only says yes or no.
// Pure state, one thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace darkroom::runpod::endpoint {

/// A fault that exists, in words for --help and GET /_darkroom/faults.
struct FaultKind {
    std::string_view name;
    std::string_view does;
    std::string_view parameter;  // what the number behind the colon means; empty = it takes none
    std::int64_t parameter_default = 0;
};
std::span<const FaultKind> fault_kinds();

struct FaultError {
    std::string detail;
};

class FaultScript {
public:
    explicit FaultScript(std::uint64_t seed) : seed_(seed) {}

    /// `when` is "always", "never", a probability as "0.25", a call as "#3" or calls as "#3-7"; behind a
    /// colon the fault's number, as in "0.1:3000". Setting a fault starts its count of calls again.
    Result<void, FaultError> set(std::string_view name, std::string_view when);
    /// All rules go, and chance begins again.
    void reset(std::uint64_t seed);

    /// Counts a call of `name`; if the fault fires, its number. A name that is not in the table is a bug.
    std::optional<std::int64_t> fires(std::string_view name);
    bool has_rules() const { return !rules_.empty(); }
    std::uint64_t seed() const { return seed_; }

    struct Rule {
        std::string when;  // as it was set
        double probability = 0;
        std::uint64_t first = 0;  // of calls, from 1 on; 0 = by probability
        std::uint64_t last = 0;
        std::int64_t number = 0;
        std::uint64_t calls = 0;
        std::uint64_t fired = 0;
        std::mt19937_64 chance;
    };
    const std::map<std::string, Rule, std::less<>>& rules() const { return rules_; }

private:
    std::uint64_t seed_;
    std::map<std::string, Rule, std::less<>> rules_;
};

}  // namespace darkroom::runpod::endpoint
