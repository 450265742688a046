#include "recipes/recipe_bindings.h"

#include <algorithm>

namespace darkroom::recipes {
namespace {

using Need = MapReader::Need;

constexpr double number_max = 1e15;

Address read_address(MapReader& map) {
    auto text = map.text("pointer", Need::required);
    const auto* node = map.member("pointer");
    const auto place = node != nullptr ? node->place : map.place();
    if (!text.empty() && !text.starts_with('/') && !text.starts_with("title:"))
        map.complain(
            place, "wrong_value",
            map.label() + ".pointer must look like /78/inputs/image or title:Load the photo/inputs/image");
    return {std::move(text), place};
}

std::optional<double> read_round(MapReader& map) {
    const auto* node = map.member("round");
    if (node == nullptr) return std::nullopt;
    if (node->kind == YamlNode::Kind::string && node->text == "int") return 1.0;
    return map.number("round", 1e-9, number_max);
}

std::optional<std::pair<double, double>> read_clamp(MapReader& map) {
    const auto* list = map.list("clamp");
    if (list == nullptr) return std::nullopt;
    std::vector<double> ends;
    for (const auto& item : *list) {
        const auto value = to_json(item);
        if (value.is_number()) ends.push_back(value.to_number<double>());
    }
    if (list->size() == 2 && ends.size() == 2 && ends[0] <= ends[1]) return std::pair(ends[0], ends[1]);
    map.complain(map.member("clamp")->place, "wrong_value",
                 map.label() + ".clamp must be two numbers, the lower one first");
    return std::nullopt;
}

std::string read_format(MapReader& map) {
    auto format = map.text("format");
    const auto at = format.find("{}");
    if (!format.empty() && (at == std::string::npos || format.find("{}", at + 2) != std::string::npos))
        map.complain(map.member("format")->place, "wrong_value",
                     map.label() + ".format must hold {} once, where the value goes");
    return format;
}

boost::json::object read_map(MapReader& map, RecipeFindings& findings) {
    const auto* node = map.member("map");
    if (node == nullptr) return {};
    const MapReader words(*node, map.label() + ".map", findings);
    if (node->kind != YamlNode::Kind::mapping) return {};
    if (node->members.empty()) map.complain(node->place, "wrong_value", map.label() + ".map is empty");
    for (const auto& member : node->members) {
        const auto kind = member.value.kind;
        if (kind == YamlNode::Kind::sequence || kind == YamlNode::Kind::mapping)
            map.complain(member.value.place, "wrong_type",
                         map.label() + ".map leads from words to texts, numbers, or true and false");
    }
    return to_json(*node).as_object();
}

/// What the value comes from: exactly one of param, job and const.
void read_source(MapReader& map, ValueBinding& bind) {
    const auto* param = map.member("param");
    const auto* job = map.member("job");
    const auto* constant = map.member("const");
    if ((param != nullptr) + (job != nullptr) + (constant != nullptr) != 1) {
        map.complain(map.place(), "wrong_value", map.label() + " must have one of param, job and const");
        return;
    }
    if (param != nullptr) {
        bind.name = map.text("param");
    } else if (job != nullptr) {
        bind.source = ValueSource::job;
        bind.name = map.word("job", {"id", "input_sha256"});
    } else {
        bind.source = ValueSource::constant;
        bind.constant = to_json(*constant);
        if (!bind.constant.is_primitive() || bind.constant.is_null())
            map.complain(constant->place, "wrong_type",
                         map.label() + ".const must be a text, a number, or true or false");
    }
}

std::string type_of_constant(const boost::json::value& constant) {
    if (constant.is_bool()) return "boolean";
    if (constant.is_int64() || constant.is_uint64()) return "integer";
    return constant.is_double() ? "number" : "string";
}

ValueBinding read_bind(MapReader& map, RecipeFindings& findings) {
    ValueBinding bind;
    bind.place = map.place();
    read_source(map, bind);
    bind.address = read_address(map);
    bind.steps = {read_map(map, findings),
                  map.number("scale", -number_max, number_max),
                  map.number("offset", -number_max, number_max),
                  read_round(map),
                  read_clamp(map),
                  read_format(map)};
    if (map.member("type") != nullptr) {
        bind.type = map.word("type", {"number", "integer", "string", "boolean"});
    } else if (bind.source == ValueSource::constant) {
        bind.type = type_of_constant(bind.constant);
    } else if (bind.source == ValueSource::job) {
        bind.type = "string";
    }  // of a param: what stands in the workflow
    bind.user_text = map.flag("user_text", false);
    bind.max_length = map.whole("max_length", 500, 1, 4000);
    bind.create = map.flag("create", false);
    map.refuse_others();
    return bind;
}

}  // namespace

std::vector<InputBinding> read_inputs(MapReader& map, RecipeFindings& findings) {
    std::vector<InputBinding> inputs;
    const auto* node = map.member("inputs");
    if (node == nullptr) return inputs;
    const MapReader checked(*node, "inputs", findings);
    for (const auto& member : node->members) {
        MapReader item(member.value, "inputs." + member.name, findings);
        auto& input = inputs.emplace_back();
        input.name = member.name;
        input.address = read_address(item);
        input.as = item.word("as", {"uploaded_name", "url", "base64"});
        input.required = item.flag("required", true);
        item.refuse_others();
    }
    return inputs;
}

std::vector<ValueBinding> read_binds(MapReader& map, RecipeFindings& findings) {
    std::vector<ValueBinding> binds;
    const auto* list = map.list("bind");
    if (list == nullptr) return binds;
    for (const auto& node : *list) {
        MapReader item(node, "bind[" + std::to_string(binds.size()) + "]", findings);
        binds.push_back(read_bind(item, findings));
    }
    return binds;
}

std::vector<OutputRule> read_outputs(MapReader& map, RecipeFindings& findings) {
    std::vector<OutputRule> outputs;
    const auto* list = map.list("outputs");
    if (list == nullptr) return outputs;
    for (const auto& node : *list) {
        MapReader item(node, "outputs[" + std::to_string(outputs.size()) + "]", findings);
        OutputRule output;
        output.role = item.word("role", {"main", "mask", "preview"}, Need::required);
        output.node.text = item.node_id("node", Need::required);
        output.node.place = node.place;
        output.kind = item.word("kind", {"image"});
        output.index = item.whole("index", 0, 0, 99);
        output.optional = item.flag("optional", false);
        item.refuse_others();
        outputs.push_back(std::move(output));
    }
    return outputs;
}

}  // namespace darkroom::recipes
