#include "cli/problem_text.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/json.h"
#include "cli/job_view.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t fields_max = 50;

/// "/params/halo/mode" as "params.halo.mode", "/inputs/0" as "inputs[0]".
std::string path_of(std::string_view pointer) {
    std::string path;
    while (pointer.starts_with('/')) {
        pointer.remove_prefix(1);
        const auto token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        if (!token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos) {
            path += "[" + std::string(token) + "]";
            continue;
        }
        if (!path.empty()) path.push_back('.');
        for (std::size_t i = 0; i < token.size(); ++i) {
            const bool escape =
                token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
            path.push_back(!escape ? token[i] : token[++i] == '0' ? '~' : '/');
        }
    }
    return path;
}

/// Puts the path before a detail that does not name it: details come with the full path, with the last name,
/// or without.
std::string field_sentence(const ServerProblem::Field& field) {
    const auto path = path_of(field.pointer);
    if (path.empty()) return field.detail;
    if (field.detail.empty()) return path + " is not valid";
    if (field.detail.find(path) != std::string::npos) return field.detail;
    const auto parent_length = path.rfind('.') == std::string::npos ? 0 : path.rfind('.') + 1;
    const auto name = path.substr(parent_length);
    if (field.detail.starts_with(name + " ")) return path.substr(0, parent_length) + field.detail;
    if (field.detail.find('"' + name + '"') != std::string::npos) return field.detail;
    if (field.detail.starts_with("must ")) return path + " " + field.detail;
    return path + ": " + field.detail;
}

std::string status_sentence(int status) {
    std::string text = "HTTP " + std::to_string(status);
    if (status == 401) text += ": the API key is missing or wrong";
    if (status == 403) text += ": the API key is not allowed to do this";
    if (status == 413) text += ": larger than the server takes";
    if (status >= 500) text += ": the server is in trouble";
    return text;
}

}  // namespace

bool ServerProblem::concerns_every_file() const {
    if (status == 401 || status == 402 || status == 403) return true;
    if (code == "unknown_type" || code == "unknown_recipe" || code == "recipe_not_found") return true;
    for (const auto& field : fields) {
        if (field.pointer.starts_with("/params") || field.pointer == "/type") return true;
    }
    return false;
}

ServerProblem read_problem(int status, std::string_view body) {
    ServerProblem problem;
    problem.status = status;
    if (const auto parsed = parse_json(body); parsed && parsed->is_object()) {
        const auto& document = parsed->get_object();
        problem.code = text_member(document, "code");
        problem.detail = text_member(document, "detail");
        if (problem.detail.empty()) problem.detail = text_member(document, "title");
        problem.request_id = text_member(document, "request_id");
        const auto* retryable = document.if_contains("retryable");
        problem.final = retryable != nullptr && retryable->is_bool() && !retryable->get_bool();
        if (const auto* errors = document.if_contains("errors"); errors != nullptr && errors->is_array()) {
            for (const auto& error : errors->get_array()) {
                if (!error.is_object() || problem.fields.size() == fields_max) continue;
                problem.fields.push_back(
                    {text_member(error.get_object(), "pointer"), text_member(error.get_object(), "detail")});
            }
        }
    }
    if (problem.detail.empty()) problem.detail = status_sentence(status);
    return problem;
}

std::vector<std::string> sentences(const ServerProblem& problem) {
    std::vector<std::string> lines;
    for (const auto& field : problem.fields) lines.push_back(field_sentence(field));
    if (lines.empty()) lines.push_back(problem.detail);
    return lines;
}

std::string in_one_line(const ServerProblem& problem) {
    std::string text;
    for (const auto& sentence : sentences(problem)) {
        if (text.ends_with('.')) text.pop_back();
        text += (text.empty() ? "" : "; ") + sentence;
    }
    return text;
}

}  // namespace darkroom::cli
