// The file of a network as an open descriptor, handed on only if it is the one that the recipe names.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "core/error_code.h"
#include "ports/backend.h"

namespace darkroom::imaging {

/// Which network does which stage of an order. `stage` becomes params._onnx; see
/// imaging/networks/stage_plan.h.
struct OrderModel {
    boost::json::object stage;
    std::filesystem::path file;
    std::string sha256;  // hex
};

/// Nothing for an order that Darkroom's own code does. An error ends the attempt. Called from many threads.
using ModelOf = std::function<Result<std::optional<OrderModel>, core::JobError>(const ports::WorkOrder&)>;

/// Safe to use from many threads at once.
class ModelFiles {
public:
    static constexpr std::uint64_t bytes_max = std::uint64_t{1} << 30;

    /// Fails with model_unavailable where the file is missing, too large, or another one. A file that was
    /// read once is not read again as long as it has not been touched.
    Result<UniqueFd, core::JobError> open(const std::filesystem::path& file, const std::string& sha256);

private:
    struct Seen {
        std::uint64_t device = 0, inode = 0, bytes = 0;
        std::int64_t modified_ns = 0, changed_ns = 0;
        auto operator<=>(const Seen&) const = default;  // NOLINT(modernize-use-nullptr): its mistake
    };
    static std::optional<Seen> look_at(int file);

    std::mutex mutex_;
    std::map<Seen, std::string> digests_;
};

}  // namespace darkroom::imaging
