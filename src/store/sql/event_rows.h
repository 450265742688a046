// Table job_events: the timeline, numbered 1, 2, 3 … for each job, and the JSON that goes with an event.
#pragma once
#include <string>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

/// Appends `event`. Its number is its place among those of its job. What the row has is in this order and has
/// gaps where several write: there it is drawn, because to look for the last one costs as much as to write
/// the new one.
void append_event(Database& db, std::int64_t job_seq, const core::JobEvent& event);
std::vector<core::JobEvent> list_events(Database& db, std::int64_t job_seq, std::int64_t after,
                                        int count_max);

/// {"endpoint":…}
std::string claim_data(std::string_view endpoint);
/// {"worker":…}, or {} where none is known.
std::string start_data(std::string_view worker);
/// {"why":…}, and "retry_in_ms" if the job waits for that.
std::string give_back_data(std::string_view why, std::optional<Milliseconds> retry_in);
/// {"backend":…,"recipe":…}
std::string plan_data(const ports::WorkPlan& plan);
/// {"error":{"code":…,"message":…}}, "retry_pause_ms" if another attempt follows, and "retry_as" with its
/// plan if that is another one.
std::string failure_data(const core::JobError& error, std::optional<Milliseconds> retry_pause,
                         const std::optional<ports::WorkPlan>& retry_as = {});

}  // namespace darkroom::store
