#include "http/curl_open_answer.h"

#include <algorithm>

#include "base/check.h"

namespace darkroom::http {
namespace {

constexpr std::size_t waiting_bytes_max = 65'536;

}  // namespace

ports::FetchFailure no_lane() { return {ports::FetchError::unreachable, "libcurl could not be started"}; }

CurlOpenAnswer::CurlOpenAnswer(CurlLanePool::Loan lane, ports::OutgoingRequest request, OutgoingUrl url)
    : lane_(std::move(lane)),
      request_(std::move(request)),
      url_(std::move(url)),
      transfer_(*lane_, request_, url_, [this](auto&, std::string_view piece) { return take(piece); }) {}

CurlTransfer::Failure CurlOpenAnswer::wait_for_head() {
    if (auto failure = transfer_.begin()) return failure;
    auto failure = transfer_.run([this] { return transfer_.has_head(); }, request_.total_timeout);
    if (failure) return failure;
    head_ = std::move(transfer_.answer());
    return std::nullopt;
}

Result<std::size_t, ports::FetchFailure> CurlOpenAnswer::read(std::span<char> buffer) {
    DR_CHECK(!buffer.empty());
    buffer_ = buffer;
    filled_ = 0;
    if (take_waiting() == 0 && !failure_) {
        const auto quiet_for =
            request_.idle_timeout > Milliseconds(0) ? std::nullopt : std::optional(request_.total_timeout);
        transfer_.resume();
        failure_ = transfer_.run([this] { return filled_ > 0; }, quiet_for);
        // Whoever brings a large buffer gets much at once, if it is there.
        for (auto before = std::size_t{0}; before < filled_ && filled_ < buffer.size();) {
            before = filled_;
            transfer_.step();
        }
    }
    buffer_ = {};
    if (filled_ > 0 || !failure_) return filled_;
    return Fail(*failure_);
}

std::size_t CurlOpenAnswer::take_waiting() {
    filled_ = waiting_.copy(buffer_.data(), buffer_.size(), waiting_from_);
    waiting_from_ += filled_;
    if (waiting_from_ == waiting_.size()) {
        waiting_.clear();
        waiting_from_ = 0;
    }
    return filled_;
}

// All of a piece or nothing of it: libcurl keeps what is refused and offers it again.
CurlTransfer::Take CurlOpenAnswer::take(std::string_view piece) {
    const auto fits = std::min(piece.size(), buffer_.size() - filled_);
    const auto rest = piece.substr(fits);
    if (!rest.empty() && waiting_.size() - waiting_from_ + rest.size() > waiting_bytes_max)
        return CurlTransfer::Take::later;
    piece.copy(buffer_.data() + filled_, fits);
    filled_ += fits;
    waiting_.append(rest);
    return CurlTransfer::Take::taken;
}

}  // namespace darkroom::http
