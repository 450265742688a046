// A recipe as its YAML file says it: how a type is done by a ComfyUI workflow, by a built-in operation, or in
// several steps. What it says of the workflow is compared with the workflow by lint (recipe_lint.h); filling
// is fill.h's part. The format is docs/recipes.md.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipes/chain.h"
#include "recipes/licence_gate.h"
#include "recipes/recipe_finding.h"
#include "recipes/recipe_onnx.h"

namespace darkroom::recipes {

/// Where in the workflow: "/78/inputs/image", or "title:Load the photo/inputs/image".
struct Address {
    std::string text;
    TextPlace place;
};

/// A node by id or by "title:…".
struct NodeName {
    std::string text;
    TextPlace place;
};

struct Expectation {
    NodeName node;
    std::string class_type;
};

struct WorkflowUse {
    std::string file;  // a name beside the YAML file, never a path
    std::string sha256;
    std::vector<Expectation> expect;
    std::vector<std::string> requires_nodes;
    std::int64_t min_vram_mb = 0;
    TextPlace place;
};

/// An input picture of the job.
struct InputBinding {
    std::string name;
    Address address;
    std::string as;  // uploaded_name, url, base64
    bool required = true;
};

/// In this order: map, scale and offset, round, clamp, format.
struct ValueSteps {
    boost::json::object map;  // from a param's word to a literal
    std::optional<double> scale;
    std::optional<double> offset;
    std::optional<double> round;  // to multiples of this; 1 for round: int
    std::optional<std::pair<double, double>> clamp;
    std::string format;  // with one {}; empty = none

    bool has_numbers() const { return scale || offset || round || clamp; }
};

enum class ValueSource { param, job, constant };

struct ValueBinding {
    ValueSource source = ValueSource::param;
    std::string name;             // of the param, or id or input_sha256 of the job
    boost::json::value constant;  // of ValueSource::constant
    Address address;
    std::string type;  // number, integer, string, boolean
    ValueSteps steps;
    bool user_text = false;
    std::int64_t max_length = 500;  // characters of user text
    bool create = false;            // the input may be missing in the workflow
    TextPlace place;
};

struct OutputRule {
    std::string role;
    NodeName node;
    std::string kind = "image";
    std::int64_t index = 0;
    bool optional = false;
};

struct RecipeLimits {
    std::int64_t timeout_s = 300;
    double max_input_mp = 64;
};

struct RecipeCost {
    std::int64_t base_mc = 0;  // thousandths of a credit
    std::int64_t per_mp_mc = 0;
};

struct RecipeFile {
    std::string id;
    std::int64_t version = 1;
    std::string type;
    std::vector<std::int64_t> params_v;
    std::string title;
    std::string engine;  // comfyui, onnx, builtin, chain
    std::int64_t priority = 50;
    std::vector<std::string> targets;  // runpod, comfy_pod, local
    std::string worker;          // auto, volume_files, worker_comfyui: how a RunPod worker takes and tells
    boost::json::object params;  // name → JSON Schema, of a type of the operator's own
    std::vector<ModelUse> models;
    std::optional<WorkflowUse> workflow;
    std::string builtin_op;
    std::optional<OnnxUse> onnx;  // its weights are the one model that has a file
    std::optional<Chain> chain;
    std::vector<InputBinding> inputs;
    std::vector<ValueBinding> binds;
    std::string unbound;  // warn, error, ignore
    std::vector<OutputRule> outputs;
    std::vector<std::string> post;  // on the way back: composite_through_region
    RecipeLimits limits;
    RecipeCost cost;
    std::vector<std::string> fallback;

    std::string name() const { return id + "@" + std::to_string(version); }
    /// The weights of an onnx recipe; null if none are named.
    const ModelUse* network() const;
};

struct ReadRecipe {
    std::optional<RecipeFile> recipe;  // what could be understood; empty if the text is no YAML mapping
    RecipeFindings findings;
};

/// Tells everything that is wrong, not only the first thing.
ReadRecipe read_recipe(std::string_view yaml);

}  // namespace darkroom::recipes
