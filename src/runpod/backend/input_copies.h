// Inputs on a network volume, which knows no presigned URLs: a copy for the workers, one for each job, placed
// before a submit and removed when the attempt that used it last is over. All endpoints with this volume
// share one InputCopies, because an attempt that ends at one of them must not take away what the next attempt
// of its job reads at another. What a crash leaves behind is found by upkeep. Safe to use from many threads.
#pragma once
#include <map>
#include <mutex>

#include "base/ids.h"
#include "base/result.h"
#include "core/job.h"
#include "core/object_key.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"

namespace darkroom::runpod {

class InputCopies {
public:
    /// Both may be the same store: the pictures lie on the volume anyway. They must outlive the copies.
    InputCopies(ports::ObjectStore& main, ports::ObjectStore& volume);

    ports::ObjectStore& volume() { return volume_; }

    /// Where the copy is. One that is there already with the right size is taken as it is: a job's input
    /// never changes.
    Result<core::ObjectKey, ports::SubmitRefused> place(const JobId& job, const AttemptId& attempt,
                                                        const core::InputImage& input);
    /// The attempt reads no more. Does nothing if another attempt of the job came after it, or if an earlier
    /// process placed the copy.
    void release(const JobId& job, const AttemptId& attempt);

private:
    struct Use {
        AttemptId attempt;  // the last one
        core::ObjectKey key;
        bool going = false;  // it is being removed
    };

    /// False while the copy of another attempt is being removed.
    bool note(const JobId& job, const AttemptId& attempt, const core::ObjectKey& key);
    Result<void, ports::SubmitRefused> copy(const core::InputImage& input, const core::ObjectKey& to);
    Result<void, ports::SubmitRefused> send(const core::InputImage& input, const core::ObjectKey& to);

    ports::ObjectStore& main_;
    ports::ObjectStore& volume_;
    std::mutex mutex_;
    std::map<JobId, Use> uses_;
};

}  // namespace darkroom::runpod
