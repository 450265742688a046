#include "core/chain_progress.h"

#include <algorithm>

namespace darkroom::core {
namespace {

using Steps = std::vector<StepState>;

bool any(const Steps& steps, Status status) {
    return std::any_of(steps.begin(), steps.end(), [&](const auto& step) { return step.status == status; });
}

bool all(const Steps& steps, Status status) {
    return std::all_of(steps.begin(), steps.end(), [&](const auto& step) { return step.status == status; });
}

std::vector<std::size_t> places_of(const Steps& steps, Status status) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].status == status) places.push_back(i);
    }
    return places;
}

bool source_is_done(const Steps& steps, std::size_t place) {
    const auto end = steps.begin() + static_cast<std::ptrdiff_t>(place);
    const auto source =
        std::find_if(steps.begin(), end, [&](const auto& step) { return step.name == steps[place].from; });
    return source == end || source->status == Status::succeeded;
}

std::vector<std::size_t> ready_steps(const Steps& steps) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& step = steps[i];
        if (step.status != Status::queued || !step.waits) continue;
        if (step.from.empty() || source_is_done(steps, i)) ready.push_back(i);
    }
    return ready;
}

}  // namespace

ChainProgress progress_of(Status chain, const Steps& steps) {
    ChainProgress progress;
    progress.chain = chain;
    if (chain == Status::succeeded || chain == Status::cancelled) return progress;
    const bool at_work = any(steps, Status::dispatched) || any(steps, Status::running);
    if (any(steps, Status::failed)) {
        progress.give_up = places_of(steps, Status::queued);
        if (!at_work) progress.chain = Status::failed;
        return progress;
    }
    if (chain == Status::failed) progress.chain = Status::running;
    progress.revive = places_of(steps, Status::cancelled);
    if (progress.revive.empty()) progress.begin = ready_steps(steps);
    if (all(steps, Status::succeeded)) progress.chain = Status::succeeded;
    return progress;
}

bool begins_chain(JobEventKind step_event) {
    switch (step_event) {
        case JobEventKind::start:
        case JobEventKind::succeed:
        case JobEventKind::retry_later:
        case JobEventKind::give_up:
        case JobEventKind::succeed_late:
            return true;
        case JobEventKind::claim:
        case JobEventKind::cancel:
        case JobEventKind::requeue:
        case JobEventKind::give_back:
        case JobEventKind::rerun:
            return false;
    }
    return false;
}

}  // namespace darkroom::core
