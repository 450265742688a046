#include "recipes/recipe_skeleton.h"

#include <algorithm>
#include <boost/json/string.hpp>
#include <map>
#include <set>

#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/param_words.h"
#include "recipes/value_steps.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

/// How a byte sequence that YAML takes for a line break, or not at all, is written in a text; empty where it
/// may stand as it is.
std::string escaped_in_yaml(std::string_view rest) {
    const auto byte = [&](std::size_t i) {
        return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0u;
    };
    constexpr std::string_view hex = "0123456789abcdef";
    if (byte(0) == 0x7f) return "\\u007f";
    if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0)
        return std::string("\\u00") + hex[byte(1) >> 4u] + hex[byte(1) & 15u];
    if (byte(0) == 0xe2 && byte(1) == 0x80 && byte(2) == 0xa8) return "\\u2028";
    if (byte(0) == 0xe2 && byte(1) == 0x80 && byte(2) == 0xa9) return "\\u2029";
    if (byte(0) == 0xef && byte(1) == 0xbb && byte(2) == 0xbf) return "\\ufeff";
    if (byte(0) == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe)
        return std::string("\\uff") + (byte(2) == 0xbe ? "fe" : "ff");
    return {};
}

/// In double quotes: as JSON writes it, and what YAML reads otherwise escaped as well.
std::string yaml_text(std::string_view text) {
    std::string json_text;
    append_json_string(json_text, text);
    std::string result;
    for (std::size_t i = 0; i < json_text.size();) {
        const auto escaped = escaped_in_yaml(std::string_view(json_text).substr(i));
        result += escaped.empty() ? std::string(1, json_text[i]) : escaped;
        const auto lead = static_cast<unsigned char>(json_text[i]);
        i += escaped.empty() || lead == 0x7f ? 1 : lead == 0xc2 ? 2 : 3;
    }
    return result;
}

/// What may stand in a comment: one line, whatever it is made from.
std::string in_comment(const std::string& text) {
    const auto safe = yaml_text(text);
    return safe.substr(1, safe.size() - 2);
}

std::string in_comment_value(const json::value& value) {
    if (const auto* text = value.if_string())
        return "\"" + in_comment(std::string(view(*text)).substr(0, 60)) + "\"";
    return shown(value);
}

bool is_picture(const BindableInput& input) {
    return input.value->is_string() && input.pointer.input == "image" &&
           input.class_type.find("LoadImage") != std::string::npos;
}

bool is_seed(const BindableInput& input) {
    return input.value->is_number() && (input.pointer.input == "seed" || input.pointer.input == "noise_seed");
}

bool is_prefix(const BindableInput& input) {
    return input.value->is_string() && input.pointer.input == "filename_prefix";
}

/// What people change from picture to picture, with limits that hold for every sampler.
struct UsualNumber {
    std::string_view input;
    std::string_view type;
    std::string_view low;
    std::string_view high;
};
constexpr UsualNumber usual_numbers[] = {{"denoise", "number", "0.0", "1.0"},
                                         {"megapixels", "number", "0.25", "4.0"},
                                         {"steps", "integer", "1", "100"},
                                         {"cfg", "number", "0.0", "30.0"}};

const UsualNumber* usual(const BindableInput& input) {
    const auto* found =
        std::find_if(std::begin(usual_numbers), std::end(usual_numbers), [&](const UsualNumber& each) {
            return input.pointer.input == each.input && type_fits(each.type, *input.value);
        });
    return found != std::end(usual_numbers) ? found : nullptr;
}

class Skeleton {
public:
    explicit Skeleton(const Workflow& workflow) : workflow_(workflow), inputs_(workflow.bindable_inputs()) {
        for (const auto& input : inputs_) sort_in(input);
    }

    std::string text(std::string_view id, std::string_view file, std::string_view sha256) const {
        std::string text = "# Written by darkroom recipes import. Complete it, then: darkroom recipes lint\n";
        text +=
            "darkroom_recipe: 1\nid: " + std::string(id) + "\nversion: 1\ntype: " + std::string(id) + "\n";
        text += "title: " + yaml_text(id) + "\nengine: comfyui\n\n";
        text +=
            "# Name every model, LoRA and node pack with its licence: role, name, licence and commercial\n"
            "# (yes, no, conditional or unknown); file and sha256 of weights.\nmodels: []\n\n";
        text += "workflow:\n  file: " + std::string(file) + "\n  sha256: " + yaml_text(sha256) + "\n";
        text += "  expect:  # lint tells when the graph was renumbered\n" + expect();
        if (!params_.empty())
            text += "\n# Schemas of the type's own params. Leave this out for a built-in type.\nparams:\n" +
                    params_;
        text += "\ninputs:" +
                (pictures_.empty() ? std::string(" {}  # no LoadImage was found\n") : "\n" + pictures_);
        text += "\nbind:" + (binds_.empty() ? std::string(" []\n") : "\n" + binds_);
        if (!others_.empty()) text += "# Also there, as they stand:\n" + others_;
        text += "\noutputs:" + outputs() + "\nlimits: { timeout_s: 300 }\ncost: { base_mc: 0 }\n";
        return text;
    }

private:
    void sort_in(const BindableInput& input) {
        const auto pointer = yaml_text(input.pointer.text());
        if (is_picture(input)) {
            const auto name =
                pictures_.empty() ? std::string("image") : "image_" + std::to_string(++pictures_count_);
            pictures_ += "  " + name + ": { pointer: " + pointer + ", as: uploaded_name }\n";
        } else if (is_seed(input)) {
            bind_param(input, "seed", "integer", "");
            declare("seed",
                    "{ type: [integer, \"null\"], minimum: 0, maximum: 9007199254740991, default: null }");
        } else if (is_prefix(input)) {
            binds_ += "  - { job: id, format: \"dr-{}\", pointer: " + pointer + " }\n";
            bound_nodes_.insert(input.pointer.node);
        } else if (const auto* number = usual(input)) {
            const auto range = std::string(number->low) + ", " + std::string(number->high);
            const auto name = free_name(number->input);
            bind_param(input, name, number->type, ", clamp: [" + range + "]");
            declare(name, "{ type: " + std::string(number->type) + ", minimum: " + std::string(number->low) +
                              ", maximum: " + std::string(number->high) +
                              ", default: " + within(*number, *input.value) + " }");
        } else {
            others_ += "#   " + in_comment(input.pointer.text() + "  " + input.class_type) + "  " +
                       in_comment_value(*input.value) + "\n";
        }
        if (is_picture(input)) bound_nodes_.insert(input.pointer.node);
    }

    /// The workflow's own value, if it is inside the limits.
    static std::string within(const UsualNumber& number, const json::value& value) {
        const auto low = std::stod(std::string(number.low));
        const auto high = std::stod(std::string(number.high));
        const auto own = value.to_number<double>();
        const auto kept = std::clamp(own, low, high);
        return canonical_json(with_whole_numbers(json::value(
            number.type == "integer" ? static_cast<double>(static_cast<long long>(kept)) : kept)));
    }

    std::string free_name(std::string_view wanted) {
        const auto count = ++used_[std::string(wanted)];
        return std::string(wanted) + (count == 1 ? "" : "_" + std::to_string(count));
    }

    void bind_param(const BindableInput& input, std::string_view param, std::string_view type,
                    const std::string& more) {
        binds_ += "  - { param: " + std::string(param) + ", pointer: " + yaml_text(input.pointer.text()) +
                  ", type: " + std::string(type) + more + " }\n";
        bound_nodes_.insert(input.pointer.node);
    }

    void declare(std::string_view param, const std::string& schema) {
        if (declared_.insert(std::string(param)).second)
            params_ += "  " + std::string(param) + ": " + schema + "\n";
    }

    std::string expect() const {
        std::string text;
        auto nodes = bound_nodes_;
        for (const auto& node : output_nodes(workflow_)) nodes.insert(node);
        for (const auto& node : nodes)
            text += "    " + yaml_text(node) + ": " + yaml_text(workflow_.class_of(node)) + "\n";
        return text.empty() ? "    {}\n" : text;
    }

    std::string outputs() const {
        const auto nodes = output_nodes(workflow_);
        if (nodes.empty()) return " []  # no node saves a picture: add a SaveImage\n";
        std::string text = "\n  - { role: main, node: " + yaml_text(nodes.front()) + " }\n";
        for (std::size_t i = 1; i < nodes.size(); ++i)
            text += "  # - { role: mask, node: " + yaml_text(nodes[i]) + ", optional: true }\n";
        return text;
    }

    const Workflow& workflow_;
    std::vector<BindableInput> inputs_;
    std::string pictures_, binds_, others_, params_;
    int pictures_count_ = 1;
    std::set<std::string> bound_nodes_;
    std::set<std::string> declared_;
    std::map<std::string, int> used_;
};

}  // namespace

std::string id_from(std::string_view name) {
    std::string id;
    for (const char c : name.substr(0, 64)) {
        const bool letter =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        const bool upper = c >= 'A' && c <= 'Z';
        id += letter ? c : upper ? static_cast<char>(c - 'A' + 'a') : '_';
    }
    while (id.starts_with('.') || id.starts_with('-')) id.erase(0, 1);
    return id.empty() ? "recipe" : id;
}

std::string recipe_skeleton(const Workflow& workflow, std::string_view id, std::string_view workflow_file,
                            std::string_view workflow_sha256) {
    return Skeleton(workflow).text(id, workflow_file, workflow_sha256);
}

std::vector<std::string> output_nodes(const Workflow& workflow) {
    std::vector<std::string> previews, saves;
    for (const auto& node : workflow.nodes()) {
        std::string id(view(node.key()));
        const auto kind = workflow.class_of(id);
        if (kind.find("Save") != std::string::npos)
            saves.push_back(std::move(id));
        else if (kind.find("PreviewImage") != std::string::npos)
            previews.push_back(std::move(id));
    }
    saves.insert(saves.end(), previews.begin(), previews.end());
    return saves;
}

}  // namespace darkroom::recipes
