#include "comfyui/trouble.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

#include "base/check.h"

namespace darkroom::comfyui {
namespace {

using core::ErrorCode;
using enum TroubleKind;

constexpr std::size_t shown_bytes_max = 300;

constexpr std::array table = {
    TroubleTraits{missing_node, "missing_node", ErrorCode::model_unavailable, Remedy::other_backend,
                  "The backend lacks a node that this work needs."},
    TroubleTraits{missing_model, "missing_model", ErrorCode::model_unavailable, Remedy::other_backend,
                  "The backend lacks a model that this work needs."},
    TroubleTraits{input_absent, "input_absent", ErrorCode::backend_unavailable, Remedy::upload_again,
                  "The backend lost the picture before it began."},
    TroubleTraits{bad_input_image, "bad_input_image", ErrorCode::input_unreadable, Remedy::none,
                  "The picture could not be read."},
    TroubleTraits{bad_params, "bad_params", ErrorCode::params_invalid, Remedy::none,
                  "A param is not one that this work takes."},
    TroubleTraits{bad_graph, "bad_graph", ErrorCode::workflow_rejected, Remedy::none,
                  "The recipe's workflow cannot be run as it is."},
    TroubleTraits{wrong_text_encoder, "wrong_text_encoder", ErrorCode::workflow_rejected, Remedy::none,
                  "The recipe's workflow joins models that do not fit each other."},
    TroubleTraits{api_node_auth, "api_node_auth", ErrorCode::workflow_rejected, Remedy::tell_operator,
                  "The recipe uses a paid node for which the backend has no key."},
    TroubleTraits{gpu_oom, "gpu_oom", ErrorCode::worker_oom, Remedy::free_memory,
                  "The GPU ran out of memory on this picture."},
    TroubleTraits{cuda_fault, "cuda_fault", ErrorCode::worker_crashed, Remedy::restart,
                  "The GPU failed while it worked on this picture."},
    TroubleTraits{disk_full, "disk_full", ErrorCode::storage_full, Remedy::drain,
                  "The backend's disk is full."},
    TroubleTraits{interrupted, "interrupted", ErrorCode::interrupted, Remedy::tell_operator,
                  "The work was interrupted on the backend."},
    TroubleTraits{no_output, "no_output", ErrorCode::output_missing, Remedy::none,
                  "The work ended without a result."},
    TroubleTraits{bad_output_name, "bad_output_name", ErrorCode::output_invalid, Remedy::none,
                  "The backend gave its result a name that no result has."},
    TroubleTraits{failed, "failed", ErrorCode::internal, Remedy::none, "The work failed on the backend."},
};
static_assert(table.size() == trouble_kind_count);

bool speaks_of_any(std::string_view text, std::initializer_list<std::string_view> fragments) {
    return std::any_of(fragments.begin(), fragments.end(),
                       [&](std::string_view fragment) { return speaks_of(text, fragment); });
}

}  // namespace

const TroubleTraits& traits(TroubleKind kind) {
    const auto& row = table[static_cast<std::size_t>(kind)];
    DR_CHECK(row.kind == kind);
    return row;
}

core::JobError job_error(const Trouble& trouble) {
    const auto& row = traits(trouble.kind);
    auto message = std::string(row.message);
    if (!trouble.what.empty()) message += " (" + one_line(trouble.what) + ")";
    return {row.code, std::move(message)};
}

// The order matters: an out-of-memory error is a "CUDA error" too, and a disk that is full is an OSError.
TroubleKind kind_of_exception(std::string_view type, std::string_view message, std::string_view node_type) {
    if (type.ends_with("OutOfMemoryError") || type == "OOMError" ||
        speaks_of_any(message, {"out of memory", "allocation on device"}))
        return gpu_oom;
    if (speaks_of_any(message, {"illegal memory access", "device-side assert", "unspecified launch failure",
                                "misaligned address", "cuda error"}))
        return cuda_fault;
    if (speaks_of_any(message, {"no space left on device", "errno 28"})) return disk_full;
    if (speaks_of(type, "unidentifiedimageerror") || speaks_of(message, "cannot identify image"))
        return bad_input_image;
    if (type.ends_with("FileNotFoundError") || speaks_of(message, "no such file"))
        return speaks_of(node_type, "image") ? input_absent : missing_model;
    if (speaks_of(message, "mat1 and mat2 shapes")) return wrong_text_encoder;
    if (speaks_of(message, "unauthorized")) return api_node_auth;
    return failed;
}

TroubleKind kind_of_node_error(std::string_view type, std::string_view details, std::string_view input) {
    if (type == "value_not_in_list") {
        if (names_a_model(input)) return missing_model;
        return input == "image" || input == "mask" ? input_absent : bad_params;
    }
    if (type == "custom_validation_failed")
        return speaks_of(details, "invalid image file") ? input_absent : bad_params;
    if (type == "invalid_input_type" || type == "value_smaller_than_min" || type == "value_bigger_than_max")
        return bad_params;
    return bad_graph;
}

bool names_a_model(std::string_view input) {
    if (input.starts_with("clip_name") || input.starts_with("lora_name") || input.starts_with("unet_name"))
        return true;
    constexpr std::array<std::string_view, 12> names = {
        "ckpt_name",        "vae_name",       "control_net_name",      "model_name",
        "style_model_name", "upscale_model",  "gligen_name",           "hypernetwork_name",
        "config_name",      "ipadapter_file", "photomaker_model_name", "diffusion_model"};
    return std::find(names.begin(), names.end(), input) != names.end();
}

bool speaks_of(std::string_view text, std::string_view fragment) {
    const auto same = [](char a, char b) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(a))) == b;
    };
    return std::search(text.begin(), text.end(), fragment.begin(), fragment.end(), same) != text.end();
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, shown_bytes_max));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
    if (text.size() > shown_bytes_max) line += "...";
    return line;
}

}  // namespace darkroom::comfyui
