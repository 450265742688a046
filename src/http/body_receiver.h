// Takes the bytes of one request body as they arrive: into memory, or into a private file that vanishes
// unless the body is complete. Used by the loop; writing to the file is the only blocking it does (page cache
// speed).
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "http/head_check.h"
#include "ports/http_message.h"

namespace darkroom::http {

class BodyReceiver {
public:
    /// A body kept in memory.
    static BodyReceiver in_memory(std::uint64_t bytes);
    /// A body in a new file in `folder`. Fails with 507 when the disk is full, else 500.
    static Result<BodyReceiver, HeadFault> in_file(std::uint64_t bytes, const std::filesystem::path& folder);

    /// Takes at most remaining() bytes of `piece` and tells how many.
    Result<std::size_t, HeadFault> take(std::string_view piece);

    std::uint64_t remaining() const { return expected_ - received_; }
    std::uint64_t received() const { return received_; }
    bool complete() const { return remaining() == 0; }

    /// Hands the complete body over.
    void move_into(ports::HttpRequest& request) &&;

private:
    explicit BodyReceiver(std::uint64_t bytes) : expected_(bytes) {}
    std::optional<HeadFault> write_file(std::string_view piece);

    std::uint64_t expected_;
    std::uint64_t received_ = 0;
    std::string text_;
    UniqueFd file_;
    std::optional<ports::SpooledBody> spooled_;  // removes the file when this goes
};

/// Removes spool files that an earlier process left in `folder`; the folder must belong to one server alone.
void remove_stale_spool_files(const std::filesystem::path& folder);

}  // namespace darkroom::http
