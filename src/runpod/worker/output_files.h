// Puts what was made where the payload wants it, before anybody is told: presigned PUTs, or files on the
// network volume under the attempt's own prefix. On the volume a note of the whole result is written last, so
// that a job that is given again finds its result and costs nothing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/error_code.h"
#include "ports/backend.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/work_payload.h"
#include "runpod/protocol/work_result.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/volume.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class OutputFiles {
public:
    /// `volume` may be nullptr. `web` is guarded.
    OutputFiles(const WorkerLimits& limits, ports::HttpClient& web, const Volume* volume,
                const ports::Clock& clock, ports::Random& random)
        : limits_(limits), web_(web), volume_(volume), clock_(clock), random_(random) {}

    /// Why the payload's outputs could go nowhere; asked before any work is done.
    std::optional<core::JobError> refuse(const WorkPayload& payload) const;
    /// One entry for each file that was stored. A file of another role than main that nobody gave a place is
    /// left out.
    Result<std::vector<WorkFile>, core::JobError> store(const WorkPayload& payload,
                                                        const std::vector<ports::ProducedFile>& files,
                                                        Instant deadline, Interruptible& halt);

    /// The result of an earlier run of the same work, if all its files are there still. `work` names what was
    /// asked for.
    std::optional<WorkResult> find_earlier(const WorkPayload& payload, const std::string& work) const;
    void remember(const WorkPayload& payload, const std::string& work, const WorkResult& result) const;

private:
    using Stored = Result<std::optional<WorkFile>, core::JobError>;
    Stored put(const WorkPayload& payload, const ports::ProducedFile& file, WorkFile facts, Instant deadline,
               Interruptible& halt);
    Stored put_on_volume(const WorkPayload& payload, const ports::ProducedFile& file, WorkFile facts) const;
    std::optional<core::JobError> upload(const WorkOutputSlot& slot, const ports::ProducedFile& file,
                                         Instant deadline, Interruptible& halt);

    const WorkerLimits& limits_;
    ports::HttpClient& web_;
    const Volume* volume_;
    const ports::Clock& clock_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
