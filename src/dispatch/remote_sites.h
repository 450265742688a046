// The remote endpoints that this process can speak to: those that get new work, and those that are kept only
// because remote jobs of an earlier configuration are still there. Borrowed; a value, safe to read from many
// threads.
#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "ports/remote_backend.h"

namespace darkroom::dispatch {

class RemoteSites {
public:
    RemoteSites() = default;
    explicit RemoteSites(std::vector<ports::RemoteBackend*> active,
                         std::vector<ports::RemoteBackend*> kept = {})
        : active_(std::move(active)), all_(active_) {
        all_.insert(all_.end(), kept.begin(), kept.end());
    }

    /// The one that is at `target`, preferably under the name `endpoint`; nullptr if there is none. Never one
    /// at another target: it would say of every remote job that it is gone, whatever it is called now.
    ports::RemoteBackend* find(std::string_view endpoint, std::string_view target) const {
        ports::RemoteBackend* found = nullptr;
        for (auto* site : all_) {
            if (site->target() != target) continue;
            if (site->endpoint().name == endpoint) return site;
            if (found == nullptr) found = site;
        }
        return found;
    }

    /// Those that get new work.
    const std::vector<ports::RemoteBackend*>& active() const { return active_; }
    const std::vector<ports::RemoteBackend*>& all() const { return all_; }

private:
    std::vector<ports::RemoteBackend*> active_;
    std::vector<ports::RemoteBackend*> all_;
};

}  // namespace darkroom::dispatch
