// Inputs of a payload as open files: fetched by URL into a nameless copy, or opened on the network volume.
// Size and digest are checked where the payload tells them, so that nobody works on other bytes than were
// sent.
#pragma once
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "core/error_code.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/work_payload.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/volume.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class InputFiles {
public:
    /// `volume` may be nullptr. `web` is guarded.
    InputFiles(const WorkerSettings& settings, const WorkerLimits& limits, ports::HttpClient& web,
               const Volume* volume, const ports::Clock& clock, ports::Random& random)
        : settings_(settings), limits_(limits), web_(web), volume_(volume), clock_(clock), random_(random) {}

    /// The error is for the owner of the job; with `halt` stopped it means nothing.
    Result<UniqueFd, core::JobError> open(const WorkInput& input, Instant deadline, Interruptible& halt);

    /// What came inside of a payload, as a nameless file.
    Result<UniqueFd, core::JobError> keep(std::string_view bytes) const;

private:
    struct Trouble {
        core::JobError error;
        bool try_again = false;
    };

    Result<UniqueFd, core::JobError> open_on_volume(const WorkInput& input);
    Result<UniqueFd, Trouble> fetch_once(const WorkInput& input, Instant deadline, Interruptible& halt);
    Result<UniqueFd, Trouble> receive(const WorkInput& input, ports::OpenAnswer& answer, Instant deadline);
    Result<UniqueFd, core::JobError> nameless_file() const;

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    ports::HttpClient& web_;
    const Volume* volume_;
    const ports::Clock& clock_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
