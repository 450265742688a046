#include "recipes/chain.h"

#include <algorithm>

#include "base/json.h"
#include "base/nearest.h"
#include "recipes/map_reader.h"
#include "recipes/own_params.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

using Need = MapReader::Need;

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= 40 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

std::optional<StepOutput> read_output(MapReader& map, std::string_view key) {
    const auto text = map.text(key);
    if (text.empty()) return std::nullopt;
    auto output = StepOutput::parse(text);
    if (!output)
        map.complain(map.member(key)->place, "wrong_value",
                     std::string(key) + " must be an output of a step, as in cut.main");
    return output;
}

ChainStep read_step(MapReader& map) {
    ChainStep step;
    step.place = map.place();
    step.id = map.text("id", Need::required);
    if (!step.id.empty() && !is_word(step.id))
        map.complain(map.member("id")->place, "wrong_value",
                     map.label() + ".id must be 1 to 40 of a-z, 0-9 and _");
    step.type = map.text("type", Need::required, 64);
    if (const auto* params = map.member("params")) {
        if (params->kind == YamlNode::Kind::mapping) {
            step.params = to_json(*params).as_object();
        } else {
            map.complain(params->place, "wrong_type", map.label() + ".params must be a mapping");
        }
    }
    step.from = read_output(map, "from");
    map.refuse_others();
    return step;
}

/// "cut.edges": "/edges".
void read_exposed(MapReader& map, Chain& chain) {
    const auto* node = map.member("expose");
    if (node == nullptr) return;
    if (node->kind != YamlNode::Kind::mapping)
        return map.complain(node->place, "wrong_type",
                            "expose must be a mapping, as in {\"cut.edges\": /edges}");
    for (const auto& member : node->members) {
        const auto dot = std::min(member.name.find('.'), member.name.size());
        const auto step = member.name.substr(0, dot);
        const auto param = dot < member.name.size() ? member.name.substr(dot + 1) : std::string();
        const auto& own = member.value.text;
        if (!is_word(step) || !is_word(param) || !own.starts_with('/') || !is_word(own.substr(1))) {
            map.complain(member.place, "wrong_value",
                         "expose leads from a param of a step to one of the chain, as in "
                         "{\"cut.edges\": /edges}");
        } else if (!chain.exposed.emplace(own.substr(1), std::pair(step, param)).second) {
            map.complain(member.place, "bind_twice", "two params of steps are exposed as " + quoted(own));
        }
    }
}

class Lint {
public:
    Lint(const Chain& chain, const TypeCatalogue& types, RecipeFindings& findings)
        : chain_(chain), types_(types), findings_(findings) {}

    void all() {
        if (chain_.steps.empty() || chain_.steps.size() > chain_steps_max)
            error({}, "chain_invalid", "a chain has 1 to " + std::to_string(chain_steps_max) + " steps");
        for (const auto& step : chain_.steps) one(step);
        if (chain_.output) refers_to_earlier({}, "output", *chain_.output);
        for (const auto& kept : chain_.keep) refers_to_earlier({}, "keep", kept);
        for (const auto& [own, target] : chain_.exposed) exposed(own, target);
    }

private:
    void error(TextPlace place, std::string code, std::string detail) {
        findings_.push_back({Severity::error, place, std::move(code), std::move(detail)});
    }

    /// Only steps that were seen before can be read from.
    void one(const ChainStep& step) {
        if (step.from) refers_to_earlier(step.place, step.id + ".from", *step.from);
        if (std::find(seen_.begin(), seen_.end(), step.id) != seen_.end())
            error(step.place, "chain_invalid", "two steps are called " + quoted(step.id));
        seen_.push_back(step.id);
        params(step);
    }

    void params(const ChainStep& step) {
        if (step.type == "chain")
            return error(step.place, "chain_invalid", "a step cannot be a chain: write its steps here");
        const auto* type = types_.find(step.type);
        if (type == nullptr) {
            const auto meant = types_.nearest(step.type);
            findings_.push_back({Severity::warning, step.place, "type_unknown",
                                 "no built-in type is called " + quoted(step.type) +
                                     (meant ? "; did you mean " + quoted(*meant) + "?" : std::string())});
            return;
        }
        std::vector<ParamProblem> problems;
        type->params->check(step.params, step.id + ".params", problems);
        for (const auto& problem : problems)
            error(step.place, problem.code, problem.pointer + ": " + problem.detail);
    }

    void refers_to_earlier(TextPlace place, const std::string& what, const StepOutput& output) {
        if (std::find(seen_.begin(), seen_.end(), output.step) != seen_.end()) return;
        std::vector<std::string_view> names(seen_.begin(), seen_.end());
        const auto meant = nearest_word(output.step, names);
        error(place, "chain_invalid",
              what + " is " + quoted(output.text()) + ", and no step before is called " +
                  quoted(output.step) + (meant ? "; did you mean " + quoted(*meant) + "?" : ""));
    }

    void exposed(const std::string& own, const std::pair<std::string, std::string>& target) {
        const auto step = std::find_if(chain_.steps.begin(), chain_.steps.end(),
                                       [&](const ChainStep& each) { return each.id == target.first; });
        if (step == chain_.steps.end())
            return error({}, "chain_invalid", "expose: no step is called " + quoted(target.first));
        if (step->params.contains(target.second))
            return error(step->place, "bind_twice",
                         quoted(own) + " is exposed, and " + target.first + " sets it as well");
        const auto* type = types_.find(step->type);
        if (type == nullptr) return;  // told already
        const auto schema = parse_json(type->schema_json);
        if (schema_of_param(schema->as_object().at("properties").as_object(), target.second) == nullptr)
            error(step->place, "param_unknown",
                  step->type + " has no param " + quoted(target.second) + " to expose");
    }

    const Chain& chain_;
    const TypeCatalogue& types_;
    RecipeFindings& findings_;
    std::vector<std::string> seen_;
};

}  // namespace

std::optional<StepOutput> StepOutput::parse(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto step = text.substr(0, dot), role = text.substr(dot + 1);
    if (!is_word(step) || (role != "main" && role != "mask" && role != "preview")) return std::nullopt;
    return StepOutput{std::string(step), std::string(role)};
}

Chain read_chain(MapReader& map, RecipeFindings& findings) {
    Chain chain;
    map.member("steps", Need::required);
    const auto* steps = map.list("steps");
    for (const auto& node : steps != nullptr ? *steps : std::vector<YamlNode>()) {
        MapReader item(node, "steps[" + std::to_string(chain.steps.size()) + "]", findings);
        chain.steps.push_back(read_step(item));
    }
    read_exposed(map, chain);
    chain.output = read_output(map, "output");
    for (const auto& text : map.texts("keep")) {
        if (auto output = StepOutput::parse(text)) {
            chain.keep.push_back(std::move(*output));
        } else {
            map.complain(map.member("keep")->place, "wrong_value",
                         "keep is a list of outputs, as in [cut.mask]");
        }
    }
    return chain;
}

void lint_chain(const Chain& chain, const TypeCatalogue& types, RecipeFindings& findings) {
    Lint(chain, types, findings).all();
}

}  // namespace darkroom::recipes
