// From the YAML tree to a RecipeFile: the head, the workflow and what surrounds the bindings.
#include "recipes/recipe_file.h"

#include <algorithm>

#include "recipes/map_reader.h"
#include "recipes/recipe_bindings.h"

namespace darkroom::recipes {
namespace {

using Need = MapReader::Need;

bool only_of(std::string_view text, std::string_view letters) {
    return text.find_first_not_of(letters) == std::string_view::npos;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && only_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_.-");
}

std::string read_name(MapReader& map, std::string_view key) {
    auto name = map.text(key, Need::required);
    if (!name.empty() && !is_name(name))
        map.complain(map.member(key)->place, "wrong_value",
                     std::string(key) + " must be 1 to 64 of a-z, 0-9, _ . and -");
    return name;
}

std::string read_sha256(MapReader& map) {
    auto digest = map.text("sha256");
    if (!digest.empty() && (digest.size() != 64 || !only_of(digest, "0123456789abcdef")))
        map.complain(map.member("sha256")->place, "wrong_value",
                     map.label() + ".sha256 must be 64 hex digits in lower case");
    return digest;
}

/// A name that stays beside the recipe: no folders, no way up, nothing hidden. Empty if it is not.
std::string read_file_name(MapReader& map) {
    auto file = map.text("file", Need::required, 128);
    const bool plain = is_name(file) && !file.starts_with('.') && !file.starts_with('-') &&
                       file.find("..") == std::string::npos && file.ends_with(".json");
    if (file.empty() || plain) return file;
    map.complain(map.member("file")->place, "wrong_value",
                 map.label() + ".file must be the name of a .json file beside the recipe (a-z, 0-9, _ . -)");
    return {};  // nobody follows it
}

std::vector<std::int64_t> read_params_v(MapReader& map) {
    if (map.member("params_v") == nullptr) return {1};
    std::vector<std::int64_t> versions;
    const auto* list = map.list("params_v");
    for (const auto& item : list != nullptr ? *list : std::vector<YamlNode>()) {
        const auto version = to_json(item);
        if (version.is_int64() && version.get_int64() >= 1 && version.get_int64() <= 1000) {
            versions.push_back(version.get_int64());
        } else {
            map.complain(item.place, "wrong_value", "params_v must be a list of whole numbers from 1 on");
        }
    }
    if (list != nullptr && list->empty())
        map.complain(map.member("params_v")->place, "wrong_value", "params_v names no version");
    if (versions.empty()) versions.push_back(1);
    return versions;
}

std::vector<std::string> read_targets(MapReader& map, const std::string& engine) {
    std::vector<std::string> possible = {"local", "runpod"};
    if (engine == "comfyui") possible = {"runpod", "comfy_pod"};
    if (engine == "onnx") possible = {"local"};  // workers do not have the file
    if (engine == "chain") possible = {"local", "runpod", "comfy_pod"};
    if (map.member("targets") == nullptr) return possible;
    auto targets = map.texts("targets");
    for (const auto& target : targets) {
        if (std::find(possible.begin(), possible.end(), target) != possible.end()) continue;
        std::string list;
        for (const auto& each : possible) list.append(list.empty() ? "" : ", ").append(each);
        list.insert(0, "targets of engine: " + engine + " can be ");
        map.complain(map.member("targets")->place, "wrong_value", list);
    }
    return targets;
}

Commercial read_commercial(MapReader& map) {
    const auto* node = map.member("commercial", Need::required);
    if (node != nullptr && node->kind == YamlNode::Kind::boolean)
        return to_json(*node).get_bool() ? Commercial::yes : Commercial::no;
    const auto word = map.word("commercial", {"unknown", "yes", "no", "conditional"});
    if (word == "yes") return Commercial::yes;
    if (word == "no") return Commercial::no;
    return word == "conditional" ? Commercial::conditional : Commercial::unknown;
}

std::vector<ModelUse> read_models(MapReader& map, RecipeFindings& findings) {
    std::vector<ModelUse> models;
    const auto* list = map.list("models");
    if (list == nullptr) return models;
    for (const auto& node : *list) {
        MapReader item(node, "models[" + std::to_string(models.size()) + "]", findings);
        auto& model = models.emplace_back();
        model.place = node.place;
        model.role = item.text("role", Need::required);
        model.name = item.text("name", Need::required);
        model.version = item.text("version");
        model.file = item.text("file");
        model.sha256 = read_sha256(item);
        model.licence = item.text("licence", Need::required);
        model.licence_url = item.text("licence_url");
        model.commercial = read_commercial(item);
        model.attribution = item.text("attribution");
        item.refuse_others();
    }
    return models;
}

WorkflowUse read_workflow(const YamlNode& node, RecipeFindings& findings) {
    MapReader map(node, "workflow", findings);
    WorkflowUse use;
    use.place = node.place;
    use.file = read_file_name(map);
    use.sha256 = read_sha256(map);
    if (const auto* expect = map.member("expect")) {
        MapReader classes(*expect, "workflow.expect", findings);
        for (const auto& member : expect->members)
            use.expect.push_back({{member.name, member.place}, classes.text(member.name)});
    }
    use.requires_nodes = map.texts("requires_nodes");
    use.min_vram_mb = map.whole("min_vram_mb", 0, 0, 10'000'000);
    map.refuse_others();
    return use;
}

void read_limits_and_cost(MapReader& map, RecipeFile& recipe, RecipeFindings& findings) {
    if (const auto* node = map.member("limits")) {
        MapReader limits(*node, "limits", findings);
        recipe.limits.timeout_s = limits.whole("timeout_s", recipe.limits.timeout_s, 1, 86'400);
        recipe.limits.max_input_mp =
            limits.number("max_input_mp", 0.05, 64).value_or(recipe.limits.max_input_mp);
        limits.refuse_others();
    }
    if (const auto* node = map.member("cost")) {
        MapReader cost(*node, "cost", findings);
        recipe.cost.base_mc = cost.whole("base_mc", 0, 0, 1'000'000'000);
        recipe.cost.per_mp_mc = cost.whole("per_mp_mc", 0, 0, 1'000'000'000);
        cost.refuse_others();
    }
}

void read_engine(MapReader& map, RecipeFile& recipe, RecipeFindings& findings) {
    const bool comfyui = recipe.engine == "comfyui";
    if (const auto* node = map.member("workflow", comfyui ? Need::required : Need::optional)) {
        recipe.workflow = read_workflow(*node, findings);
        if (!comfyui) map.complain(node->place, "wrong_value", "only engine: comfyui has a workflow");
    }
    const bool builtin_engine = recipe.engine == "builtin";
    if (recipe.engine == "chain") recipe.chain = read_chain(map, findings);
    if (const auto* node = map.member("builtin", builtin_engine ? Need::required : Need::optional)) {
        MapReader builtin(*node, "builtin", findings);
        recipe.builtin_op = builtin.text("op", Need::required);
        builtin.word("profile", {"default"});
        builtin.refuse_others();
        if (!builtin_engine) map.complain(node->place, "wrong_value", "only engine: builtin has this");
    }
    const bool onnx_engine = recipe.engine == "onnx";
    if (const auto* node = map.member("onnx", onnx_engine ? Need::required : Need::optional)) {
        recipe.onnx = read_onnx(*node, findings);
        if (!onnx_engine) map.complain(node->place, "wrong_value", "only engine: onnx has this");
    }
}

/// What happens to a result on its way back.
std::vector<std::string> read_post(MapReader& map, RecipeFindings& findings) {
    std::vector<std::string> post;
    const auto* list = map.list("post");
    for (const auto& node : list != nullptr ? *list : std::vector<YamlNode>()) {
        MapReader item(node, "post[" + std::to_string(post.size()) + "]", findings);
        post.push_back(item.word("op", {"composite_through_region"}, Need::required));
        item.refuse_others();
    }
    return post;
}

RecipeFile read_all(const YamlNode& root, RecipeFindings& findings) {
    MapReader map(root, "", findings);
    RecipeFile recipe;
    map.whole("darkroom_recipe", 1, 1, 1, Need::required);
    recipe.id = read_name(map, "id");
    recipe.version = map.whole("version", 1, 1, 1'000'000, Need::required);
    recipe.type = read_name(map, "type");
    recipe.params_v = read_params_v(map);
    recipe.engine = map.word("engine", {"comfyui", "onnx", "builtin", "chain"}, Need::required);
    recipe.title = map.text("title", recipe.engine == "chain" ? Need::optional : Need::required);
    if (recipe.title.empty()) recipe.title = recipe.id;
    recipe.priority = map.whole("priority", 50, 0, 1000);
    recipe.targets = read_targets(map, recipe.engine);
    recipe.worker = map.word("worker", {"auto", "volume_files", "worker_comfyui"});
    if (const auto* params = map.member("params")) {
        const MapReader checked(*params, "params", findings);
        if (params->kind == YamlNode::Kind::mapping) recipe.params = to_json(*params).as_object();
    }
    recipe.models = read_models(map, findings);
    read_engine(map, recipe, findings);
    recipe.inputs = read_inputs(map, findings);
    recipe.binds = read_binds(map, findings);
    recipe.unbound = map.word("unbound", {"warn", "error", "ignore"});
    recipe.outputs = read_outputs(map, findings);
    recipe.post = read_post(map, findings);
    read_limits_and_cost(map, recipe, findings);
    recipe.fallback = map.texts("fallback");
    map.refuse_others();
    return recipe;
}

}  // namespace

const ModelUse* RecipeFile::network() const {
    if (!onnx) return nullptr;
    const auto at =
        std::find_if(models.begin(), models.end(), [](const auto& model) { return !model.file.empty(); });
    return at != models.end() ? &*at : nullptr;
}

ReadRecipe read_recipe(std::string_view yaml) {
    ReadRecipe read;
    const auto root = read_yaml(yaml);
    if (!root) {
        read.findings.push_back({Severity::error, root.error().place, "yaml_invalid", root.error().detail});
        return read;
    }
    auto recipe = read_all(*root, read.findings);
    if (root->kind == YamlNode::Kind::mapping) read.recipe = std::move(recipe);
    return read;
}

}  // namespace darkroom::recipes
