// Whether a server has what a graph needs, asked before anything is sent there: all missing nodes and models
// in one answer, and no second of a GPU. What was asked is remembered for a while, by class of nodes, because
// a loader's answer has the server look through its folders.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "comfyui/call_error.h"
#include "comfyui/node_facts.h"
#include "ports/clock.h"

namespace darkroom::comfyui {

/// Safe to use from many threads at once.
class Preflight {
public:
    using Ask = std::function<Result<NodeFacts, CallError>(const std::string& class_type)>;

    /// `ask` may block; no lock is held meanwhile.
    Preflight(Ask ask, const ports::Clock& clock) : ask_(std::move(ask)), clock_(clock) {}

    /// nullopt: as far as the server tells, everything is there.
    Result<std::optional<Trouble>, CallError> examine(const boost::json::object& graph);
    /// The server has just said otherwise than what is remembered.
    void forget();

private:
    struct Known {
        NodeFacts facts;
        Instant asked_at{};
    };

    Result<NodeFacts, CallError> facts_of(const NodeNeed& need);
    std::optional<NodeFacts> remembered(const NodeNeed& need) const;

    const Ask ask_;
    const ports::Clock& clock_;
    mutable std::mutex mutex_;  // of what follows
    std::map<std::string, Known, std::less<>> known_;
};

}  // namespace darkroom::comfyui
