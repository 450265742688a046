#include "api/job_list.h"

#include <charconv>

#include "api/job_json.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

constexpr int limit_default = 50;
constexpr int limit_max = 200;
constexpr std::size_t cursor_mac_bytes = 12;

struct ListRequest {
    ports::JobFilter filter;
    std::optional<UserId> user;
    int limit = limit_default;
    std::string cursor;
    std::string
        fingerprint;  // everything but limit and cursor: a cursor is good for the list it came from only
};

Problem bad_filter(const std::string& detail) { return {ProblemCode::bad_filter, detail}; }

std::optional<Problem> read_statuses(std::string_view text, ListRequest& list) {
    while (true) {
        const auto comma = text.find(',');
        const auto status = core::parse_status(text.substr(0, comma));
        if (!status)
            return bad_filter(
                "status takes QUEUED, DISPATCHED, RUNNING, SUCCEEDED, FAILED, CANCELLED, joined by commas.");
        list.filter.statuses.push_back(*status);
        if (comma == std::string_view::npos) return std::nullopt;
        text.remove_prefix(comma + 1);
    }
}

std::optional<Problem> read_limit(std::string_view text, ListRequest& list) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), list.limit);
    if (error != std::errc() || end != text.data() + text.size() || list.limit < 1 ||
        list.limit > limit_max) {
        return bad_filter("limit takes a number from 1 to " + std::to_string(limit_max) + ".");
    }
    return std::nullopt;
}

std::optional<Problem> read_parameter(const std::string& name, const std::string& value, ListRequest& list) {
    if (name == "limit") return read_limit(value, list);
    if (name == "cursor") {
        list.cursor = value;
        return std::nullopt;
    }
    list.fingerprint += name + "=" + value + "&";
    if (name == "status") return read_statuses(value, list);
    if (name == "type") {
        list.filter.type = value;
    } else if (name == "created_gte" || name == "created_lt") {
        const auto time = parse_rfc3339(value);
        if (!time) return bad_filter(name + " takes a time as in 2026-01-02T03:04:05Z.");
        (name == "created_gte" ? list.filter.created_from : list.filter.created_to) = *time;
    } else if (name == "chain") {
        list.filter.chain = JobId::parse(value);
        if (!list.filter.chain) return bad_filter("chain takes the id of a job.");
    } else if (name == "user_id") {
        list.user = UserId::parse(value);
        if (!list.user) return bad_filter("user_id is not the id of a user.");
    } else {
        return bad_filter(
            "There is no filter \"" + name.substr(0, 64) +
            "\"; there are status, type, chain, created_gte, created_lt, user_id, limit and cursor.");
    }
    return std::nullopt;
}

// cursor = base64url(8 bytes place, 12 bytes HMAC(place, filter, who asks))
std::string cursor_for(const ApiContext& context, const Caller& caller, const ListRequest& list,
                       std::int64_t place) {
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(place >> shift & 0xff));
    const auto mac = hmac_sha256(context.settings.transfer_secret,
                                 "cursor\x1f" + bytes + caller.user.str() + "\x1f" + list.fingerprint);
    return to_base64url(bytes + std::string(as_text(mac).substr(0, cursor_mac_bytes)));
}

Result<std::int64_t, Problem> place_of(const ApiContext& context, const Caller& caller,
                                       const ListRequest& list) {
    if (list.cursor.empty()) return std::int64_t{0};
    const auto bytes = from_base64url(list.cursor);
    std::int64_t place = 0;
    if (bytes && bytes->size() == 8 + cursor_mac_bytes) {
        for (int i = 0; i < 8; ++i) place = place << 8 | static_cast<std::uint8_t>((*bytes)[i]);
    }
    if (!equal_constant_time(cursor_for(context, caller, list, place), list.cursor)) {
        return Fail(
            Problem(ProblemCode::bad_cursor, "The cursor belongs to another list; start again without one."));
    }
    return place;
}

}  // namespace

Answer list_jobs(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    ListRequest list;
    for (const auto& [name, value] : request.query) {
        if (auto problem = read_parameter(name, value, list)) return Fail(*std::move(problem));
    }
    auto access = caller.access();
    if (list.user) {
        if (!access.allows(*list.user))
            return Fail(Problem(ProblemCode::forbidden, "This key lists its own user's jobs only."));
        access = ports::Access::of(*list.user);
    }
    const auto place = place_of(context, caller, list);
    if (!place) return Fail(place.error());
    const auto page = context.store.list_jobs(access, list.filter, *place, list.limit);
    if (!page) return Fail(Problem(page.error()));
    JsonWriter json;
    json.begin_object().key("jobs").begin_array();
    for (const auto& job : page->jobs) write_job(json, context, job);
    json.end_array().key("next_cursor");
    if (page->next_before == 0) {
        json.null();
    } else {
        json.value(cursor_for(context, caller, list, page->next_before));
    }
    json.end_object();
    return json_answer(200, json.take());
}

}  // namespace darkroom::api
