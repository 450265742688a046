#include "runpod/protocol/job_state.h"

#include <array>

namespace darkroom::runpod {
namespace {

struct Row {
    JobState state;
    std::string_view name;
    int rank;
};

constexpr std::array rows = {
    Row{JobState::unknown, "UNKNOWN", 0},         Row{JobState::in_queue, "IN_QUEUE", 1},
    Row{JobState::in_progress, "IN_PROGRESS", 2}, Row{JobState::failed, "FAILED", 3},
    Row{JobState::timed_out, "TIMED_OUT", 3},     Row{JobState::cancelled, "CANCELLED", 3},
    Row{JobState::completed, "COMPLETED", 4},
};

const Row& row_of(JobState state) {
    for (const auto& row : rows) {
        if (row.state == state) return row;
    }
    return rows.front();
}

}  // namespace

JobState parse_job_state(std::string_view text) {
    if (text == "RUNNING") return JobState::in_progress;  // in RunPod's documents; no SDK knows it
    for (const auto& row : rows) {
        if (row.name == text) return row.state;
    }
    return JobState::unknown;
}

std::string_view name_of(JobState state) { return row_of(state).name; }
int rank(JobState state) { return row_of(state).rank; }
bool is_final(JobState state) { return rank(state) >= rank(JobState::failed); }

bool is_progress(JobState seen, JobState next) {
    if (seen == JobState::cancelled) return false;
    return rank(next) > rank(seen);
}

}  // namespace darkroom::runpod
