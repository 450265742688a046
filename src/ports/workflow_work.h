// One ComfyUI workflow run by a ComfyUI beside this process, for drivers that take their work from somewhere
// else than a JobStore. What is wrong with a workflow is told as a code of Darkroom.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/error_code.h"

namespace darkroom::ports {

struct WorkflowInput {
    std::string name;          // every input of a node that is exactly this text becomes the name of the file
    int file = -1;             // an open regular file, read from its start; stays the caller's
    std::string content_type;  // may be empty
};

struct WorkflowOrder {
    std::string workflow_json;  // API format; from anybody, so anything may be wrong with it
    std::vector<WorkflowInput> inputs = {};
    /// What files of a saving node are called, and with this told, files elsewhere than in the run's own
    /// folder are an earlier run's and no result. Empty = as the workflow calls them.
    std::map<std::string, std::string> role_of_node = {};
    std::string api_node_key = {};   // for paid nodes; empty = the deployment's own, if it has one
    std::filesystem::path work_dir;  // where results are put; exists
    Milliseconds time_limit{600'000};
};

/// A result on this machine; whoever receives it moves or removes it.
struct WorkflowFile {
    std::string node;
    std::string kind;         // images, gifs, video …: what the node calls it
    std::string role = {};    // of role_of_node; empty = none was told
    std::string name;         // as ComfyUI called it: a name without a trick, but anybody's words
    std::string folder = {};  // where the workflow wanted it below the folder of outputs; may be empty
    std::filesystem::path path = {};
    std::uint64_t bytes = 0;
};

struct WorkflowDone {
    std::string prompt_id;
    std::vector<WorkflowFile> files;  // in ComfyUI's order; may be empty
    Milliseconds execution{0};
};

using WorkflowResult = Result<WorkflowDone, core::JobError>;

/// One run, made before it is known whether it will ever start, so that it can be stopped at any time.
class WorkflowRun {
public:
    virtual ~WorkflowRun() = default;
    /// Blocks until the workflow has ended, failed, took too long, or was stopped (code cancelled), and until
    /// ComfyUI works on it no more, as far as it lets itself be told. Once. On failure there is no file.
    /// `tell_stage` hears waiting, working and storing.
    virtual WorkflowResult run(const WorkflowOrder& order,
                               const std::function<void(std::string_view)>& tell_stage) = 0;
    /// Before, during or after run(); any thread, any number of times.
    virtual void stop() = 0;
};

/// Safe to use from many threads at once.
class WorkflowWork {
public:
    virtual ~WorkflowWork() = default;
    virtual std::unique_ptr<WorkflowRun> prepare() = 0;
    /// Why nothing more can be done on this machine until it is replaced: its GPU failed, or its ComfyUI is
    /// gone. Once set, for good.
    virtual std::optional<std::string> trouble() const = 0;
};

}  // namespace darkroom::ports
