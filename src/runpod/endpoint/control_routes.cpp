// Darkroom's own controls beside RunPod's API: faults at run time, what really happened, what it cost.
#include <algorithm>
#include <iterator>

#include "base/json.h"
#include "base/json_writer.h"
#include "runpod/endpoint/route_kit.h"
#include "runpod/endpoint/routes.h"

namespace darkroom::runpod::endpoint {
namespace {

namespace json = boost::json;
using ports::HttpMethod;
using ports::HttpRequest;
using ports::HttpResponse;

constexpr std::uint64_t body_bytes_max = 65'536;
constexpr std::int64_t journal_page = 10'000;
constexpr std::int64_t number_most = 3'600'000;

/// {"seed":7,"faults":{"webhook_drop":"always","run_429":0.1,"freeze":null},"cold_start_ms":0,"throttled":0}
struct Wishes {
    FaultChange faults;
    std::optional<std::int64_t> cold_start_ms;
    std::optional<std::int64_t> throttled;
};

std::optional<std::string> when_of(const json::value& value) {
    if (value.is_null()) return "never";
    if (value.is_bool()) return value.get_bool() ? "always" : "never";
    if (const auto* text = value.if_string()) return std::string(*text);
    if (const auto* whole = value.if_int64()) return std::to_string(*whole);
    if (const auto* real = value.if_double()) return std::to_string(*real);
    return std::nullopt;
}

std::optional<std::string> read_faults(const json::value& value, FaultChange& change) {
    if (!value.is_object()) return "faults is not an object";
    for (const auto& member : value.get_object()) {
        auto when = when_of(member.value());
        if (!when) return "fault " + std::string(member.key()) + " is neither text, number nor null";
        change.rules.emplace_back(member.key(), *std::move(when));
    }
    return std::nullopt;
}

std::optional<std::string> read_wish(std::string_view name, const json::value& value, Wishes& wishes) {
    if (name == "faults") return read_faults(value, wishes.faults);
    const auto* number = value.if_int64();
    if (number == nullptr || *number < 0) return std::string(name) + " is no whole number from 0 on";
    if (name == "seed") {
        wishes.faults.reset_to_seed = std::uint64_t(*number);
    } else if (*number > number_most) {
        return std::string(name) + " is too large";
    } else if (name == "cold_start_ms") {
        wishes.cold_start_ms = *number;
    } else if (name == "throttled") {
        wishes.throttled = *number;
    } else {
        return "\"" + std::string(name) + "\" is unknown; there are seed, faults, cold_start_ms, throttled";
    }
    return std::nullopt;
}

Result<Wishes, std::string> read_wishes(std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed) return Fail("the body is not JSON: " + parsed.error().detail);
    if (!parsed->is_object()) return Fail(std::string("the body is not an object"));
    Wishes wishes;
    for (const auto& member : parsed->get_object()) {
        if (auto complaint = read_wish(member.key(), member.value(), wishes))
            return Fail(*std::move(complaint));
    }
    return wishes;
}

HttpResponse set_faults(Endpoint& endpoint, HttpRequest& request) {
    const auto wishes = read_wishes(request.body);
    if (!wishes) return error_answer(400, wishes.error());
    if (const auto changed = endpoint.change_faults(wishes->faults); !changed)
        return error_answer(400, changed.error().detail);
    if (wishes->cold_start_ms) endpoint.set_cold_start(Milliseconds(*wishes->cold_start_ms));
    if (wishes->throttled) endpoint.set_throttled(int(*wishes->throttled));
    return json_answer(200, endpoint.faults_json());
}

HttpResponse show_faults(Endpoint& endpoint, HttpRequest&) {
    return json_answer(200, endpoint.faults_json());
}

HttpResponse show_journal(Endpoint& endpoint, HttpRequest& request) {
    if (request.query_value("counts") != nullptr) return json_answer(200, endpoint.journal_counts_json());
    const auto after = std::max<std::int64_t>(0, query_number(request, "after").value_or(0));
    const auto limit =
        std::clamp<std::int64_t>(query_number(request, "limit").value_or(journal_page), 1, journal_page);
    return json_answer(200, endpoint.journal_json(std::uint64_t(after), std::size_t(limit)));
}

HttpResponse show_costs(Endpoint& endpoint, HttpRequest&) { return json_answer(200, endpoint.costs_json()); }

ports::HttpRoute route(Endpoint& endpoint, HttpMethod method, std::string pattern,
                       HttpResponse (*handler)(Endpoint&, HttpRequest&)) {
    ports::HttpRoute route;
    route.method = method;
    route.pattern = std::move(pattern);
    if (method == HttpMethod::post) route.body = {ports::BodyPolicy::Kind::buffer, body_bytes_max};
    route.check_head = [&endpoint](const HttpRequest& head, std::uint64_t&) -> std::optional<HttpResponse> {
        if (has_key(head, endpoint.settings().client_key)) return std::nullopt;
        return error_answer(401, "unauthorized");
    };
    route.handle = [&endpoint, handler](HttpRequest& request) { return handler(endpoint, request); };
    return route;
}

}  // namespace

std::vector<ports::HttpRoute> control_routes(Endpoint& endpoint) {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(route(endpoint, HttpMethod::get, "/_darkroom/faults", show_faults));
    routes.push_back(route(endpoint, HttpMethod::post, "/_darkroom/faults", set_faults));
    routes.push_back(route(endpoint, HttpMethod::get, "/_darkroom/journal", show_journal));
    routes.push_back(route(endpoint, HttpMethod::get, "/_darkroom/costs", show_costs));
    return routes;
}

std::vector<ports::HttpRoute> all_routes(Endpoint& endpoint, ports::Clock& clock) {
    auto all = client_routes(endpoint, clock);
    for (auto&& more : {worker_routes(endpoint), management_routes(endpoint), control_routes(endpoint)})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

HttpResponse respond_error(int status, std::string_view, std::string_view detail, const std::string&) {
    return error_answer(status, detail);
}

}  // namespace darkroom::runpod::endpoint
