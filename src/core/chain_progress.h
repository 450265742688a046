// How a chain stands, decided from how its steps stand. Pure: a store calls this after each change of a step
// and performs what it says, until it says nothing more.
//
//   QUEUED     no backend has told anything of a step yet
//   RUNNING    one has
//   SUCCEEDED  all steps have
//   FAILED     a step has, and none is at work any more; what had not begun was cancelled
//   CANCELLED  by its owner; all steps have ended
//
// A chain has ended exactly if all its steps have. A step that is at work when another one fails is left to
// finish: its result is there when the chain is tried again.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/job_machine.h"

namespace darkroom::core {

struct StepState {
    std::string name;
    std::string from;  // the step whose output it works on; empty: the chain's own inputs
    Status status = Status::queued;
    bool waits = false;  // it has not been given its input yet
};

/// What is to be done with which steps (by their places in the list), and the chain's status then.
struct ChainProgress {
    Status chain = Status::queued;
    std::vector<std::size_t> begin;    // their input is there, or will never be: their source has ended well
    std::vector<std::size_t> give_up;  // cancelled, because another step has failed
    std::vector<std::size_t> revive;   // wanted again: what had failed has a result after all
    bool steady() const { return begin.empty() && give_up.empty() && revive.empty(); }
};

/// Where something is to be done, it is done first and asked again. A source that is not among the steps
/// before counts as one that made nothing, so that a chain can never wait for itself.
ChainProgress progress_of(Status chain, const std::vector<StepState>& steps);

/// Whether a step's event tells that the work on its chain has begun.
bool begins_chain(JobEventKind step_event);

}  // namespace darkroom::core
