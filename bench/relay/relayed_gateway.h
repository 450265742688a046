// A real `darkroom serve` whose pictures are on a network volume that signs no links, so that every byte goes
// through it; and what the kernel says of its memory.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "bench/relay/upstream.h"
#include "ports/http_client.h"
#include "tests/support/child_process.h"

namespace darkroom::bench {

/// An upload that the gateway takes: where to PUT, and the name the object will have.
struct RelayedUpload {
    std::string url;
    core::ObjectKey key;
};

class RelayedGateway {
public:
    /// Returns when it answers. `folder` is its own.
    static Result<std::unique_ptr<RelayedGateway>, std::string> start(const std::filesystem::path& program,
                                                                      const std::filesystem::path& folder,
                                                                      const Upstream& upstream,
                                                                      std::uint64_t upload_bytes_max);

    /// Asks for a place to put a PNG.
    Result<RelayedUpload, std::string> open_upload(ports::HttpClient& http) const;
    /// The link under which the gateway gives out what is in the store under this key.
    std::string download_url(const core::ObjectKey& key) const;

    /// Resident memory in MiB: now, and the most since forget_peak().
    double resident_mib() const;
    double peak_mib() const;
    void forget_peak() const;

private:
    RelayedGateway() = default;
    double status_mib(const std::string& name) const;

    std::string url_;
    std::string secret_;
    std::unique_ptr<testing::ChildProcess> process_;
};

}  // namespace darkroom::bench
