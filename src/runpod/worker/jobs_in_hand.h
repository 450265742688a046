// The jobs that this worker has taken and not ended: what is waiting, what is worked on, what the heartbeat
// names, and what can be stopped. A job is listed before anybody starts to work on it.
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ports/clock.h"
#include "ports/picture_work.h"
#include "ports/workflow_work.h"
#include "runpod/protocol/worker_messages.h"
#include "runpod/worker/interruptible.h"

namespace darkroom::runpod::worker {

/// What a job may be worked on with.
struct WorkTools {
    ports::PictureWork& pictures;
    ports::WorkflowWork* workflows = nullptr;  // of a worker that drives a ComfyUI
};

class JobInHand {
public:
    JobInHand(TakenJob taken, const ports::Clock& clock, const WorkTools& tools)
        : taken_(std::move(taken)),
          halt_(clock),
          picture_(tools.pictures.prepare()),
          workflow_(tools.workflows == nullptr ? nullptr : tools.workflows->prepare()) {}

    const TakenJob& taken() const { return taken_; }
    const RemoteJobId& id() const { return taken_.id; }
    /// What the thread that works on it pauses with and hands to its requests.
    Interruptible& halt() { return halt_; }
    ports::PictureRun& picture() { return *picture_; }
    /// nullptr in a worker that drives no ComfyUI.
    ports::WorkflowRun* workflow() { return workflow_.get(); }
    /// Nobody wants its end any more: interrupts whatever is going on for it.
    void stop() {
        halt_.stop();
        picture_->stop();
        if (workflow_) workflow_->stop();
    }

private:
    TakenJob taken_;
    Interruptible halt_;
    std::unique_ptr<ports::PictureRun> picture_;
    std::unique_ptr<ports::WorkflowRun> workflow_;
};

/// Any thread.
class JobsInHand {
public:
    /// After `jobs_max` jobs there is no room any more; 0 = no limit.
    JobsInHand(int concurrency, int jobs_max, const ports::Clock& clock, WorkTools tools);

    /// Blocks until another job may be taken, and tells how many; 0 once no more are wanted.
    int wait_for_room();
    /// False if it is in hand already: the platform may give a job twice.
    bool add(TakenJob job);
    /// Blocks until there is work; nullptr once there will be none.
    std::shared_ptr<JobInHand> next();
    void ended(const RemoteJobId& id);

    std::vector<RemoteJobId> ids() const;
    /// False if it is not in hand.
    bool stop(const RemoteJobId& id);
    /// True for the one job that is the last this worker does, asked once for each job that has an end.
    bool is_last();

    /// No more are taken; what is in hand goes on.
    void close();
    void stop_all();
    /// After close(): true once nothing is in hand, false at the deadline. One thread.
    bool wait_until_empty(Instant deadline);

private:
    int room() const;

    const int concurrency_;
    const int jobs_max_;
    const ports::Clock& clock_;
    const WorkTools tools_;
    std::unique_ptr<ports::WakeUp> emptied_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<RemoteJobId, std::shared_ptr<JobInHand>> jobs_;  // shared with the thread that works on it
    std::deque<std::shared_ptr<JobInHand>> waiting_;
    int taken_ = 0;
    int ends_ = 0;
    bool closed_ = false;
};

}  // namespace darkroom::runpod::worker
