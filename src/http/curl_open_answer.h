// An answer whose body is pulled through libcurl, which pushes: what comes goes straight into the reader's
// buffer, the little that is too much waits here, and when that is full libcurl is paused. Between reads
// nobody reads the socket, so a slow reader slows the sender down and costs no memory.
#pragma once
#include <string>

#include "http/curl_transfer.h"

namespace darkroom::http {

/// When libcurl gives no handle: out of memory or descriptors.
ports::FetchFailure no_lane();

class CurlOpenAnswer final : public ports::OpenAnswer {
public:
    CurlOpenAnswer(CurlLanePool::Loan lane, ports::OutgoingRequest request, OutgoingUrl url);

    /// Sends the request; before anything else, once.
    CurlTransfer::Failure wait_for_head();

    const ports::FetchedAnswer& head() const override { return head_; }
    Result<std::size_t, ports::FetchFailure> read(std::span<char> buffer) override;

private:
    CurlTransfer::Take take(std::string_view piece);
    std::size_t take_waiting();

    const CurlLanePool::Loan lane_;
    const ports::OutgoingRequest request_;
    const OutgoingUrl url_;
    ports::FetchedAnswer head_;
    std::span<char> buffer_;  // of the reader, while it reads
    std::size_t filled_ = 0;
    std::string waiting_;
    std::size_t waiting_from_ = 0;
    CurlTransfer::Failure failure_;  // told again to whoever reads on
    CurlTransfer transfer_;          // last: ends before what it uses
};

}  // namespace darkroom::http
