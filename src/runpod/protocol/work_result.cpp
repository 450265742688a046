#include "runpod/protocol/work_result.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/object_reader.h"
#include "runpod/protocol/output_path.h"

namespace darkroom::runpod {
namespace {

constexpr std::uint64_t side_max = 1u << 20;
constexpr std::uint64_t execution_ms_max = 7ULL * 24 * 3'600'000;

void write_file(JsonWriter& json, const WorkFile& file) {
    json.begin_object().member("role", file.role);
    if (!file.key.empty()) json.member("key", file.key);
    if (!file.path.empty()) json.member("path", file.path);
    json.member("content_type", file.content_type).member("bytes", file.bytes);
    json.member("sha256", file.sha256).member("width", file.width).member("height", file.height);
    json.end_object();
}

WorkFile read_file(ObjectReader& reader) {
    WorkFile file;
    file.role = reader.needed_text("role", 64);
    file.key = reader.text("key", path_bytes_max);
    file.path = reader.text("path", path_bytes_max);
    file.content_type = reader.needed_text("content_type", 64);
    file.bytes = reader.count("bytes");
    file.sha256 = reader.needed_text("sha256", 64);
    file.width = static_cast<std::uint32_t>(reader.count("width", side_max));
    file.height = static_cast<std::uint32_t>(reader.count("height", side_max));
    if (!is_word(file.role, "_", 64)) reader.complain("role", "is none");
    if (file.key.empty() == file.path.empty()) reader.complain("key", "or path is needed, and not both");
    if (!is_sha256_hex(file.sha256)) reader.complain("sha256", "is no SHA-256 in lower-case hex");
    return file;
}

void read_files(ObjectReader& parent, WorkResult& result) {
    const auto* array = parent.array("files", work_files_max);
    if (array == nullptr) return parent.complain("files", "is missing");
    for (std::size_t i = 0; i < array->size(); ++i) {
        const auto* object = (*array)[i].if_object();
        if (object == nullptr) return parent.complain("files", "holds something that is no object");
        ObjectReader reader(*object, "files[" + std::to_string(i) + "].");
        result.files.push_back(read_file(reader));
        if (!reader.ok()) return parent.complain({}, reader.error().detail);
    }
    const bool has_main = std::any_of(result.files.begin(), result.files.end(),
                                      [](const WorkFile& file) { return file.role == "main"; });
    if (!has_main) parent.complain("files", "names no file of role main");
}

}  // namespace

std::string write_work_result(const WorkResult& result) {
    JsonWriter json;
    json.begin_object();
    if (result.duplicate) return json.member("darkroom", "duplicate").end_object().take();
    json.key("files").begin_array();
    for (const auto& file : result.files) write_file(json, file);
    json.end_array().raw_member("measures", result.measures_json);
    json.raw_member("warnings", result.warnings_json).member("execution_ms", result.execution);
    return json.end_object().take();
}

Result<WorkResult, ProtocolError> parse_work_result(std::string_view json) {
    const auto value = parse_json(json, work_result_bytes_max);
    if (!value) return Fail(ProtocolError{"result: " + value.error().detail});
    const auto* object = value->if_object();
    if (object == nullptr) return Fail(ProtocolError{"result is no object"});
    ObjectReader reader(*object, "result.");
    WorkResult result;
    const auto word = reader.text("darkroom", 64);
    result.duplicate = word == "duplicate";
    if (!word.empty() && !result.duplicate) reader.complain("darkroom", "is no word that is known");
    if (!result.duplicate) {
        read_files(reader, result);
        (void)reader.object("measures");
        (void)reader.array("warnings", 1000);
        result.execution = Milliseconds(reader.count("execution_ms", execution_ms_max));
    }
    if (!reader.ok()) return Fail(reader.error());
    if (result.duplicate) return result;
    auto members =
        pick_json_members(json, {{"measures", json.size()}, {"warnings", json.size()}}, json.size());
    if (!members) return Fail(std::move(members).error());
    result.measures_json = members->take_json("measures").value_or("{}");
    result.warnings_json = members->take_json("warnings").value_or("[]");
    return result;
}

}  // namespace darkroom::runpod
