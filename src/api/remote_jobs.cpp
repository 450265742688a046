#include "api/remote_jobs.h"

#include <charconv>
#include <map>

#include "api/handlers.h"
#include "api/usd.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

constexpr Milliseconds day{24 * 3'600'000};
constexpr int days_default = 30;
constexpr int days_max = 1'000;
constexpr int page_default = 100;
constexpr int page_max = 1'000;

Problem bad_filter(const std::string& detail) { return {ProblemCode::bad_filter, detail}; }

std::string day_text(TimePoint time) { return format_rfc3339(time).substr(0, 10); }

// 2026-11-22, and a day that there is.
std::optional<TimePoint> parse_day(const std::string& text) {
    const auto time = parse_rfc3339(text + "T00:00:00Z");
    return time && day_text(*time) == text ? time : std::nullopt;
}

struct Days {
    TimePoint from{};
    TimePoint to{};
};

// Both inclusive; without them the last thirty days.
Result<Days, Problem> read_days(const ApiContext& context, const ports::HttpRequest& request) {
    std::optional<TimePoint> from;
    std::optional<TimePoint> to;
    for (const auto& [name, value] : request.query) {
        if (name != "from" && name != "to")
            return Fail(
                bad_filter("There is no filter \"" + name.substr(0, 64) + "\"; there are from and to."));
        auto& wanted = name == "from" ? from : to;
        wanted = parse_day(value);
        if (!wanted) return Fail(bad_filter(name + " takes a day as in 2026-11-22."));
    }
    Days days;
    days.to = to.value_or(*parse_day(day_text(context.clock.now())));
    days.from = from.value_or(days.to - (days_default - 1) * day);
    if (days.from > days.to) return Fail(bad_filter("from must not be after to."));
    if (days.to - days.from > days_max * day)
        return Fail(bad_filter("from and to may lie at most " + std::to_string(days_max) + " days apart."));
    return days;
}

struct Sum {
    std::int64_t remote_jobs = 0;
    std::int64_t execution_ms = 0;
    std::int64_t cost_micro_usd = 0;

    void add(const ports::CostRow& row) {
        remote_jobs += row.remote_jobs;
        execution_ms += row.execution_ms;
        cost_micro_usd += row.cost_micro_usd;
    }
    void write(JsonWriter& json) const {
        json.member("remote_jobs", remote_jobs)
            .member("execution_ms", execution_ms)
            .raw_member("cost_usd", usd_text(cost_micro_usd));
    }
};

using Sums = std::map<std::string, Sum>;

void write_sums(JsonWriter& json, std::string_view list, std::string_view name, const Sums& sums) {
    json.key(list).begin_array();
    for (const auto& [key, sum] : sums) {
        json.begin_object().member(name, key);
        sum.write(json);
        json.end_object();
    }
    json.end_array();
}

Answer tell_costs(ApiContext& context, const ports::HttpRequest& request) {
    const auto days = read_days(context, request);
    if (!days) return Fail(days.error());
    const auto rows = context.remote_jobs.list_costs(day_text(days->from), day_text(days->to));
    if (!rows) return Fail(Problem(rows.error()));
    Sums by_type;
    Sums by_user;
    Sum total;
    JsonWriter json;
    json.begin_object()
        .member("from", day_text(days->from))
        .member("to", day_text(days->to))
        .key("rows")
        .begin_array();
    for (const auto& row : *rows) {
        by_type[row.type].add(row);
        by_user[row.user.str()].add(row);
        total.add(row);
        json.begin_object()
            .member("day", row.day)
            .member("user_id", row.user.str())
            .member("type", row.type)
            .member("endpoint", row.endpoint);
        Sum one;
        one.add(row);
        one.write(json);
        json.end_object();
    }
    json.end_array();
    write_sums(json, "by_type", "type", by_type);
    write_sums(json, "by_user", "user_id", by_user);
    json.key("total").begin_object();
    total.write(json);
    json.end_object().end_object();
    return json_answer(200, json.take());
}

std::string_view name_of(ports::RemoteState state) {
    switch (state) {
        case ports::RemoteState::intended:
            return "intended";
        case ports::RemoteState::unclear:
            return "unclear";
        case ports::RemoteState::submitted:
            return "submitted";
        case ports::RemoteState::ended:
            break;
    }
    return "ended";
}

void write_text(JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

void write_remote_job(JsonWriter& json, const ports::RemoteJob& remote) {
    json.begin_object()
        .member("job_id", remote.job.str())
        .member("attempt_id", remote.ref.attempt.str())
        .member("submission", remote.ref.submission)
        .member("endpoint", remote.endpoint)
        .member("target", remote.target);
    write_text(json, "remote_id", remote.remote_id);
    json.member("state", name_of(remote.state))
        .member("claimed", remote.claimed)
        .member("unwanted", remote.unwanted)
        .member("looks", remote.looks)
        .member("created_at", remote.created_at)
        .member("look_at", remote.look_at)
        .member("deadline", remote.deadline);
    write_text(json, "ended_as", remote.ended_as);
    json.member("delay_ms", remote.delay)
        .member("execution_ms", remote.execution)
        .raw_member("cost_usd", usd_text(remote.cost_micro_usd))
        .end_object();
}

template <class T>
bool read_number(const std::string& text, T low, T high, T& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
}

Answer tell_remote_jobs(ApiContext& context, const ports::HttpRequest& request) {
    std::int64_t after = 0;
    int limit = page_default;
    for (const auto& [name, value] : request.query) {
        if (name == "after") {
            if (!read_number(value, std::int64_t{0}, INT64_MAX, after))
                return Fail(bad_filter("after takes the next_after of the page before."));
        } else if (name == "limit") {
            if (!read_number(value, 1, page_max, limit))
                return Fail(bad_filter("limit takes a number from 1 to " + std::to_string(page_max) + "."));
        } else {
            return Fail(
                bad_filter("There is no filter \"" + name.substr(0, 64) + "\"; there are after and limit."));
        }
    }
    const auto page = context.remote_jobs.list_remote_jobs(after, limit);
    if (!page) return Fail(Problem(page.error()));
    JsonWriter json;
    json.begin_object().key("remote_jobs").begin_array();
    for (const auto& remote : page->remote_jobs) write_remote_job(json, remote);
    json.end_array().key("next_after");
    if (page->next_after == 0) {
        json.null();
    } else {
        json.value(page->next_after);
    }
    json.end_object();
    return json_answer(200, json.take());
}

}  // namespace

std::vector<ports::HttpRoute> remote_job_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::get, base + "/admin/costs", for_admins(context, tell_costs)),
            make_route(ports::HttpMethod::get, base + "/admin/remote-jobs",
                       for_admins(context, tell_remote_jobs))};
}

}  // namespace darkroom::api
