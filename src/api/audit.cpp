#include "api/audit.h"

#include <charconv>

#include "api/handlers.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

constexpr Milliseconds since_default{std::int64_t{30} * 24 * 3'600'000};
constexpr int page_default = 100;
constexpr int page_max = 1'000;

struct AuditRequest {
    TimePoint since{};
    std::int64_t after = 0;
    int limit = page_default;
};

Problem bad_filter(const std::string& detail) { return {ProblemCode::bad_filter, detail}; }

template <class T>
bool read_number(const std::string& text, T low, T high, T& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
}

// A day, or a time; a day begins at midnight UTC.
std::optional<TimePoint> parse_since(const std::string& text) {
    if (text.find('T') != std::string::npos) return parse_rfc3339(text);
    const auto day = parse_rfc3339(text + "T00:00:00Z");
    return day && format_rfc3339(*day).substr(0, 10) == text ? day : std::nullopt;
}

Result<AuditRequest, Problem> read_request(const ApiContext& context, const ports::HttpRequest& request) {
    AuditRequest audit;
    audit.since = context.clock.now() - since_default;
    for (const auto& [name, value] : request.query) {
        if (name == "since") {
            const auto since = parse_since(value);
            if (!since)
                return Fail(
                    bad_filter("since takes a day as in 2026-11-22, or a time as in 2026-11-22T03:04:05Z."));
            audit.since = *since;
        } else if (name == "cursor") {
            if (!read_number(value, std::int64_t{0}, INT64_MAX, audit.after))
                return Fail(
                    Problem(ProblemCode::bad_cursor, "cursor takes the next_cursor of the page before."));
        } else if (name == "limit") {
            if (!read_number(value, 1, page_max, audit.limit))
                return Fail(bad_filter("limit takes a number from 1 to " + std::to_string(page_max) + "."));
        } else {
            return Fail(bad_filter("There is no filter \"" + name.substr(0, 64) +
                                   "\"; there are since, limit and cursor."));
        }
    }
    return audit;
}

void write_row(JsonWriter& json, const ports::AuditRow& row) {
    json.begin_object()
        .member("job_id", row.job.str())
        .member("attempt_id", row.attempt.str())
        .member("number", row.number)
        .member("user_id", row.user.str())
        .member("type", row.type)
        .member("backend", row.backend)
        .member("endpoint", row.endpoint)
        .member("status", core::to_string(row.status))
        .member("recipe", row.recipe)
        .key("recipe_digest");
    if (row.recipe_digest.empty()) {
        json.null();
    } else {
        json.value(row.recipe_digest);
    }
    json.raw_member("models", row.models_json).member("created_at", row.created_at).end_object();
}

Answer tell_licences(ApiContext& context, const ports::HttpRequest& request) {
    const auto audit = read_request(context, request);
    if (!audit) return Fail(audit.error());
    const auto page = context.store.list_audit(audit->since, audit->after, audit->limit);
    if (!page) return Fail(Problem(page.error()));
    JsonWriter json;
    json.begin_object().member("since", audit->since).key("attempts").begin_array();
    for (const auto& row : page->rows) write_row(json, row);
    json.end_array().key("next_cursor");
    if (page->next_after == 0) {
        json.null();
    } else {
        json.value(std::to_string(page->next_after));
    }
    json.end_object();
    return json_answer(200, json.take());
}

}  // namespace

std::vector<ports::HttpRoute> audit_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::get, base + "/admin/audit/licences",
                       for_admins(context, tell_licences))};
}

}  // namespace darkroom::api
