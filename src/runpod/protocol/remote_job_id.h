// The name RunPod gave a job. Opaque, and from outside: it becomes part of URLs and of log lines, so nothing
// but 1 to 64 of [A-Za-z0-9_-] is one. A type of its own, because a JobId must never be looked up there.
#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::runpod {

inline constexpr std::size_t remote_job_id_bytes_max = 64;

class RemoteJobId {
public:
    RemoteJobId() = default;  // names nothing
    static std::optional<RemoteJobId> parse(std::string_view text);
    const std::string& str() const { return text_; }
    bool empty() const { return text_.empty(); }
    auto operator<=>(const RemoteJobId&) const = default;  // NOLINT(modernize-use-nullptr): its mistake

private:
    explicit RemoteJobId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace darkroom::runpod
