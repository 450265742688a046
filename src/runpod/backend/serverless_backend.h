// The `serverless` backend: attempts run on a RunPod Serverless endpoint. It says what an order is in
// RunPod's words and what the answers mean for a job; how requests are made, limited and repeated is
// runpod/client's, where inputs and outputs lie is WorkPlaces'. It keeps no attempt in mind, only whether the
// endpoint is in trouble.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/remote_backend.h"
#include "runpod/backend/foreign_files.h"
#include "runpod/backend/foreign_work.h"
#include "runpod/backend/remote_words.h"
#include "runpod/backend/serverless_settings.h"
#include "runpod/backend/work_places.h"
#include "runpod/client/runpod_client.h"

namespace darkroom::runpod {

class ServerlessBackend final : public ports::RemoteBackend {
public:
    /// The settings have no problems(). `volume` may be nullptr; endpoints that share a volume share it. All
    /// references must outlive the backend.
    ServerlessBackend(ServerlessSettings settings, ports::ObjectStore& main, InputCopies* volume,
                      ports::HttpClient& http, const ports::Clock& clock, ports::Random& random);

    const ports::EndpointInfo& endpoint() const override { return info_; }
    const std::string& target() const override { return target_; }

    ports::SubmitAnswer submit(const ports::RemoteOrder& order) override;
    Result<ports::RemoteLook, ports::RemoteTrouble> look(const ports::RemoteTask& task) override;
    Result<ports::RemoteLook, ports::RemoteTrouble> cancel(const ports::RemoteTask& task) override;
    Result<ports::RemoteLook, ports::RemoteTrouble> read_report(const ports::RemoteTask& task,
                                                                std::string_view body) const override;
    Result<std::optional<ports::RemoteResult>, ports::RemoteTrouble> find_outputs(
        const JobId& job, const AttemptId& attempt) override;
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_output(
        const ports::RemoteFile& file) override;
    void clear(const JobId& job, const AttemptId& attempt) override;

    std::optional<std::string> trouble() const override;
    void stop() override { client_.stop(); }

    /// While there is trouble, asks the endpoint for its health, at most every 30 seconds: what was paused
    /// goes on once it answers. May take as long as a call of the client. Any thread, again and again.
    void probe();
    /// The same at once, whatever the trouble. For a health watch: what it asks by this also ends pauses.
    Result<EndpointHealth, CallError> health();
    /// A new key without a restart; the next probe tries it.
    void set_api_key(std::string key);
    /// Who knows why jobs wait there: asked for each that does, answers in a word, empty = not known. To be
    /// set before other threads use the backend.
    void explain_waiting_by(std::function<std::string()> why) { why_waiting_ = std::move(why); }
    RunpodClient& client() { return client_; }
    /// Recipes with a workflow go to workers that run ComfyUI. Both before other threads use the backend;
    /// without the second, what foreign workers leave at links is missing.
    void make_workflows_by(MakeWorkflow make) { foreign_.make_workflows_by(std::move(make)); }
    void read_links_by(const LinkReader& links) { foreign_files_.read_links_by(&links); }

private:
    Milliseconds execution_limit(const ports::RemoteOrder& order) const;
    Policy policy_of(const ports::RemoteOrder& order) const;
    /// How long from now on somebody may want the order's result.
    Milliseconds horizon(const ports::RemoteOrder& order) const;
    WorkPayload payload_of(const ports::RemoteOrder& order) const;
    /// Of /run; inputs are placed.
    Result<std::string, ports::SubmitRefused> input_of(const ports::RemoteOrder& order);
    ports::SubmitAnswer answer_of(SubmitOutcome outcome);
    ports::SubmitAnswer refused(const RefusedForSure& refusal);
    ports::RemoteTrouble trouble_of(const CallError& error);
    Result<ports::RemoteLook, ports::RemoteTrouble> read(const ports::RemoteTask& task,
                                                         const Result<JobObject, CallError>& job);
    void pause(std::string why);
    /// Set: RunPod refuses questions, and it is too early for another one.
    std::optional<ports::RemoteTrouble> refused_question();
    ports::RemoteTrouble refuse_questions(ports::RemoteTrouble trouble);

    const ServerlessSettings settings_;
    const ports::EndpointInfo info_;
    const std::string target_;
    const Price price_;
    const ports::Clock& clock_;
    WorkPlaces places_;
    ForeignWork foreign_;
    ForeignFiles foreign_files_;
    RunpodClient client_;
    std::function<std::string()> why_waiting_;
    mutable std::mutex mutex_;  // of what follows
    std::optional<std::string> paused_;
    Instant next_probe_{};
    std::optional<ports::RemoteTrouble> questions_refused_;  // looks and cancels, with this
    Instant next_question_{};
    Instant paused_at_least_until_{};  // health is no proof of funds, so a pause is never cut short by it
};

}  // namespace darkroom::runpod
