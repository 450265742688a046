#include "api/upkeep.h"

#include <algorithm>
#include <array>

#include "api/handlers.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "upkeep/orphans.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr Milliseconds default_age{24 * 3'600'000};
constexpr std::int64_t age_s_max = 10ll * 365 * 86'400;
constexpr int jobs_per_page = 100;
constexpr std::array<std::string_view, 2> volume_prefixes{"inputs/", "outputs/"};

Problem problem_of(const upkeep::Trouble& trouble) {
    if (const auto* const store = std::get_if<ports::StoreError>(&trouble)) return Problem(*store);
    if (const auto* const objects = std::get_if<ports::ObjectError>(&trouble))
        return storage_problem(*objects);
    return Problem({{"/place", "validation_failed", "place must be the next of a page of the same store."}});
}

// The members of the body, each asked for once; what is left over was never one.
class Members {
public:
    static Result<Members, Problem> of(const ports::HttpRequest& request,
                                       std::span<const std::string_view> known) {
        if (request.body.empty()) return Members(json::object());
        auto body = parse_json(request.body);
        if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
        if (!body->is_object())
            return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
        for (const auto& [name, value] : body->as_object()) {
            const std::string text(name);
            if (std::find(known.begin(), known.end(), text) == known.end()) {
                return Fail(Problem({{"/" + json_pointer_token(text), "unknown_field",
                                      unknown_field_sentence(text, known)}}));
            }
        }
        return Members(std::move(body->as_object()));
    }

    std::string text(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return "";
        if (value->is_string()) return std::string(value->as_string());
        wrong(name, "a string");
        return "";
    }
    bool flag(std::string_view name) {
        const auto* value = find(name);
        if (value == nullptr) return false;
        if (value->is_bool()) return value->as_bool();
        wrong(name, "true or false");
        return false;
    }
    std::int64_t number(std::string_view name, std::int64_t fallback, std::int64_t most) {
        const auto* value = find(name);
        if (value == nullptr) return fallback;
        if (value->is_int64() && value->as_int64() >= 0 && value->as_int64() <= most)
            return value->as_int64();
        wrong(name, "a whole number from 0 to " + std::to_string(most));
        return fallback;
    }
    void wrong(std::string_view name, const std::string& form) {
        problems_.push_back(
            {"/" + std::string(name), "validation_failed", std::string(name) + " must be " + form + "."});
    }
    std::vector<FieldProblem>& problems() { return problems_; }

private:
    explicit Members(json::object values) : values_(std::move(values)) {}
    const json::value* find(std::string_view name) const {
        const auto* value = values_.if_contains(name);
        return value == nullptr || value->is_null() ? nullptr : value;
    }

    json::object values_;
    std::vector<FieldProblem> problems_;
};

Answer tell_orphans(const upkeep::OrphanPage& page, int unfinished, bool removed) {
    JsonWriter json;
    json.begin_object()
        .member("looked_at", page.looked_at)
        .member("foreign", page.foreign)
        .member("unfinished", unfinished)
        .member("removed", removed)
        .key("orphans")
        .begin_array();
    for (const auto& orphan : page.orphans) {
        json.begin_object()
            .member("key", orphan.key)
            .member("bytes", orphan.bytes)
            .member("modified_at", orphan.modified_at)
            .end_object();
    }
    json.end_array().key("next");
    if (page.next.empty()) {
        json.null();
    } else {
        json.value(page.next);
    }
    json.end_object();
    return json_answer(200, json.take());
}

Answer find_orphans(ApiContext& context, const ports::HttpRequest& request) {
    constexpr std::array<std::string_view, 4> known{"place", "older_than_s", "remove", "store"};
    auto members = Members::of(request, known);
    if (!members) return Fail(members.error());
    upkeep::OrphanQuery query;
    query.place = members->text("place");
    query.remove = members->flag("remove");
    const auto age = members->number("older_than_s", default_age.count() / 1'000, age_s_max);
    query.written_before = context.clock.now() - Milliseconds(age * 1'000);
    const auto store = members->text("store");
    const bool volume = store == "volume";
    if (!store.empty() && store != "main" && !volume) members->wrong("store", "main or volume");
    if (volume && context.volume == nullptr)
        members->problems().push_back({"/store", "validation_failed", "There is no network volume."});
    if (!members->problems().empty()) return Fail(Problem(std::move(members->problems())));

    auto& objects = volume ? *context.volume : context.objects;
    const auto prefixes =
        volume ? std::span<const std::string_view>(volume_prefixes) : core::ObjectKey::prefixes();
    int unfinished = 0;
    if (query.place.empty()) {
        const auto found = objects.remove_unfinished(query.written_before, !query.remove);
        if (!found) return Fail(storage_problem(found.error()));
        unfinished = *found;
    }
    const auto page = upkeep::find_orphans(context.store, objects, prefixes, query);
    if (!page) return Fail(problem_of(page.error()));
    return tell_orphans(*page, unfinished, query.remove);
}

Answer find_missing(ApiContext& context, const ports::HttpRequest& request) {
    constexpr std::array<std::string_view, 1> known{"after"};
    auto members = Members::of(request, known);
    if (!members) return Fail(members.error());
    const auto after = members->number("after", 0, INT64_MAX);
    if (!members->problems().empty()) return Fail(Problem(std::move(members->problems())));
    const auto page = upkeep::find_missing(context.store, context.objects, after, jobs_per_page);
    if (!page) return Fail(problem_of(page.error()));
    JsonWriter json;
    json.begin_object().member("looked_at", page->looked_at).key("missing").begin_array();
    for (const auto& [job, key] : page->missing)
        json.begin_object().member("job_id", job.str()).member("key", key.str()).end_object();
    json.end_array().key("next");
    if (page->next_after == 0) {
        json.null();
    } else {
        json.value(page->next_after);
    }
    json.end_object();
    return json_answer(200, json.take());
}

}  // namespace

std::vector<ports::HttpRoute> upkeep_routes(ApiContext& context, const std::string& base) {
    const ports::BodyPolicy body{ports::BodyPolicy::Kind::buffer, 16'384};
    return {
        make_route(ports::HttpMethod::post, base + "/admin/orphans", for_admins(context, find_orphans), body),
        make_route(ports::HttpMethod::post, base + "/admin/missing", for_admins(context, find_missing),
                   body)};
}

}  // namespace darkroom::api
