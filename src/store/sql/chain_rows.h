// The steps of a chain: rows of jobs that hang on it. Reads and writes rows, decides nothing.
#pragma once
#include <string>
#include <vector>

#include "core/chain_progress.h"
#include "store/sql/job_rows.h"

namespace darkroom::store {

struct StepRow {
    std::int64_t seq = 0;
    JobId id;
    std::string type;
    core::StepState state;
    std::string from_role;
    std::optional<core::JobError> error;
    std::optional<AttemptId> selected_attempt;
};

/// In the order of their creation.
std::vector<StepRow> list_steps(Database& db, std::int64_t chain_seq);
JobId chain_id(Database& db, std::int64_t chain_seq);
/// Whether a result that comes late is still of use to the chain.
bool chain_takes_late_success(Database& db, std::int64_t chain_seq);
/// Whether retention took something that the chain was given or has made.
bool chain_lost_objects(Database& db, std::int64_t chain_seq);

/// What the step's source made in the role that it asks for; nullopt = that is not there.
std::optional<core::InputImage> made_for(Database& db, const std::vector<StepRow>& steps,
                                         const StepRow& step);
void set_inputs(Database& db, std::int64_t seq, const std::vector<core::InputImage>& inputs);

/// Fills what a chain shows of its steps: how they stand, and once it has succeeded its outputs and
/// thumbnail.
void show_steps(Database& db, std::int64_t chain_seq, core::Job& chain);

}  // namespace darkroom::store
