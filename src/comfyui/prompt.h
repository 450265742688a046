// POST /prompt: what is sent, and what became of it. A prompt carries a UUID of ours, so what is unclear can
// always be looked for; sending it again before that would run it twice, because the server does not compare
// ids. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "comfyui/trouble.h"
#include "ports/http_client.h"

namespace darkroom::comfyui {

/// Ours; ComfyUI takes lower-case UUIDs only.
using PromptId = Uuid<struct PromptTag>;

inline constexpr std::size_t graph_bytes_max = 4u << 20;
inline constexpr std::size_t graph_nodes_max = 5'000;
inline constexpr std::size_t graph_depth_max = 64;

/// A graph that /prompt takes, or why it is none; the file that the editor saves is told by name.
Result<boost::json::object, Trouble> read_graph(std::string_view graph_json);
/// Gives each node that saves files a folder of this attempt, by its filename_prefix; returns how many there
/// are. Without it the server may answer with the file of an earlier run, or two servers that share a disk
/// may write the same name.
/// Files of a node are called by its role, or else by "n" and its id.
int set_save_folder(boost::json::object& graph, std::string_view folder,
                    const std::map<std::string, std::string>& role_of_node = {});

struct PromptOrder {
    PromptId id;
    std::string client_id;
    std::string graph_json;    // checked by read_graph
    std::string api_node_key;  // for paid nodes; empty = none
};
std::string write_prompt(const PromptOrder& order);

struct PromptTaken {};

/// The server looked at the graph and will not run it, or not all of it.
struct PromptRejected {
    Trouble trouble;
    bool is_queued = false;  // 200 with node_errors: a part of it was taken, and has to be deleted
};

enum class NotTakenKind {
    not_ready,  // not reached, still starting, or a proxy answers in its place: later
    busy,       // 429
    auth,       // a proxy in front wants other credentials: the operator must act
    too_large,  // 413: the operator must raise --max-upload-size
    refused     // nothing that this version knows: sending it again does not help
};
/// Certainly nothing was queued.
struct PromptNotTaken {
    NotTakenKind kind = NotTakenKind::not_ready;
    std::string why;
};

/// It may be queued. To be looked for by its id before it is sent again.
struct PromptUnclear {
    std::string why;
};

using PromptOutcome = std::variant<PromptTaken, PromptRejected, PromptNotTaken, PromptUnclear>;

using HttpAnswer = Result<ports::FetchedAnswer, ports::FetchFailure>;
PromptOutcome prompt_outcome(const HttpAnswer& answer, const PromptId& id);

}  // namespace darkroom::comfyui
