// The body of an outgoing request, read piece by piece: a string of the caller's or a part of a file.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ports/http_client.h"

namespace darkroom::http {

class OutgoingBody {
public:
    OutgoingBody() = default;
    /// The request must outlive the body. Fails with bad_url if the file cannot be read or is too short for
    /// the part that is to be sent.
    static Result<OutgoingBody, ports::FetchFailure> of(const ports::OutgoingRequest& request);

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t sent() const { return sent_; }
    /// 0 = the end; nullopt if the file became shorter than it was.
    std::optional<std::size_t> read(std::span<char> buffer);
    /// Goes back to `offset`, to be sent again.
    bool seek(std::uint64_t offset);

private:
    std::string_view text_;
    UniqueFd file_;  // instead of the text
    std::uint64_t file_offset_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace darkroom::http
