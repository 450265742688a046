// Pictures of workers that are not Darkroom's, wherever they are: on the network volume under names of
// ComfyUI's or the worker's own, at a link, or in the answer itself. Remembers for each attempt what is to be
// removed from the volume afterwards; what a crash makes it forget lies in the attempt's own folder, if the
// worker kept to the names that it was given, and is found there by clear() and by upkeep. Safe to use from
// many threads.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ports/object_store.h"
#include "ports/remote_backend.h"
#include "runpod/backend/foreign_words.h"
#include "runpod/backend/link_reader.h"

namespace darkroom::runpod {

class ForeignFiles {
public:
    /// `volume` may be nullptr; all must outlive the files.
    ForeignFiles(ForeignLayout layout, ports::ObjectStore* volume)
        : layout_(std::move(layout)), volume_(volume) {}

    const ForeignLayout& layout() const { return layout_; }
    /// Before other threads use it. Without, what lies at links is missing.
    void read_links_by(const LinkReader* links) { links_ = links; }

    /// The attempt was sent to a foreign worker.
    void note(const AttemptId& attempt) { note(attempt, {}); }
    /// A worker told of these files; those of Darkroom's own have no place and are none of ours.
    void note_placed(const AttemptId& attempt, const std::vector<ports::RemoteFile>& files);
    /// A file whose place is set.
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(const ports::RemoteFile& file);
    /// What lies in the attempt's own folder; nullopt without a main picture, or without a volume.
    ports::ObjectResult<std::optional<ports::RemoteResult>> find(const JobId& job, const AttemptId& attempt);
    /// Removes from the volume what is the attempt's. What cannot be removed is left to upkeep.
    void clear(const JobId& job, const AttemptId& attempt);

private:
    using Opened = ports::ObjectResult<std::unique_ptr<ports::ObjectReader>>;
    using Keys = std::vector<core::ObjectKey>;
    Opened open_on_volume(const core::ObjectKey& key, const ports::RemoteFile& file);
    std::string folder_of(const JobId& job, const AttemptId& attempt) const;
    void note(const AttemptId& attempt, const Keys& keys);
    std::optional<Keys> take_noted(const AttemptId& attempt);
    void remove(const core::ObjectKey& key);

    const ForeignLayout layout_;
    ports::ObjectStore* const volume_;
    const LinkReader* links_ = nullptr;
    std::mutex mutex_;
    std::map<AttemptId, Keys> noted_;
};

}  // namespace darkroom::runpod
