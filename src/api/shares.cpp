#include "api/shares.h"

#include <array>
#include <charconv>

#include "api/handlers.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr int page_default = 100;
constexpr int page_max = 1'000;
constexpr std::uint64_t body_bytes_max = 4'096;
constexpr std::int64_t weight_max = 100;
constexpr std::int64_t inflight_limit_max = 1'000'000;
constexpr std::array<std::string_view, 2> share_fields{"weight", "inflight_max"};

Problem bad_filter(const std::string& detail) { return {ProblemCode::bad_filter, detail}; }

void write_share(JsonWriter& json, const ports::UserShare& share) {
    json.member("user_id", share.user.str()).member("weight", share.weight).key("inflight_max");
    if (share.inflight_max) {
        json.value(*share.inflight_max);
    } else {
        json.null();
    }
}

Answer tell_share(const ports::UserShare& share) {
    JsonWriter json;
    json.begin_object();
    write_share(json, share);
    json.end_object();
    return json_answer(200, json.take());
}

struct UsersRequest {
    std::string after;
    int limit = page_default;
};

Result<UsersRequest, Problem> read_request(const ports::HttpRequest& request) {
    UsersRequest users;
    for (const auto& [name, value] : request.query) {
        if (name == "cursor") {
            if (!UserId::parse(value))
                return Fail(
                    Problem(ProblemCode::bad_cursor, "cursor takes the next_cursor of the page before."));
            users.after = value;
        } else if (name == "limit") {
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), users.limit);
            if (error != std::errc() || end != value.data() + value.size() || users.limit < 1 ||
                users.limit > page_max)
                return Fail(bad_filter("limit takes a number from 1 to " + std::to_string(page_max) + "."));
        } else {
            return Fail(
                bad_filter("There is no filter \"" + name.substr(0, 64) + "\"; there are limit and cursor."));
        }
    }
    return users;
}

Answer tell_users(ApiContext& context, const ports::HttpRequest& request) {
    const auto asked = read_request(request);
    if (!asked) return Fail(asked.error());
    auto users = context.store.list_users(asked->after, asked->limit + 1);
    if (!users) return Fail(Problem(users.error()));
    const bool more = std::ssize(*users) > asked->limit;
    if (more) users->resize(static_cast<std::size_t>(asked->limit));
    JsonWriter json;
    json.begin_object().key("users").begin_array();
    for (const auto& user : *users) {
        json.begin_object();
        write_share(json, user.share);
        json.member("waiting", user.waiting).member("at_work", user.at_work).end_object();
    }
    json.end_array().key("next_cursor");
    if (more) {
        json.value(users->back().share.user.str());
    } else {
        json.null();
    }
    json.end_object();
    return json_answer(200, json.take());
}

UserId user_param(const ports::HttpRequest& request) { return *UserId::parse(request.path_params.at(0)); }

Result<ports::UserShare, Problem> share_of(ApiContext& context, const UserId& user) {
    const auto shares = context.store.list_shares();
    if (!shares) return Fail(Problem(shares.error()));
    for (const auto& share : *shares) {
        if (share.user == user) return share;
    }
    return ports::UserShare{.user = user, .weight = 1, .inflight_max = {}};
}

Answer show_share(ApiContext& context, const ports::HttpRequest& request) {
    const auto share = share_of(context, user_param(request));
    if (!share) return Fail(share.error());
    return tell_share(*share);
}

std::optional<std::int64_t> whole_number(const json::value& value, std::int64_t max) {
    if (!value.is_int64() || value.get_int64() < 1 || value.get_int64() > max) return std::nullopt;
    return value.get_int64();
}

FieldProblem out_of_range(const std::string& field, std::int64_t max, const std::string& more = "") {
    return {"/" + field, "validation_failed",
            field + " must be a whole number from 1 to " + std::to_string(max) + more + "."};
}

// What is left out is as for users without a share.
Result<ports::UserShare, Problem> read_share(const ports::HttpRequest& request) {
    const auto body = parse_json(request.body, body_bytes_max);
    if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
    if (!body->is_object())
        return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
    ports::UserShare share{.user = user_param(request), .weight = 1, .inflight_max = {}};
    std::vector<FieldProblem> problems;
    for (const auto& member : body->get_object()) {
        const std::string_view name(member.key().data(), member.key().size());
        if (name == "weight") {
            const auto weight = whole_number(member.value(), weight_max);
            if (!weight) problems.push_back(out_of_range("weight", weight_max));
            share.weight = static_cast<int>(weight.value_or(1));
        } else if (name == "inflight_max") {
            if (member.value().is_null()) continue;
            const auto limit = whole_number(member.value(), inflight_limit_max);
            if (!limit)
                problems.push_back(
                    out_of_range("inflight_max", inflight_limit_max, ", or null for no limit"));
            share.inflight_max = static_cast<int>(limit.value_or(1));
        } else {
            problems.push_back({"/" + json_pointer_token(name), "unknown_field",
                                unknown_field_sentence(name, share_fields)});
        }
    }
    if (!problems.empty()) return Fail(Problem(std::move(problems)));
    return share;
}

Answer put_share(ApiContext& context, const ports::HttpRequest& request) {
    const auto share = read_share(request);
    if (!share) return Fail(share.error());
    const auto put = context.store.put_share(*share);
    if (!put) return Fail(Problem(put.error()));
    return tell_share(*share);
}

}  // namespace

std::vector<ports::HttpRoute> share_routes(ApiContext& context, const std::string& base) {
    const auto share = base + "/admin/users/{user}/share";
    ports::BodyPolicy body;
    body.kind = ports::BodyPolicy::Kind::buffer;
    body.bytes_max = body_bytes_max;
    return {make_route(ports::HttpMethod::get, base + "/admin/users", for_admins(context, tell_users)),
            make_route(ports::HttpMethod::get, share, for_admins(context, show_share)),
            make_route(ports::HttpMethod::put, share, for_admins(context, put_share), body)};
}

}  // namespace darkroom::api
