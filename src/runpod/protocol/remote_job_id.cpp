#include "runpod/protocol/remote_job_id.h"

#include <algorithm>

namespace darkroom::runpod {

std::optional<RemoteJobId> RemoteJobId::parse(std::string_view text) {
    if (text.empty() || text.size() > remote_job_id_bytes_max) return std::nullopt;
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    });
    if (!plain) return std::nullopt;
    return RemoteJobId(std::string(text));
}

}  // namespace darkroom::runpod
