#include "api/job_request.h"

#include <array>
#include <boost/json/serialize.hpp>

#include "api/chain_request.h"
#include "api/input_list.h"
#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::size_t metadata_bytes_max = 16'384;
constexpr int priority_limit = 1'000;

constexpr std::array<std::string_view, 11> fields{"type",    "params",   "inputs",   "input_urls",
                                                  "backend", "priority", "metadata", "user_id",
                                                  "steps",   "output",   "keep"};

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
            request_.inputs = read_inputs(value, problems_);
        } else if (name == "backend") {
            read_backend(value);
        } else if (name == "priority") {
            read_priority(value);
        } else if (name == "metadata") {
            read_metadata(value);
        } else if (name == "user_id") {
            read_user(value);
        } else if (name == "input_urls") {
            if (!value.is_null()) request_.inputs = read_input_urls(value, problems_);
        } else if (name == "webhook_url") {
            read_webhook_url(value);
        } else if (name == "steps" || name == "output" || name == "keep") {
            return;  // read together, below
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

    void read_backend(const json::value& value) {
        if (value.is_null() || !text("backend", value)) return;
        if (value.as_string().empty()) return wrong("/backend", "backend must name one, or be null.");
        request_.backend = std::string(value.as_string());
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

// Steps belong to a chain, and a chain's params to its steps.
void read_chain(const json::object& body, JobRequest& request, Reader& reader) {
    if (request.type == "chain") {
        if (!request.params.empty())
            reader.wrong("/params", "A chain has no params of its own; each of its steps has.");
        request.chain = read_chain_request(body, reader.problems());
        return;
    }
    for (const std::string name : {"steps", "output", "keep"}) {
        if (body.contains(name))
            reader.wrong("/" + name, name + R"( is for jobs of type "chain".)", "unknown_field");
    }
}

}  // namespace

Result<JobRequest, Problem> read_job_request(const json::object& body, bool file_follows) {
    JobRequest request;
    Reader reader(request);
    for (const auto& [name, value] : body) reader.read(std::string_view(name.data(), name.size()), value);
    if (!body.contains("type"))
        reader.wrong("/type", "type is missing; GET /types lists what can be asked for.");
    read_chain(body, request, reader);
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
