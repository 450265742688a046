#include "api/input_list.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 64;
constexpr const char* input_form =
    R"(An input is {"upload": "<id>"} or {"url": "https://…"}, with a "name" if you like.)";

// A word that params can say again: no path, no blanks, no quoting anywhere.
bool is_name(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return !text.empty() && text.size() <= name_bytes_max &&
           text.find_first_not_of(alphabet) == std::string_view::npos;
}

class InputReader {
public:
    InputReader(std::string pointer, std::vector<FieldProblem>& problems)
        : pointer_(std::move(pointer)), problems_(problems) {}

    RequestedInput read(const json::value& value) {
        input_.pointer = pointer_;
        const auto* object = value.if_object();
        if (object == nullptr) {
            wrong("", input_form);
            return input_;
        }
        for (const auto& [name, member] : *object) one(std::string_view(name.data(), name.size()), member);
        const bool both = object->contains("upload") && object->contains("url");
        const bool neither = !object->contains("upload") && !object->contains("url");
        if (both || neither) wrong("", input_form);
        return input_;
    }

private:
    void one(std::string_view name, const json::value& value) {
        if (name != "upload" && name != "url" && name != "name")
            return wrong("/" + json_pointer_token(name), input_form, "unknown_field");
        const auto where = "/" + std::string(name);
        const auto* text = value.if_string();
        if (text == nullptr) return wrong(where, std::string(name) + " of an input must be a string.");
        const std::string word(text->data(), text->size());
        if (name == "url") {
            input_.url = word;
            input_.pointer = pointer_ + where;
        } else if (name == "upload") {
            input_.upload = UploadId::parse(word);
            input_.pointer = pointer_ + where;
            if (!input_.upload) wrong(where, "This is not the id of an upload.");
        } else if (is_name(word)) {
            input_.name = word;
        } else {
            wrong(where, "The name of an input must be 1 to 64 of the characters A-Z a-z 0-9 _ . -");
        }
    }
    void wrong(const std::string& where, std::string detail, std::string code = "validation_failed") {
        problems_.push_back({pointer_ + where, std::move(code), std::move(detail)});
    }

    const std::string pointer_;
    std::vector<FieldProblem>& problems_;
    RequestedInput input_;
};

// One picture under two names would make two owners of one object.
void refuse_twins(const std::vector<RequestedInput>& inputs, std::vector<FieldProblem>& problems) {
    for (auto input = inputs.begin(); input != inputs.end(); ++input) {
        const auto same = [&](const auto& other) {
            return (input->upload && other.upload == input->upload) ||
                   (!input->name.empty() && other.name == input->name);
        };
        const auto twin = std::find_if(inputs.begin(), input, same);
        if (twin == input) continue;
        const bool by_name = !input->name.empty() && twin->name == input->name;
        problems.push_back({input->pointer, "validation_failed",
                            by_name ? "Two inputs are called \"" + input->name + "\"."
                                    : "This upload is an input already; send the picture twice, or once."});
    }
}

bool is_list(const json::value& value) {
    const auto* list = value.if_array();
    return list != nullptr && !list->empty() && list->size() <= inputs_max;
}

std::string list_sentence(const std::string& name, const std::string& items) {
    return name + " must be an array of 1 to " + std::to_string(inputs_max) + " " + items + ".";
}

}  // namespace

std::vector<RequestedInput> read_inputs(const json::value& value, std::vector<FieldProblem>& problems) {
    std::vector<RequestedInput> inputs;
    if (!is_list(value)) {
        problems.push_back({"/inputs", "validation_failed", list_sentence("inputs", "inputs")});
        return inputs;
    }
    for (const auto& input : value.as_array())
        inputs.push_back(InputReader("/inputs/" + std::to_string(inputs.size()), problems).read(input));
    refuse_twins(inputs, problems);
    return inputs;
}

std::vector<RequestedInput> read_input_urls(const json::value& value, std::vector<FieldProblem>& problems) {
    std::vector<RequestedInput> inputs;
    if (!is_list(value)) {
        problems.push_back({"/input_urls", "validation_failed", list_sentence("input_urls", "URLs")});
        return inputs;
    }
    for (const auto& url : value.as_array()) {
        RequestedInput input;
        input.pointer = "/input_urls/" + std::to_string(inputs.size());
        if (const auto* text = url.if_string()) {
            input.url = std::string(text->data(), text->size());
        } else {
            problems.push_back({input.pointer, "validation_failed", "A URL must be a string."});
        }
        inputs.push_back(std::move(input));
    }
    return inputs;
}

}  // namespace darkroom::api
