// The `pod` backend: a ComfyUI server as a place where attempts run. The prompt's id is the attempt's own, so
// whatever an answer said or did not say, the attempt can be looked for; nothing is remembered between calls
// but why nothing should be sent now. Where a graph comes from is the recipes' business.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "comfyui/comfy_client.h"
#include "comfyui/preflight.h"
#include "comfyui/prompt_progress.h"
#include "ports/clock.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"

namespace darkroom::comfyui {

struct PodSettings {
    ComfySettings client;
    std::string name;      // told in attempts, events and logs
    int inflight_max = 2;  // it works on one; the next is there when that ends
    int weight = 1;
};

/// What a recipe makes of an order.
struct PodGraph {
    std::string graph_json;                           // API format
    std::map<std::string, std::string> role_of_node;  // saving node to main, mask or preview; one is main
};
/// `input_names` are the order's inputs, in their order, as LoadImage takes them.
using MakeGraph = std::function<Result<PodGraph, core::JobError>(
    const ports::WorkOrder& work, const std::vector<std::string>& input_names)>;

class PodBackend final : public ports::RemoteBackend {
public:
    /// The client's settings have no problems(). All references must outlive the backend. `progress` is told
    /// which prompts are at the pod, if there is one.
    PodBackend(PodSettings settings, MakeGraph make_graph, ports::ObjectStore& main, ports::HttpClient& http,
               const ports::Clock& clock, PromptProgress* progress = nullptr);

    const ports::EndpointInfo& endpoint() const override { return info_; }
    const std::string& target() const override { return target_; }
    bool is_polled() const override { return true; }
    /// An attempt that is there already is not sent again, and one whose nodes or models are not there is not
    /// sent at all. The input passes through memory.
    ports::SubmitAnswer submit(const ports::RemoteOrder& order) override;
    Result<ports::RemoteLook, ports::RemoteTrouble> look(const ports::RemoteTask& task) override;
    Result<ports::RemoteLook, ports::RemoteTrouble> cancel(const ports::RemoteTask& task) override;
    /// A pod reports nothing: always refused.
    Result<ports::RemoteLook, ports::RemoteTrouble> read_report(const ports::RemoteTask& task,
                                                                std::string_view body) const override;
    Result<std::optional<ports::RemoteResult>, ports::RemoteTrouble> find_outputs(
        const JobId& job, const AttemptId& attempt) override;
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_output(
        const ports::RemoteFile& wanted) override;
    /// Frees the pod's memory of the prompt. ComfyUI has no way to remove its files.
    void clear(const JobId& job, const AttemptId& attempt) override;
    std::optional<std::string> trouble() const override;
    void stop() override { client_.stop(); }

    /// Asks a paused pod, now and then, whether it goes on. Call it every few seconds. After a fault of the
    /// GPU it goes on when its process is another one: that process knows nothing of the prompt that failed.
    void probe();

private:
    using Named = std::vector<std::string>;
    Result<Named, ports::SubmitRefused> upload_inputs(const ports::WorkOrder& work);
    ports::SubmitAnswer send(const ports::RemoteOrder& order, bool may_upload_again);
    ports::SubmitAnswer answer_of(const PromptRejected& rejected, const ports::RemoteOrder& order,
                                  bool may_upload_again);
    ports::SubmitAnswer answer_of(const PromptNotTaken& refusal);
    ports::SubmitAnswer answer_of(const PromptUnclear& unclear, const PromptId& id);
    ports::SubmitRefused refused_by(const CallError& error);
    ports::RemoteTrouble trouble_of(const CallError& error);
    Result<ports::RemoteLook, ports::RemoteTrouble> look_of(const JobId& job, const AttemptId& attempt);
    ports::RemoteLook look_of_end(const PromptEnd& end, const JobId& job, const AttemptId& attempt);
    Result<void, ports::SubmitRefused> examine(const ports::WorkOrder& work);
    Result<boost::json::object, ports::SubmitRefused> read_graph_for(const ports::WorkOrder& work,
                                                                     const Named& inputs);
    void pause(std::string why, std::optional<PromptId> witness = std::nullopt);
    bool is_well(const std::optional<PromptId>& witness);
    void tell_progress(const AttemptId& attempt, bool is_there, std::size_t nodes = 0);

    const PodSettings settings_;
    const ports::EndpointInfo info_;
    const std::string target_;
    const MakeGraph make_graph_;
    ports::ObjectStore& main_;
    const ports::Clock& clock_;
    ComfyClient client_;
    Preflight preflight_;
    PromptProgress* const progress_;
    mutable std::mutex mutex_;  // of what follows
    std::optional<std::string> paused_;
    std::optional<PromptId> witness_;  // failed in the process that must go, as long as that remembers it
    Instant next_probe_{};
};

}  // namespace darkroom::comfyui
