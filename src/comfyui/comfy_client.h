// One ComfyUI server as Darkroom asks it: upload, prompt, history, queue, view, cancel, free, health. Nothing
// is remembered of any prompt; what may be repeated is, and a prompt never is. What an outcome means for a
// job is decided elsewhere. Blocking, each call with a deadline; safe to use from many threads.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stop_event.h"
#include "comfyui/call_error.h"
#include "comfyui/comfy_settings.h"
#include "comfyui/file_download.h"
#include "comfyui/history.h"
#include "comfyui/node_facts.h"
#include "comfyui/prompt.h"
#include "comfyui/queue_list.h"
#include "comfyui/server_facts.h"
#include "comfyui/view_file.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace darkroom::comfyui {

struct Upload {
    ViewFile file;  // where it should go; an input in a folder of the attempt's own
    std::string content_type;
    std::string_view bytes;
};

enum class PromptPhase {
    pending,
    running,
    ended,
    absent  // neither waits nor runs nor ended: never taken, deleted, or lost with its process
};

struct Sighting {
    PromptPhase phase = PromptPhase::absent;
    std::optional<PromptEnd> end;  // if ended
    std::size_t before = 0;        // how many go first, if pending and if it is known
};

enum class CancelOutcome {
    stopping,   // taken out of the queue, or told to stop: it may take a minute
    not_there,  // it neither waits nor runs
    too_old     // it runs, and this server can only stop whatever runs, which may be somebody else's
};

struct Download {
    std::uint64_t bytes = 0;
    std::string sha256;  // hex
};

class ComfyClient {
public:
    /// The settings have no problems(). Both references must outlive the client.
    ComfyClient(ComfySettings settings, ports::HttpClient& http, const ports::Clock& clock);
    ComfyClient(const ComfyClient&) = delete;
    ComfyClient& operator=(const ComfyClient&) = delete;

    /// Whether it is ready: the port is bound only when all nodes are loaded.
    Result<ServerFacts, CallError> system_stats();
    /// What the server says of a class of nodes.
    Result<NodeFacts, CallError> node_facts(const std::string& class_type);
    /// Where the server put it, which may be under another name: the one to use in the graph.
    Result<ViewFile, CallError> upload(const Upload& upload);
    /// Tried once. The graph has been through read_graph.
    /// `may_send` as in ports::OutgoingRequest.
    PromptOutcome submit(const PromptId& id, const std::string& graph_json,
                         std::function<bool()> may_send = {});

    Result<std::optional<PromptEnd>, CallError> history(const PromptId& id);
    Result<QueueList, CallError> queue();
    /// Where the prompt is. A prompt can move from queue to history between two questions, so `absent` is
    /// only said of one that was in neither, asked for twice.
    Result<Sighting, CallError> look(const PromptId& id);
    /// After an unclear submit: as look(), but one that is absent is looked for again five seconds later, as
    /// the server may still be checking its graph.
    Result<Sighting, CallError> look_after_unclear(const PromptId& id);

    /// Gives the file to `sink` piece by piece; false from it ends the transfer (refused). What breaks off is
    /// taken up again where it stopped. The caller throws away what it has after a failure.
    Result<Download, CallError> download(const ViewFile& file,
                                         const std::function<bool(std::string_view)>& sink);

    /// The same, pulled; its length and that it is there are known. Must not outlive the client.
    Result<std::unique_ptr<FileDownload>, CallError> open(const ViewFile& file);

    /// Never reaches another prompt.
    Result<CancelOutcome, CallError> cancel(const PromptId& id);
    /// Frees the server's memory of a prompt that ended.
    Result<void, CallError> forget(const PromptId& id);
    /// Unloads models, when the server is next idle: what helps after it ran out of memory.
    Result<void, CallError> free_memory();

    /// Ends calls other than a submit, for good; one that waits for its next try ends within five seconds.
    void stop() { stop_.set(); }
    const ComfySettings& settings() const { return settings_; }

private:
    struct Ask {
        ports::HttpMethod method = ports::HttpMethod::get;
        std::string path = {};
        std::string query = {};
        std::string body = {};
        std::size_t answer_bytes_max = std::size_t{1} << 20;
    };
    ports::OutgoingRequest request_for(const Ask& ask) const;
    HttpAnswer try_once(const Ask& ask, Instant deadline);
    /// Tries until it is answered, nothing can help, or the deadline comes.
    Result<ports::FetchedAnswer, CallError> perform(const Ask& ask);
    Result<void, CallError> command(const std::string& path, std::string body);
    /// nullopt: the server has no such route, or does not know the prompt.
    Result<std::optional<JobWord>, CallError> job_word(const PromptId& id);
    void pause(Milliseconds how_long);

    const ComfySettings settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    StopEvent stop_;
};

}  // namespace darkroom::comfyui
