// The pixel processes of this gateway: started when there is work, used for many pictures, replaced when worn
// or suspect, ended when idle, and always reaped. Links no image library: it passes open files and reads
// answers as a stranger's.
#pragma once
#include <boost/json/object.hpp>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "imaging/pool/cancel_flag.h"
#include "imaging/pool/child_process.h"
#include "imaging/pool/pool_options.h"
#include "imaging/pool/task_files.h"
#include "imaging/wire/messages.h"
#include "ports/backend.h"
#include "ports/picture_work.h"

namespace darkroom::imaging {

struct PictureTask {
    std::string operation;       // a job type
    boost::json::object params;  // params_effective
    int input = -1;              // an open regular file, read from its start; stays the caller's
    std::vector<ports::PicturePart> parts = {};  // named as imaging/wire/messages.h says, none twice
    bool extras = false;                         // a preview and a report too, where the operation has one
    Milliseconds time_limit{120'000};            // PoolOptions::wall_limit applies as well
};

struct FinishedPicture {
    PictureDone done;
    std::vector<ports::ProducedFile> files;  // in the pool's folder; the caller moves or removes them
};

using PictureResult = Result<FinishedPicture, core::JobError>;

struct PoolCounts {
    int alive = 0;  // processes now, at work or idle
    int idle = 0;
    std::uint64_t started = 0;  // since the pool was opened
};

class ProcessPool {
public:
    /// Starts no process yet. The error is for the operator.
    static Result<std::unique_ptr<ProcessPool>, std::string> open(PoolOptions options);
    ProcessPool(const ProcessPool&) = delete;
    ProcessPool& operator=(const ProcessPool&) = delete;
    /// No run() may be going on. Ends all processes.
    ~ProcessPool();

    /// Blocks until the picture is done, has failed, took too long, or `cancel` is set (code: its reason).
    /// From many threads at once; those beyond processes_max wait. On failure no file is left.
    PictureResult run(const PictureTask& task, const CancelFlag& cancel);

    PoolCounts counts() const;

private:
    struct Idle {
        std::unique_ptr<ChildProcess> child;
        std::chrono::steady_clock::time_point since;
    };
    struct StartOrder;
    using Taken = Result<std::unique_ptr<ChildProcess>, core::JobError>;

    explicit ProcessPool(PoolOptions options);
    Taken take_process(const CancelFlag& cancel);
    Taken start_process();
    void give_back(std::unique_ptr<ChildProcess> child, bool trusted);
    bool is_worn(const ChildProcess& child) const;
    PictureResult run_in(ChildProcess& child, const PictureTask& task, TaskFiles& files,
                         const CancelFlag& cancel, bool& trusted, bool& never_began) const;
    PictureResult collect(PictureDone done, TaskFiles& files) const;

    void keep();
    std::list<Idle> take_expired(std::chrono::steady_clock::time_point now);

    const PoolOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;  // a process came back or ended
    std::condition_variable keeper_wake_up_;
    std::list<Idle> idle_;  // oldest first
    std::list<StartOrder*> start_orders_;
    int alive_ = 0;
    std::uint64_t started_ = 0;
    std::uint64_t next_task_ = 0;
    bool stopping_ = false;
    // Starts all processes: the kernel ends a process with the thread that started it, and this one lives as
    // long as the pool.
    std::thread keeper_;
};

}  // namespace darkroom::imaging
