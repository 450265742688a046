// Brings what a worker made to this machine and makes sure that it is a picture: each file is fetched up to a
// limit, compared with what was told of it, decoded and written anew without metadata by a pixel process.
// Nothing a worker says of its own outputs is believed; and where only a region was to change, the rest is
// taken from the original again.
#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "core/job.h"
#include "ports/object_store.h"
#include "ports/picture_work.h"
#include "ports/remote_backend.h"

namespace darkroom::dispatch {

struct RemoteOutputsSettings {
    std::filesystem::path work_dir;  // there already, on a disk with room for the files
    std::uint64_t file_bytes_max = 209'715'200;
    Milliseconds time_limit{120'000};         // of the pixel process, for one file
    ports::ObjectStore* originals = nullptr;  // where the inputs of jobs are; none = no region can be kept to
};

/// A result in which only a region was to change.
struct RegionKept {
    std::string params_effective_json;     // with the region
    std::vector<core::InputImage> inputs;  // the original, and perhaps a mask
};
/// What is to be kept of a foreign result, if anything: removing an object changes nothing beside it,
/// whatever a workflow gave back. Pure.
std::optional<RegionKept> region_kept(const core::Job& job, const core::Attempt& attempt);

/// Why there is no result.
struct OutputsFault {
    core::JobError error;
    bool later = false;  // not the result's fault: it is still where it was
};

/// Safe to use from many threads at once.
class RemoteOutputs {
public:
    RemoteOutputs(ports::PictureWork& pictures, RemoteOutputsSettings settings)
        : pictures_(pictures), settings_(std::move(settings)) {}

    /// The files are the caller's; after a fault there is none.
    Result<ports::WorkDone, OutputsFault> fetch(ports::RemoteBackend& site, const ports::RemoteResult& result,
                                                const std::optional<RegionKept>& region = std::nullopt);
    /// Ends what is under way and whatever begins later, as a fault that asks for another time.
    void stop();

private:
    class Run;
    Result<UniqueFd, OutputsFault> copy_of(ports::RemoteBackend& site, const ports::RemoteFile& file) const;
    Result<UniqueFd, OutputsFault> copy_all(ports::ObjectReader& reader, const ports::RemoteFile& told) const;
    Result<UniqueFd, OutputsFault> copy_of_input(const core::InputImage& input) const;
    Result<ports::WorkDone, OutputsFault> check(const ports::RemoteFile& file, int input,
                                                const std::optional<RegionKept>& region);
    Result<ports::WorkDone, OutputsFault> run(const ports::RemoteFile& file,
                                              const ports::PictureOrder& order);

    ports::PictureWork& pictures_;
    const RemoteOutputsSettings settings_;
    std::mutex mutex_;  // of what follows
    bool stopping_ = false;
    std::set<ports::PictureRun*> runs_;
};

}  // namespace darkroom::dispatch
