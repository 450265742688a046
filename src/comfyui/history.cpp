#include "comfyui/history.h"

#include <algorithm>

#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

namespace json = boost::json;

std::string str(std::string_view text) { return std::string(text); }

std::optional<std::int64_t> number_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    json::error_code error;
    const auto number = value->to_number<double>(error);
    // Beyond 2^53 it is no time in milliseconds.
    if (error || !(number >= 0) || number > 9e15) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

void add_files(const std::string& node, std::string_view key, const json::array& items, PromptEnd& end) {
    for (const auto& item : items) {
        const auto* object = item.if_object();
        if (object == nullptr || object->if_contains("filename") == nullptr) continue;
        OutputFile out{node, str(key), {text_in(*object, "filename"), text_in(*object, "subfolder"), {}}};
        const auto kind = parse_file_kind(object->if_contains("type") ? text_in(*object, "type") : "output");
        if (!kind || problem_of(out.file) || end.files.size() >= output_files_max) {
            ++end.bad_names;
            continue;
        }
        out.file.kind = *kind;
        end.files.push_back(std::move(out));
    }
}

void read_outputs(const json::object& entry, PromptEnd& end) {
    const auto* outputs = object_in(entry, "outputs");
    if (outputs == nullptr) return;
    for (const auto& [node, value] : *outputs) {
        if (!value.is_object()) continue;
        for (const auto& [key, items] : value.get_object()) {
            if (items.is_array())
                add_files(str({node.data(), node.size()}), {key.data(), key.size()}, items.get_array(), end);
        }
    }
}

Trouble trouble_of_error(const json::object& data) {
    const auto type = text_in(data, "exception_type");
    const auto message = text_in(data, "exception_message");
    const auto node_type = text_in(data, "node_type");
    Trouble trouble{kind_of_exception(type, message, node_type), {}, {}};
    trouble.why =
        one_line("node " + text_in(data, "node_id") + " (" + node_type + "): " + type + ": " + message);
    return trouble;
}

struct Moments {
    std::optional<std::int64_t> created, started, ended;
};

void read_message(std::string_view name, const json::object& data, PromptEnd& end, Moments& moments) {
    const auto at = number_in(data, "timestamp");
    if (name == "execution_start") moments.started = at;
    if (name == "execution_success") moments.ended = at;
    if (name == "execution_cached") {
        const auto* nodes = array_in(data, "nodes");
        end.is_cached = nodes != nullptr && !nodes->empty();
    }
    // A branch that a node blocked on purpose: the prompt may succeed all the same.
    if (name == "execution_error" && text_in(data, "exception_type") != "ExecutionBlocked") {
        end.trouble = trouble_of_error(data);
        moments.ended = at;
    }
    if (name == "execution_interrupted" && !end.trouble) {
        end.trouble = Trouble{
            TroubleKind::interrupted, {}, "interrupted at node " + one_line(text_in(data, "node_id"))};
        moments.ended = at;
    }
}

void read_status(const json::object& entry, PromptEnd& end, Moments& moments) {
    const auto* status = object_in(entry, "status");
    if (status == nullptr) return;
    if (const auto* messages = array_in(*status, "messages")) {
        for (const auto& message : *messages) {
            const auto* pair = message.if_array();
            if (pair == nullptr || pair->size() < 2 || !(*pair)[0].is_string() || !(*pair)[1].is_object())
                continue;
            const auto& name = (*pair)[0].get_string();
            read_message({name.data(), name.size()}, (*pair)[1].get_object(), end, moments);
        }
    }
    const auto word = text_in(*status, "status_str");
    if (!end.trouble && word != "success")
        end.trouble = Trouble{TroubleKind::failed, {}, "status " + one_line(word)};
}

void read_times(const Moments& moments, PromptEnd& end) {
    if (moments.started && moments.ended && *moments.ended >= *moments.started)
        end.execution = Milliseconds(*moments.ended - *moments.started);
    if (moments.created && moments.started && *moments.started >= *moments.created)
        end.queue_wait = Milliseconds(*moments.started - *moments.created);
}

}  // namespace

Result<std::optional<PromptEnd>, std::string> read_history(std::string_view body, const PromptId& id) {
    const auto read = parse_python_json(body, history_bytes_max);
    if (!read) return Fail(std::string("/history: ") + read.error().detail);
    const auto* map = read->if_object();
    if (map == nullptr) return Fail(std::string("/history: the answer is no object"));
    const auto* value = map->if_contains(id.str());
    if (value == nullptr) return std::optional<PromptEnd>();
    const auto* entry = value->if_object();
    if (entry == nullptr) return Fail(std::string("/history: the entry is no object"));
    PromptEnd end;
    Moments moments;
    if (const auto* prompt = array_in(*entry, "prompt"); prompt != nullptr && prompt->size() > 3) {
        if (const auto* extra = (*prompt)[3].if_object()) moments.created = number_in(*extra, "create_time");
    }
    read_outputs(*entry, end);
    read_status(*entry, end, moments);
    read_times(moments, end);
    return std::optional<PromptEnd>(std::move(end));
}

Result<std::vector<OutputFile>, Trouble> results_of(const PromptEnd& end, std::string_view folder) {
    if (end.trouble) return Fail(*end.trouble);
    std::vector<OutputFile> results;
    int elsewhere = 0;
    for (const auto& file : end.files) {
        if (file.file.kind != FileKind::output) continue;
        if (is_in_folder(file.file, folder)) {
            results.push_back(file);
        } else {
            ++elsewhere;
        }
    }
    // Nobody knows which of them was meant to be the result.
    if (end.bad_names > 0)
        return Fail(Trouble{TroubleKind::bad_output_name,
                            {},
                            std::to_string(end.bad_names) + " files have names that cannot be used"});
    if (!results.empty()) return results;
    if (elsewhere > 0)
        return Fail(Trouble{TroubleKind::no_output,
                            {},
                            "its files lie outside of " + one_line(folder) + ": an earlier run's"});
    return Fail(
        Trouble{TroubleKind::no_output, {}, end.is_cached ? "no files; nodes were cached" : "no files"});
}

}  // namespace darkroom::comfyui
