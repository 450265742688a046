#include "recipes/lint_bindings.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <set>

#include "base/json.h"
#include "base/nearest.h"
#include "recipes/own_params.h"
#include "recipes/param_words.h"
#include "recipes/value_steps.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

bool is_seed(std::string_view input) { return input == "seed" || input == "noise_seed"; }

/// Inputs whose texts become names of files: no text of a user goes there.
bool names_a_file(std::string_view input) {
    for (const auto* word :
         {"file", "path", "folder", "directory", "image", "video", "audio", "prefix", "_name"}) {
        if (input.find(word) != std::string_view::npos) return true;
    }
    return false;
}

bool allows_free_text(const json::object* schema) {
    if (schema == nullptr) return true;
    if (schema->contains("enum")) return false;
    const auto* type = schema->if_contains("type");
    if (type == nullptr) return true;
    if (const auto* types = type->if_array())
        return std::find(types->begin(), types->end(), json::value("string")) != types->end();
    return *type == "string";
}

class Bindings {
public:
    Bindings(const RecipeFile& recipe, const Workflow& workflow, const json::object& params,
             RecipeFindings& findings)
        : recipe_(recipe), workflow_(workflow), params_(params), findings_(findings) {}

    void all() {
        for (const auto& input : recipe_.inputs) picture(input);
        if (recipe_.inputs.empty())
            warn({}, "input_missing", "no picture of the job goes into the workflow: inputs is empty");
        for (const auto& bind : recipe_.binds) value(bind);
        loose_ends();
    }

private:
    void error(TextPlace place, std::string code, std::string detail) {
        findings_.push_back({Severity::error, place, std::move(code), std::move(detail)});
    }
    void warn(TextPlace place, std::string code, std::string detail) {
        findings_.push_back({Severity::warning, place, std::move(code), std::move(detail)});
    }

    /// What the address leads to; null pointer and told if a recipe cannot write there.
    std::optional<InputPointer> target(const Address& address, bool create) {
        if (address.text.empty()) return std::nullopt;  // told already
        auto pointer = workflow_.resolve(address.text);
        if (!pointer) {
            error(address.place, pointer.error().code, pointer.error().detail);
            return std::nullopt;
        }
        if (!bound_.insert(pointer->text()).second)
            error(address.place, "bind_twice", "two values go to " + pointer->text());
        const auto* there = workflow_.at(*pointer);
        if (there == nullptr && !(create && pointer->inside.empty())) {
            error(address.place, "bind_missing",
                  "nothing stands at " + pointer->text() + " in the workflow" + nearest_input(*pointer));
            return std::nullopt;
        }
        if (there != nullptr && is_link(*there)) {
            error(address.place, "bind_targets_link",
                  pointer->text() + " is fed by node " + quoted(view(there->get_array()[0].as_string())) +
                      ": a link is never overwritten");
            return std::nullopt;
        }
        return std::move(*pointer);
    }

    std::string nearest_input(const InputPointer& pointer) const {
        std::vector<std::string_view> names;
        const auto& inputs = workflow_.nodes().at(pointer.node).as_object().at("inputs").as_object();
        for (const auto& input : inputs) names.push_back(view(input.key()));
        const auto meant = nearest_word(pointer.input, names);
        return meant && *meant != pointer.input ? "; did you mean " + quoted(*meant) + "?" : "";
    }

    void picture(const InputBinding& input) {
        const auto pointer = target(input.address, false);
        if (!pointer) return;
        const auto* there = workflow_.at(*pointer);
        if (there != nullptr && !there->is_string())
            error(input.address.place, "bind_type",
                  pointer->text() + " holds no text: a picture is named by one");
    }

    void value(const ValueBinding& bind) {
        const auto pointer = target(bind.address, bind.create);
        const auto* schema = param_schema(bind);
        if (!pointer) return;
        const auto* there = workflow_.at(*pointer);
        const auto type = type_of(bind, there);
        if (type.empty()) {
            error(bind.place, "bind_type", "type is missing: " + pointer->text() + " does not tell one");
        } else if (there != nullptr && !type_fits(type, *there)) {
            const auto held = literal_type(*there);
            error(bind.address.place, "bind_type",
                  pointer->text() + " holds " + (held.empty() ? "no plain value" : "a " + std::string(held)) +
                      ", which a " + type + " cannot replace");
        }
        steps(bind, schema, type);
        free_text(bind, *pointer, schema, type);
    }

    static std::string type_of(const ValueBinding& bind, const json::value* there) {
        if (!bind.type.empty() || there == nullptr) return bind.type;
        return std::string(literal_type(*there));
    }

    const json::object* param_schema(const ValueBinding& bind) {
        if (bind.source != ValueSource::param || bind.name.empty()) return nullptr;
        const auto* schema = schema_of_param(params_, bind.name);
        if (schema != nullptr) return schema;
        std::vector<std::string_view> names;
        for (const auto& param : params_) names.push_back(view(param.key()));
        const auto meant = nearest_word(bind.name, names);
        error(bind.place, "param_unknown",
              recipe_.type + " has no param " + quoted(bind.name) +
                  (meant ? "; did you mean " + quoted(*meant) + "?"
                         : std::string("; a type of your own declares them under params")));
        return nullptr;
    }

    void steps(const ValueBinding& bind, const json::object* schema, const std::string& type) {
        if (!bind.steps.format.empty() && type != "string")
            error(bind.place, "step_invalid", "format makes a text, and the type is " + type);
        if (bind.steps.has_numbers() && type == "boolean")
            error(bind.place, "step_invalid", "scale, offset, round and clamp are for numbers");
        if (bind.source == ValueSource::constant) {
            const auto stepped = apply_steps(bind.steps, bind.constant, type);
            if (!stepped) error(bind.place, "step_invalid", stepped.error());
        }
        for (const auto& mapped : bind.steps.map) {
            ValueSteps behind = bind.steps;
            behind.map = {};
            const auto stepped = apply_steps(behind, mapped.value(), type);
            if (!stepped)
                error(bind.place, "step_invalid",
                      "map: " + quoted(view(mapped.key())) + ": " + stepped.error());
        }
        const auto* words = schema != nullptr ? schema->if_contains("enum") : nullptr;
        if (bind.steps.map.empty() || words == nullptr) return;
        for (const auto& word : words->as_array()) {
            if (word.is_string() && !bind.steps.map.contains(word.get_string()))
                error(bind.place, "map_incomplete", "map does not say what " + shown(word) + " becomes");
        }
    }

    void free_text(const ValueBinding& bind, const InputPointer& pointer, const json::object* schema,
                   const std::string& type) {
        const bool from_user = bind.source == ValueSource::param && type == "string" &&
                               bind.steps.map.empty() && allows_free_text(schema);
        if (bind.user_text && !from_user)
            return warn(bind.place, "user_text_unneeded", "user_text is for texts that users write freely");
        if (!from_user) return;
        if (!bind.user_text)
            error(bind.place, "user_text_missing",
                  "users write " + quoted(bind.name) + " freely: say user_text: true, or map its words");
        if (names_a_file(pointer.input))
            error(bind.place, "user_text_in_file_name",
                  quoted(pointer.input) + " names a file, and no text of a user goes there");
    }

    void loose_ends() {
        for (const auto& input : workflow_.bindable_inputs()) {
            if (bound_.contains(input.pointer.text())) continue;
            if (is_seed(input.pointer.input) && input.value->is_number())
                warn({}, "unseeded",
                     input.pointer.text() + " is bound to nothing: each job would draw the same picture");
            if (input.pointer.input == "filename_prefix")
                warn({}, "prefix_shared",
                     input.pointer.text() +
                         " is the same for all jobs; {job: id, format: \"dr-{}\"} keeps their files apart");
        }
    }

    const RecipeFile& recipe_;
    const Workflow& workflow_;
    const json::object& params_;
    RecipeFindings& findings_;
    std::set<std::string> bound_;
};

}  // namespace

void lint_bindings(const RecipeFile& recipe, const Workflow& workflow, const json::object& params,
                   RecipeFindings& findings) {
    Bindings(recipe, workflow, params, findings).all();
}

}  // namespace darkroom::recipes
