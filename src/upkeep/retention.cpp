#include "upkeep/retention.h"

#include "base/log.h"

namespace darkroom::upkeep {
namespace {

constexpr int jobs_per_slice = 200;

// False: the rest is left for the next time.
bool retire_slice(ports::JobStore& store, ports::ObjectStore& objects, ports::Retention what,
                  TimePoint ended_before, TimePoint now, RetentionReport& report) {
    const auto retired = store.retire_jobs(what, ended_before, jobs_per_slice, now);
    if (!retired) {
        log::warning("retention could not be looked up", {{"detail", retired.error().detail}});
        return false;
    }
    if (retired->jobs == 0) return false;
    if (const auto removed = objects.remove_many(retired->objects); !removed) {
        log::warning("objects whose retention is over could not be removed",
                     {{"detail", removed.error().detail}});
        return false;
    }
    if (const auto settled = store.settle_retired(what, retired->mark); !settled) {
        log::warning("retention could not be recorded", {{"detail", settled.error().detail}});
        return false;
    }
    report.jobs += retired->jobs;
    report.objects += static_cast<int>(retired->objects.size());
    return true;
}

}  // namespace

RetentionReport apply_retention(ports::JobStore& store, ports::ObjectStore& objects,
                                const RetentionPolicy& policy, TimePoint now,
                                const std::function<bool()>& may_go_on) {
    using ports::Retention;
    RetentionReport report;
    for (const auto& [what, life] :
         {std::pair(Retention::inputs, policy.inputs), std::pair(Retention::outputs, policy.outputs),
          std::pair(Retention::jobs, policy.jobs)}) {
        if (!life) continue;
        while (may_go_on() && retire_slice(store, objects, what, now - *life, now, report)) {
        }
    }
    return report;
}

}  // namespace darkroom::upkeep
