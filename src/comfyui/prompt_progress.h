// How far the prompts of one pod are, as its socket tells: the ports::ProgressBoard behind the API, and for
// the socket, which prompts are ours and whether there are any. In memory and bounded; never the truth of
// anything.
#pragma once
#include <map>
#include <memory>
#include <mutex>

#include "comfyui/pod_files.h"
#include "comfyui/socket_event.h"
#include "ports/clock.h"
#include "ports/progress_board.h"

namespace darkroom::comfyui {

/// Any thread.
class PromptProgress final : public ports::ProgressBoard {
public:
    static constexpr std::size_t prompts_max = 1'024;
    static constexpr Milliseconds forgotten_after{5 * 60'000};  // that nobody has asked the pod about it

    explicit PromptProgress(const ports::Clock& clock) : clock_(clock), opened_(clock.make_wake_up()) {}

    /// The prompt is at the pod, with so many nodes (0 = not known). Again and again, as long as it is.
    void follow(const AttemptId& attempt, std::size_t nodes);
    void forget(const AttemptId& attempt);
    bool has_open();
    /// Of a prompt that is followed; all others are somebody else's.
    void take(const SocketEvent& event);
    /// Steps, if a node has told of them; else the nodes that are done.
    std::optional<ports::StepProgress> progress_of(const AttemptId& attempt) const override;

    /// Set when a prompt is followed that was not before.
    ports::WakeUp& opened() { return *opened_; }

private:
    struct Followed {
        std::size_t nodes = 0;
        std::size_t begun = 0;
        std::string node;  // the one that has begun last
        std::optional<ports::StepProgress> steps;
        Instant asked_about{};
    };
    void drop_old(Instant now);

    const ports::Clock& clock_;
    const std::unique_ptr<ports::WakeUp> opened_;
    mutable std::mutex mutex_;  // of what follows
    std::map<PromptId, Followed> prompts_;
};

}  // namespace darkroom::comfyui
