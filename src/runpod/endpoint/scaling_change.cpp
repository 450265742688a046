#include "runpod/endpoint/scaling_change.h"

#include <cmath>
#include <optional>

#include "base/json.h"

namespace darkroom::runpod::endpoint {
namespace {

namespace json = boost::json;

constexpr double workers_most = 1'000;
constexpr double idle_seconds_most = 3'600;
constexpr double queue_delay_least = 0.5;
constexpr double queue_delay_most = 3'600;
constexpr double request_count_most = 100'000;

std::optional<double> number_in(const json::value& value) {
    if (const auto* whole = value.if_int64()) return double(*whole);
    if (const auto* natural = value.if_uint64()) return double(*natural);
    if (const auto* real = value.if_double()) return *real;
    return std::nullopt;
}

/// Reads members one by one and keeps the first complaint.
class Change {
public:
    explicit Change(Scaling scaling) : after(scaling) {}
    Scaling after;
    std::string complaint;

    const json::object* object(const json::object& parent, const char* name) {
        const auto* member = parent.if_contains(name);
        if (member == nullptr || member->is_object())
            return member == nullptr ? nullptr : &member->get_object();
        complain(std::string(name) + " is not an object");
        return nullptr;
    }
    std::optional<double> number(const json::object& parent, const char* name, double least, double most,
                                 bool whole) {
        const auto* member = parent.if_contains(name);
        if (member == nullptr) return std::nullopt;
        const auto value = number_in(*member);
        if (value && *value >= least && *value <= most && (!whole || *value == std::floor(*value)))
            return value;
        complain(std::string(name) + " is not a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
        return std::nullopt;
    }
    void complain(std::string text) {
        if (complaint.empty()) complaint = std::move(text);
    }
};

void change_scaler(Change& change, const json::object& scaling) {
    auto& after = change.after;
    if (const auto* type = scaling.if_contains("type")) {
        if (*type == "REQUEST_COUNT") {
            after.kind = Scaling::Kind::request_count;
        } else if (*type == "QUEUE_DELAY") {
            after.kind = Scaling::Kind::queue_delay;
        } else {
            change.complain("scaling.type is neither QUEUE_DELAY nor REQUEST_COUNT");
        }
    }
    if (const auto delay = change.number(scaling, "queueDelay", queue_delay_least, queue_delay_most, false))
        after.queue_delay = Milliseconds(std::llround(*delay * 1000));
    if (const auto count = change.number(scaling, "requestCount", 1, request_count_most, true))
        after.request_count = int(*count);
}

void change_workers(Change& change, const json::object& workers) {
    auto& after = change.after;
    if (const auto min = change.number(workers, "min", 0, workers_most, true)) after.workers_min = int(*min);
    if (const auto max = change.number(workers, "max", 0, workers_most, true)) after.workers_max = int(*max);
    if (after.workers_min > after.workers_max) change.complain("workers.min is above workers.max");
    const auto idle = change.number(workers, "idleTimeout", 1, idle_seconds_most, true);
    if (!idle) return;
    if (after.kind == Scaling::Kind::request_count)
        change.complain("workers.idleTimeout cannot be set with REQUEST_COUNT scaling");
    after.idle_timeout = Milliseconds(std::llround(*idle * 1000));
}

}  // namespace

Result<Scaling, std::string> apply_scaling_change(const Scaling& before, std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed) return Fail("the body is not JSON: " + parsed.error().detail);
    if (!parsed->is_object()) return Fail(std::string("the body is not an object"));
    const auto& members = parsed->get_object();
    Change change(before);
    if (const auto* scaling = change.object(members, "scaling")) change_scaler(change, *scaling);
    if (const auto* workers = change.object(members, "workers")) change_workers(change, *workers);
    if (!change.complaint.empty()) return Fail(std::move(change.complaint));
    return change.after;
}

}  // namespace darkroom::runpod::endpoint
