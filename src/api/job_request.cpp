#include "api/job_request.h"

#include <array>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::size_t metadata_bytes_max = 16'384;
constexpr int priority_limit = 1'000;

constexpr std::array<std::string_view, 8> fields{"type",    "params",   "inputs",   "input_urls",
                                                 "backend", "priority", "metadata", "user_id"};

// Reads one member after the other and collects what is wrong.
class Reader {
public:
    explicit Reader(JobRequest& request) : request_(request) {}

    void read(std::string_view name, const json::value& value) {
        if (name == "type") {
            if (text(name, value)) request_.type = std::string(value.as_string());
        } else if (name == "params") {
            read_params(value);
        } else if (name == "inputs") {
            read_inputs(value);
        } else if (name == "backend") {
            if (!value.is_null() && text(name, value)) request_.backend = std::string(value.as_string());
        } else if (name == "priority") {
            read_priority(value);
        } else if (name == "metadata") {
            read_metadata(value);
        } else if (name == "user_id") {
            read_user(value);
        } else if (name == "input_urls") {
            read_input_urls(value);
        } else if (name == "webhook_url") {
            read_webhook_url(value);
        } else {
            wrong("/" + json_pointer_token(name), unknown_field_sentence(name, fields), "unknown_field");
        }
    }

    void wrong(std::string pointer, std::string detail, std::string code = "validation_failed") {
        problems_.push_back({std::move(pointer), std::move(code), std::move(detail)});
    }

    std::vector<FieldProblem>& problems() { return problems_; }

private:
    bool text(std::string_view name, const json::value& value) {
        if (value.is_string()) return true;
        wrong("/" + std::string(name), std::string(name) + " must be a string.");
        return false;
    }

    void read_params(const json::value& value) {
        if (value.is_null()) return;
        if (!value.is_object()) return wrong("/params", "params must be an object.");
        request_.params = value.as_object();
    }

    void read_inputs(const json::value& value) {
        if (!value.is_array() || value.as_array().size() != 1)
            return wrong("/inputs", "inputs must be an array of exactly one input.");
        const auto& input = value.as_array().front();
        if (!input.is_object() || input.as_object().size() != 1)
            return wrong("/inputs/0", R"(An input is {"upload": "<id>"} or {"url": "https://…"}.)");
        const auto& [form, name] = *input.as_object().begin();
        if ((form != "upload" && form != "url") || !name.is_string())
            return wrong("/inputs/0", R"(An input is {"upload": "<id>"} or {"url": "https://…"}.)");
        const std::string text(name.as_string());
        if (form == "url") {
            request_.urls = {{text, "/inputs/0/url"}};
            return;
        }
        const auto id = UploadId::parse(text);
        if (!id) return wrong("/inputs/0/upload", "This is not the id of an upload.");
        request_.uploads = {*id};
    }

    // The short form.
    void read_input_urls(const json::value& value) {
        if (value.is_null()) return;
        if (!value.is_array() || value.as_array().size() != 1 || !value.as_array().front().is_string())
            return wrong("/input_urls", "input_urls must be an array of exactly one URL.");
        request_.urls = {{std::string(value.as_array().front().as_string()), "/input_urls/0"}};
    }

    void read_priority(const json::value& value) {
        if (value.is_null()) return;
        if (!value.is_int64() || value.as_int64() < -priority_limit || value.as_int64() > priority_limit) {
            return wrong("/priority", "priority must be an integer between -1000 and 1000.");
        }
        request_.priority = static_cast<int>(value.as_int64());
    }

    void read_metadata(const json::value& value) {
        if (value.is_null()) return;
        if (!value.is_object()) return wrong("/metadata", "metadata must be an object.");
        auto text = json::serialize(value);
        if (text.size() > metadata_bytes_max)
            return wrong("/metadata", "metadata must not be larger than 16 KiB.");
        request_.metadata_json = std::move(text);
    }

    void read_user(const json::value& value) {
        if (value.is_null() || !text("user_id", value)) return;
        request_.user = UserId::parse(std::string_view(value.as_string().data(), value.as_string().size()));
        if (!request_.user)
            wrong("/user_id", "user_id must be 1 to 128 of the characters A-Z a-z 0-9 _ . @ : -");
    }

    // Part of the contract that this version cannot keep: refused, so that nobody waits for what will not
    // come.
    void read_webhook_url(const json::value& value) {
        if (value.is_null()) return;
        wrong("/webhook_url", "Webhooks are not available in this version; poll, wait or follow the events.");
    }

    JobRequest& request_;
    std::vector<FieldProblem> problems_;
};

}  // namespace

Result<JobRequest, Problem> read_job_request(const json::object& body, bool file_follows) {
    JobRequest request;
    Reader reader(request);
    for (const auto& [name, value] : body) reader.read(std::string_view(name.data(), name.size()), value);
    if (!body.contains("type"))
        reader.wrong("/type", "type is missing; GET /types lists what can be asked for.");
    const bool has_inputs = body.contains("inputs");
    const auto* urls = body.if_contains("input_urls");
    const bool has_urls = urls != nullptr && !urls->is_null();
    if (file_follows && (has_inputs || has_urls))
        reader.wrong(has_inputs ? "/inputs" : "/input_urls",
                     "The form's file is the input; leave inputs and input_urls out.");
    if (has_inputs && has_urls) reader.wrong("/input_urls", "Give inputs or input_urls, not both.");
    if (!file_follows && !has_inputs && !has_urls)
        reader.wrong("/inputs", R"(inputs is missing: [{"upload": "<id>"}] or [{"url": "https://…"}].)");
    if (!reader.problems().empty()) return Fail(Problem(std::move(reader.problems())));
    return request;
}

}  // namespace darkroom::api
