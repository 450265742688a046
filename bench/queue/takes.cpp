#include "bench/queue/takes.h"

namespace darkroom::bench {
namespace {

constexpr int batch = 100;

}  // namespace

void Takes::once() {
    if (postgres_ != nullptr) (void)postgres_->value("select pg_stat_statements_reset()");
    const auto taken = side_.ask({{"op", "take"}, {"count", batch}});
    ms_.push_back(taken.at("ms").to_number<double>());
    if (postgres_ != nullptr) {
        // All that the side's own role said in that time: whatever it takes to fetch counts.
        buffers_.push_back(
            std::stod(postgres_->value("select coalesce(sum(shared_blks_hit + shared_blks_read), 0) from "
                                       "pg_stat_statements s join pg_roles r on "
                                       "r.oid = s.userid where r.rolname = 'darkroom'")));
    }
    (void)side_.ask({{"op", "settle"}});
}

void Takes::forget() {
    ms_.clear();
    buffers_.clear();
}

void add_takes(Findings& findings, const std::string& part, const std::string& state, const SideFacts& facts,
               const Takes& takes) {
    findings.add(part, state + ": ms", facts.name, takes.ms(), 2);
    if (!takes.buffers().empty()) findings.add(part, state + ": pages", facts.name, takes.buffers());
}

}  // namespace darkroom::bench
