#include "api/chain_request.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::size_t word_bytes_max = 40;
constexpr std::size_t type_bytes_max = 64;
constexpr std::array<std::string_view, 4> step_fields{"id", "type", "params", "from"};

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= word_bytes_max &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

class StepReader {
public:
    StepReader(std::string pointer, std::vector<FieldProblem>& problems)
        : pointer_(std::move(pointer)), problems_(problems) {}

    recipes::ChainStep read(const json::value& value) {
        const auto* object = value.if_object();
        if (object == nullptr) {
            wrong("", R"(A step is an object, as in {"id": "cut", "type": "bg_remove", "params": {}}.)");
            return {};
        }
        for (const auto& [name, member] : *object) one(std::string_view(name.data(), name.size()), member);
        if (!object->contains("type")) wrong("/type", "A step needs a type; GET /types lists them.");
        if (!object->contains("id") && is_word(step_.type)) step_.id = step_.type;
        if (step_.id.empty() && !object->contains("id") && !step_.type.empty())
            wrong("/id", "This step needs an id of 1 to 40 of a-z, 0-9 and _.");
        return std::move(step_);
    }

private:
    void one(std::string_view name, const json::value& value) {
        if (name == "params") {
            if (value.is_null()) return;
            if (!value.is_object()) return wrong("/params", "params must be an object.");
            step_.params = value.get_object();
            return;
        }
        if (std::find(step_fields.begin(), step_fields.end(), name) == step_fields.end())
            return wrong("/" + json_pointer_token(name), unknown_field_sentence(name, step_fields),
                         "unknown_field");
        if (name == "from" && value.is_null()) return;
        const auto* text = value.if_string();
        if (text == nullptr) return wrong("/" + std::string(name), std::string(name) + " must be a string.");
        word(name, {text->data(), text->size()});
    }

    void word(std::string_view name, std::string_view text) {
        if (name == "type") {
            step_.type = std::string(text.substr(0, type_bytes_max));
            if (text.empty() || text.size() > type_bytes_max)
                wrong("/type", "The type of a step has 1 to 64 characters.");
        } else if (name == "id") {
            if (!is_word(text)) return wrong("/id", "The id of a step must be 1 to 40 of a-z, 0-9 and _.");
            step_.id = std::string(text);
        } else {
            step_.from = recipes::StepOutput::parse(text);
            if (!step_.from) wrong("/from", "from must be an output of an earlier step, as in cut.main.");
        }
    }

    void wrong(const std::string& where, std::string detail, std::string code = "validation_failed") {
        problems_.push_back({pointer_ + where, std::move(code), std::move(detail)});
    }

    const std::string pointer_;
    std::vector<FieldProblem>& problems_;
    recipes::ChainStep step_;
};

std::optional<recipes::StepOutput> read_output(const json::value& value, const std::string& pointer,
                                               std::vector<FieldProblem>& problems) {
    const auto* text = value.if_string();
    auto output = text != nullptr ? recipes::StepOutput::parse({text->data(), text->size()}) : std::nullopt;
    if (!output)
        problems.push_back(
            {pointer, "validation_failed", "An output of a step is said as in cut.main or cut.mask."});
    return output;
}

void read_steps(const json::object& body, recipes::Chain& chain, std::vector<FieldProblem>& problems) {
    const auto* value = body.if_contains("steps");
    const auto* steps = value != nullptr ? value->if_array() : nullptr;
    if (steps == nullptr || steps->empty() || steps->size() > recipes::chain_steps_max) {
        problems.push_back({"/steps", "validation_failed",
                            "steps must be an array of 1 to " + std::to_string(recipes::chain_steps_max) +
                                R"( steps, as in {"id": "cut", "type": "bg_remove"}.)"});
        return;
    }
    for (const auto& step : *steps)
        chain.steps.push_back(
            StepReader("/steps/" + std::to_string(chain.steps.size()), problems).read(step));
}

void read_kept(const json::value& value, recipes::Chain& chain, std::vector<FieldProblem>& problems) {
    constexpr std::size_t kept_max = 16;
    if (value.is_null()) return;
    const auto* list = value.if_array();
    if (list == nullptr || list->size() > kept_max) {
        problems.push_back(
            {"/keep", "validation_failed", "keep must be an array of outputs, as in [\"cut.mask\"]."});
        return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
        if (auto kept = read_output((*list)[i], "/keep/" + std::to_string(i), problems))
            chain.keep.push_back(*std::move(kept));
    }
}

}  // namespace

recipes::Chain read_chain_request(const json::object& body, std::vector<FieldProblem>& problems) {
    recipes::Chain chain;
    read_steps(body, chain, problems);
    if (const auto* output = body.if_contains("output"); output != nullptr && !output->is_null())
        chain.output = read_output(*output, "/output", problems);
    if (const auto* keep = body.if_contains("keep")) read_kept(*keep, chain, problems);
    return chain;
}

}  // namespace darkroom::api
