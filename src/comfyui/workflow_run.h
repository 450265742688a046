// One workflow from its upload to its files. Part of comfy_runner.
//
//   wait until ComfyUI listens → upload → POST /prompt → ask until it has ended → fetch the files
//        out of GPU memory: /free, once more     an input is not there: upload, once more
//        CUDA fault, or ComfyUI stays away: nothing more on this machine
//   at any end: the prompt is cancelled if it may still run, and what it left on this machine is removed
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/stop_event.h"
#include "comfyui/comfy_client.h"
#include "comfyui/run_graph.h"
#include "ports/workflow_work.h"

namespace darkroom::comfyui {

class ComfyRunner;

class WorkflowRun final : public ports::WorkflowRun {
public:
    explicit WorkflowRun(ComfyRunner& runner);

    ports::WorkflowResult run(const ports::WorkflowOrder& order,
                              const std::function<void(std::string_view)>& tell_stage) override;
    void stop() override;

private:
    using Tell = std::function<void(std::string_view)>;
    struct Miss {
        core::JobError error;
        Remedy remedy = Remedy::none;
        std::string why;  // for the operator
    };
    template <class T>
    using Got = Result<T, Miss>;
    using Names = std::map<std::string, std::string>;

    ports::WorkflowResult run_in_folder(const ports::WorkflowOrder& order, const Tell& tell);
    Got<PromptEnd> perform(const ports::WorkflowOrder& order, const Tell& tell);
    Got<PromptEnd> perform_once(const ports::WorkflowOrder& order, const Tell& tell);
    std::optional<Miss> wait_until_ready();
    Got<Names> upload(const ports::WorkflowOrder& order);
    Got<PromptId> submit(const std::string& graph_json);
    /// nullopt: not now, again in a while.
    std::optional<Got<PromptId>> submit_once(const PromptId& id, const std::string& graph_json);
    Got<PromptEnd> follow(const PromptId& id, const Tell& tell);
    ports::WorkflowResult collect(const ports::WorkflowOrder& order, const PromptEnd& end);
    Result<ports::WorkflowFile, core::JobError> fetch(const ports::WorkflowOrder& order,
                                                      const OutputFile& output, std::size_t number);

    /// Does what a failure asks for; true: the same once more may help.
    bool helps_itself(const Miss& miss);
    void let_go_of(const PromptId& id);
    void clean_up(const PromptEnd* end);
    Milliseconds patience_with(const CallError& error) const;
    std::optional<Miss> over() const;
    /// False once stopped, or at the deadline.
    bool pause(Milliseconds how_long);
    static Miss miss_of(const Trouble& trouble);

    ComfyRunner& runner_;
    const PromptId own_;        // names the folders, and is no prompt's id
    const std::string folder_;  // dr/{own}
    std::optional<ComfyClient> client_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    StopEvent stop_;
    Instant deadline_{};
    PromptId prompt_;  // the last one
    RunGraph graph_;
};

}  // namespace darkroom::comfyui
