// The order that a backend gets for a claimed job. Pure.
#pragma once
#include "core/job.h"
#include "ports/backend.h"

namespace darkroom::dispatch {

/// `attempt` is one of job.attempts.
inline ports::WorkOrder work_order(const core::Job& job, const AttemptId& attempt, Milliseconds time_limit) {
    ports::WorkOrder order{.job = job.id,
                           .attempt = attempt,
                           .attempt_number = 1,
                           .type = job.type,
                           .params_effective_json = job.params_effective_json,
                           .inputs = job.inputs,
                           .time_limit = time_limit};
    for (const auto& known : job.attempts) {
        if (known.id == attempt) order.attempt_number = known.number;
    }
    return order;
}

}  // namespace darkroom::dispatch
