#include "recipes/fill.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <optional>

#include "base/check.h"
#include "base/json.h"
#include "recipes/param_words.h"
#include "recipes/value_steps.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

/// Params that are for Darkroom, not for the workflow.
bool is_common(std::string_view name) {
    for (const auto* common :
         {"v", "output_format", "quality", "max_output_mp", "metadata", "engine", "recipe", "preview"}) {
        if (name == common) return true;
    }
    return false;
}

const json::value* param_at(const json::object& params, std::string_view name) {
    const auto dot = std::min(name.find('.'), name.size());
    const auto* value = params.if_contains({name.data(), dot});
    if (value == nullptr || dot == name.size()) return value;
    const auto* inner = value->if_object();
    return inner != nullptr ? param_at(*inner, name.substr(dot + 1)) : nullptr;
}

/// Letters of UTF-8.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

class Filling {
public:
    Filling(const RecipeFile& recipe, const Workflow& workflow, const FillRequest& request)
        : recipe_(recipe), request_(request), workflow_(workflow) {}

    Result<FilledWorkflow, FillProblem> all() {
        if (!expectations() || !unbound()) return Fail(problem_);
        for (const auto& input : recipe_.inputs) {
            if (!picture(input)) return Fail(problem_);
        }
        for (const auto& bind : recipe_.binds) {
            if (!value(bind)) return Fail(problem_);
        }
        return FilledWorkflow{workflow_.nodes(), std::move(warnings_)};
    }

private:
    bool fail(std::string code, std::string detail) {
        problem_ = {std::move(code), std::move(detail)};
        return false;
    }

    bool expectations() {
        if (!recipe_.workflow) return fail("workflow_rejected", recipe_.name() + " has no workflow");
        for (const auto& expected : recipe_.workflow->expect) {
            const auto node = workflow_.find_node(expected.node.text);
            if (!node || workflow_.class_of(*node) != expected.class_type)
                return fail("workflow_rejected", "node " + quoted(expected.node.text) +
                                                     " of the workflow is no " + expected.class_type);
        }
        return true;
    }

    bool unbound() {
        if (recipe_.unbound == "ignore") return true;
        for (const auto& param : request_.sent) {
            const auto name = view(param.key());
            const bool bound = std::any_of(recipe_.binds.begin(), recipe_.binds.end(), [&](const auto& bind) {
                return bind.source == ValueSource::param && bind.name.substr(0, bind.name.find('.')) == name;
            });
            if (bound || is_common(name)) continue;
            if (recipe_.unbound == "error")
                return fail("params_invalid", quoted(name) + " has no effect in " + recipe_.name());
            warnings_.push_back("param_unbound: " + quoted(name) + " has no effect in " + recipe_.name());
        }
        return true;
    }

    std::optional<InputPointer> target(const Address& address, bool create) {
        auto pointer = workflow_.resolve(address.text);
        if (!pointer) {
            fail("workflow_rejected", pointer.error().detail);
            return std::nullopt;
        }
        const auto* there = workflow_.at(*pointer);
        if (there == nullptr ? !(create && pointer->inside.empty()) : is_link(*there)) {
            fail("workflow_rejected", pointer->text() + " of the workflow holds no value to replace");
            return std::nullopt;
        }
        return std::move(*pointer);
    }

    bool picture(const InputBinding& input) {
        const auto given = request_.inputs.find(input.name);
        if (given == request_.inputs.end())
            return !input.required ||
                   fail("input_missing", "the input " + quoted(input.name) + " is missing");
        const auto pointer = target(input.address, false);
        if (!pointer) return false;
        workflow_.set(*pointer, json::string(given->second));
        return true;
    }

    /// Null: what stands in the workflow stays.
    json::value source_of(const ValueBinding& bind) const {
        if (bind.source == ValueSource::constant) return bind.constant;
        if (bind.source == ValueSource::job)
            return json::string(bind.name == "id" ? request_.job_id : request_.input_sha256);
        const auto* value = param_at(request_.params, bind.name);
        return value != nullptr ? *value : json::value();
    }

    bool value(const ValueBinding& bind) {
        const auto pointer = target(bind.address, bind.create);
        if (!pointer) return false;
        const auto from = source_of(bind);
        if (from.is_null()) {
            const bool seed = pointer->input == "seed" || pointer->input == "noise_seed";
            return !seed || fail("params_invalid", quoted(bind.name) + " was not drawn");
        }
        if (bind.user_text && from.is_string() &&
            characters(view(from.get_string())) > static_cast<std::size_t>(bind.max_length))
            return fail("params_invalid", quoted(bind.name) + " is longer than " +
                                              std::to_string(bind.max_length) + " characters");
        const auto* there = workflow_.at(*pointer);
        const auto type =
            !bind.type.empty() || there == nullptr ? bind.type : std::string(literal_type(*there));
        auto result = apply_steps(bind.steps, from, type);
        if (!result) return fail("params_invalid", quoted(bind.name) + ": " + result.error());
        workflow_.set(*pointer, std::move(*result));
        return true;
    }

    const RecipeFile& recipe_;
    const FillRequest& request_;
    Workflow workflow_;  // a copy
    std::vector<std::string> warnings_;
    FillProblem problem_;
};

}  // namespace

Result<FilledWorkflow, FillProblem> fill(const RecipeFile& recipe, const Workflow& workflow,
                                         const FillRequest& request) {
    return Filling(recipe, workflow, request).all();
}

json::object worker_input(std::string_view worker, json::object nodes,
                          const std::vector<SentPicture>& pictures) {
    DR_CHECK(worker == "volume_files" || worker == "worker_comfyui");
    json::object input;
    input.emplace(worker == "volume_files" ? "workflow_api" : "workflow", std::move(nodes));
    if (worker == "volume_files") return input;
    json::array images;
    for (const auto& picture : pictures)
        images.push_back(json::object{{"name", picture.name}, {"image", picture.base64}});
    input.emplace("images", std::move(images));
    return input;
}

}  // namespace darkroom::recipes
