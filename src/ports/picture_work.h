// One picture worked on by a pixel process, for drivers that take their work from somewhere else than a
// JobStore.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "ports/backend.h"

namespace darkroom::ports {

/// A further file that an operation reads beside its picture.
struct PicturePart {
    std::string name;  // mask: what to remove; original: what a result must agree with; model: weights
    int file = -1;     // as PictureOrder::input
};

struct PictureOrder {
    std::string operation;              // a job type
    std::string params_effective_json;  // checked
    int input = -1;                     // an open regular file, read from its start; stays the caller's
    std::vector<PicturePart> parts = {};
    Milliseconds time_limit{120'000};
};

/// One run, made before it is known whether it will ever start, so that it can be stopped at any time.
class PictureRun {
public:
    virtual ~PictureRun() = default;
    /// Blocks until the picture is done, has failed, took too long, or was stopped (code cancelled). Once.
    /// The files are the caller's; on failure there is none.
    virtual WorkResult run(const PictureOrder& order) = 0;
    /// Before, during or after run(); any thread, any number of times.
    virtual void stop() = 0;
};

/// Safe to use from many threads at once.
class PictureWork {
public:
    virtual ~PictureWork() = default;
    virtual std::unique_ptr<PictureRun> prepare() = 0;
};

}  // namespace darkroom::ports
