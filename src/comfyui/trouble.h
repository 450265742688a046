// What can be wrong with a prompt, as far as ComfyUI's words tell: the one table from its many ways to say so
// to a code of Darkroom and to what helps. Words are matched by short fragments, because torch, PIL and the
// nodes change them. Pure.
#pragma once
#include <string>
#include <string_view>

#include "core/error_code.h"

namespace darkroom::comfyui {

enum class TroubleKind {
    missing_node,
    missing_model,
    input_absent,
    bad_input_image,
    bad_params,
    bad_graph,
    wrong_text_encoder,
    api_node_auth,
    gpu_oom,
    cuda_fault,
    disk_full,
    interrupted,
    no_output,
    bad_output_name,
    failed,
};
inline constexpr int trouble_kind_count = 15;

/// What helps, beside what the code's retry rule says.
enum class Remedy {
    none,           // the same work fails again, wherever it runs
    other_backend,  // this one lacks something
    upload_again,   // it lost what it was given
    free_memory,    // POST /free, then once more; better where there is more memory
    restart,        // the process cannot be used until it is started again
    drain,          // the operator must make room
    tell_operator,  // somebody else uses this server, or a key is missing
};

struct TroubleTraits {
    TroubleKind kind;
    std::string_view name;  // stable: in logs and metrics
    core::ErrorCode code;
    Remedy remedy;
    std::string_view message;  // for the job's owner
};

const TroubleTraits& traits(TroubleKind kind);

struct Trouble {
    TroubleKind kind = TroubleKind::failed;
    std::string what;  // of it: a node's class, a model's file; empty = not told
    std::string why;   // for the operator: one line of what the server said
};

core::JobError job_error(const Trouble& trouble);

/// Of an execution_error.
TroubleKind kind_of_exception(std::string_view type, std::string_view message, std::string_view node_type);
/// Of one error of a node that did not pass validation. `input` may be empty.
TroubleKind kind_of_node_error(std::string_view type, std::string_view details, std::string_view input);

/// Whether an input of that name takes the file of a model.
bool names_a_model(std::string_view input);

/// Whether `text` holds `fragment` (lower case), whatever the case of `text`.
bool speaks_of(std::string_view text, std::string_view fragment);
/// One printable line of at most 300 bytes.
std::string one_line(std::string_view text);

}  // namespace darkroom::comfyui
