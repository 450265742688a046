#include "api/job_request.h"

#include <array>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::size_t metadata_bytes_max = 16'384;
constexpr int priority_limit = 1'000;

constexpr std::array<std::string_view, 7> fields{"type",     "params",   "inputs", "backend",
                                                 "priority", "metadata", "user_id"};

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
        } else if (name == "input_urls" || name == "webhook_url") {
            read_not_here(name, value);
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
        const auto* upload = input.is_object() ? input.as_object().if_contains("upload") : nullptr;
        if (input.is_object() && input.as_object().contains("url")) {
            return wrong("/inputs/0/url",
                         "Inputs by URL are not available in this version; send the picture as an upload.");
        }
        if (upload == nullptr || !upload->is_string() || input.as_object().size() != 1) {
            return wrong("/inputs/0", "An input is {\"upload\": \"<id>\"}.");
        }
        const auto id =
            UploadId::parse(std::string_view(upload->as_string().data(), upload->as_string().size()));
        if (!id) return wrong("/inputs/0/upload", "This is not the id of an upload.");
        request_.uploads = {*id};
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
    void read_not_here(std::string_view name, const json::value& value) {
        if (value.is_null()) return;
        wrong("/" + std::string(name),
              name == "webhook_url"
                  ? "Webhooks are not available in this version; poll, wait or follow the events."
                  : "Inputs by URL are not available in this version; send the picture as an upload.");
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
    if (file_follows && body.contains("inputs"))
        reader.wrong("/inputs", "The form's file is the input; leave inputs out.");
    if (!file_follows && !body.contains("inputs") && !body.contains("input_urls")) {
        reader.wrong("/inputs", "inputs is missing: [{\"upload\": \"<id>\"}].");
    }
    if (!reader.problems().empty()) return Fail(Problem(std::move(reader.problems())));
    return request;
}

}  // namespace darkroom::api
