#include "runpod/scale/management_messages.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <cmath>

#include "base/json.h"
#include "base/json_writer.h"
#include "runpod/protocol/gpu_prices.h"

namespace darkroom::runpod::scale {
namespace {

namespace json = boost::json;

constexpr std::size_t text_bytes_max = 200;
constexpr std::size_t list_elements_max = 1'000;
constexpr int workers_most = 10'000;
constexpr double usd_per_hour_most = 10'000;
constexpr double span_ms_most = 7 * 86'400'000.0;
constexpr std::int64_t idle_seconds_most = 3'600;
constexpr Milliseconds queue_delay_least{500};

const json::value* find(const json::object& from, std::string_view name) { return from.if_contains(name); }

const json::object* object_in(const json::object& from, std::string_view name) {
    const auto* value = find(from, name);
    return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_in(const json::object& from, std::string_view name) {
    const auto* value = find(from, name);
    return value == nullptr ? nullptr : value->if_array();
}

std::string short_text(const json::value& value) {
    const auto* text = value.if_string();
    if (text == nullptr) return {};
    return std::string(std::string_view(*text).substr(0, text_bytes_max));
}

std::string text_in(const json::object& from, std::string_view name) {
    const auto* value = find(from, name);
    return value == nullptr ? std::string() : short_text(*value);
}

std::optional<double> number_in(const json::object& from, std::string_view name) {
    const auto* value = find(from, name);
    if (value == nullptr) return std::nullopt;
    if (const auto* whole = value->if_int64()) return static_cast<double>(*whole);
    if (const auto* natural = value->if_uint64()) return static_cast<double>(*natural);
    if (const auto* real = value->if_double(); real != nullptr && std::isfinite(*real)) return *real;
    return std::nullopt;
}

std::optional<int> count_in(const json::object& from, std::string_view name) {
    const auto number = number_in(from, name);
    if (!number || *number < 0 || *number > workers_most || *number != std::floor(*number))
        return std::nullopt;
    return static_cast<int>(*number);
}

Milliseconds span_in(const json::object& from, std::string_view name, double ms_per_unit) {
    const auto ms = number_in(from, name).value_or(0) * ms_per_unit;
    return ms > 0 && ms <= span_ms_most ? Milliseconds(std::llround(ms)) : Milliseconds(0);
}

// Texts, or objects that have them under `member`.
std::vector<std::string> texts_in(const json::object& from, std::string_view name, std::string_view member) {
    std::vector<std::string> texts;
    const auto* list = array_in(from, name);
    if (list == nullptr) return texts;
    for (const auto& element : *list) {
        if (texts.size() == list_elements_max) break;
        const auto* object = element.if_object();
        auto text = object == nullptr ? short_text(element) : text_in(*object, member);
        if (!text.empty()) texts.push_back(std::move(text));
    }
    return texts;
}

Result<json::value, ProtocolError> parsed(std::string_view body) {
    auto value = parse_json(body, management_body_bytes_max);
    if (!value) return Fail(ProtocolError{"it is no JSON: " + value.error().detail});
    return *std::move(value);
}

Result<json::object, ProtocolError> parsed_object(std::string_view body) {
    auto value = parsed(body);
    if (!value) return Fail(std::move(value).error());
    if (!value->is_object()) return Fail(ProtocolError{"it is no JSON object"});
    return std::move(value->get_object());
}

WorkerCounts summary_of(const json::object& body) {
    WorkerCounts counts;
    const auto* summary = object_in(body, "summary");
    if (summary == nullptr) return counts;
    counts.idle = count_in(*summary, "idle").value_or(0);
    counts.initializing = count_in(*summary, "initializing").value_or(0);
    counts.running = count_in(*summary, "running").value_or(0);
    counts.throttled = count_in(*summary, "throttled").value_or(0);
    counts.unhealthy = count_in(*summary, "unhealthy").value_or(0);
    return counts;
}

std::optional<GpuPrice> price_of(const json::value& element) {
    const auto* gpu = element.if_object();
    if (gpu == nullptr) return std::nullopt;
    const auto* price = object_in(*gpu, "price");
    if (price == nullptr) return std::nullopt;
    const auto per_hour = number_in(*price, "serverless");
    if (!per_hour || *per_hour <= 0 || *per_hour > usd_per_hour_most) return std::nullopt;
    GpuPrice found;
    found.gpu = text_in(*gpu, "id");
    found.pool = text_in(*gpu, "pool");
    found.micro_usd_per_s = std::llround(*per_hour * 1'000'000 / 3'600);
    if (found.gpu.empty() && found.pool.empty()) return std::nullopt;
    return found;
}

}  // namespace

Result<EndpointDescription, ProtocolError> parse_endpoint_description(std::string_view body) {
    const auto object = parsed_object(body);
    if (!object) return Fail(object.error());
    const auto* workers = object_in(*object, "workers");
    const auto min = workers == nullptr ? std::nullopt : count_in(*workers, "min");
    const auto max = workers == nullptr ? std::nullopt : count_in(*workers, "max");
    if (!min || !max) return Fail(ProtocolError{"it tells no workers.min and workers.max"});
    EndpointDescription found;
    found.workers_min = *min;
    found.workers_max = *max;
    found.idle_timeout = span_in(*workers, "idleTimeout", 1'000);
    found.id = text_in(*object, "id");
    found.name = text_in(*object, "name");
    found.is_load_balancer = text_in(*object, "type") == "LOAD_BALANCER";
    if (const auto* scaling = object_in(*object, "scaling")) found.scaler = text_in(*scaling, "type");
    if (const auto* gpu = object_in(*object, "gpu")) {
        found.gpu_pools = texts_in(*gpu, "pools", "id");
        found.gpu_count = std::max(1, count_in(*gpu, "count").value_or(1));
    }
    found.data_centers = texts_in(*object, "dataCenterIds", "id");
    found.network_volumes = texts_in(*object, "networkVolumes", "id");
    found.execution_timeout = span_in(*object, "timeout", 1);
    found.flashboot = text_in(*object, "flashboot");
    return found;
}

Result<WorkerList, ProtocolError> parse_worker_list(std::string_view body) {
    const auto object = parsed_object(body);
    if (!object) return Fail(object.error());
    WorkerList found;
    found.summary = summary_of(*object);
    const auto* workers = array_in(*object, "workers");
    if (workers == nullptr) return Fail(ProtocolError{"it lists no workers"});
    for (const auto& element : *workers) {
        if (found.workers.size() == list_elements_max) break;
        const auto* worker = element.if_object();
        if (worker == nullptr) continue;
        RemoteWorker one;
        one.id = text_in(*worker, "id");
        one.status = text_in(*worker, "status");
        one.gpu = text_in(*worker, "gpuTypeId");
        one.data_center = text_in(*worker, "dataCenterId");
        const auto* stale = find(*worker, "isStale");
        one.is_stale = stale != nullptr && stale->is_bool() && stale->get_bool();
        found.workers.push_back(std::move(one));
    }
    return found;
}

// The document names no envelope for the list: it may come bare or as a member.
Result<std::vector<GpuPrice>, ProtocolError> parse_gpu_prices(std::string_view body) {
    const auto value = parsed(body);
    if (!value) return Fail(value.error());
    const auto* list = value->if_array();
    if (const auto* object = value->if_object()) {
        for (const auto* name : {"gpus", "data", "items"}) {
            if (list == nullptr) list = array_in(*object, name);
        }
    }
    if (list == nullptr) return Fail(ProtocolError{"it lists no GPUs"});
    std::vector<GpuPrice> prices;
    for (const auto& element : *list) {
        if (prices.size() == list_elements_max) break;
        if (auto price = price_of(element)) prices.push_back(*std::move(price));
    }
    return prices;
}

std::optional<std::int64_t> price_of(std::string_view gpu, const std::vector<GpuPrice>& catalogue) {
    if (gpu.empty()) return std::nullopt;
    for (const auto& price : catalogue) {
        if (price.gpu == gpu) return price.micro_usd_per_s;
    }
    // Cards of one pool may differ in price; the dearest is charged, so that nobody is surprised.
    std::optional<std::int64_t> dearest;
    for (const auto& price : catalogue) {
        if (price.pool == gpu) dearest = std::max(dearest.value_or(0), price.micro_usd_per_s);
    }
    return dearest ? dearest : price_micro_usd_per_s(gpu);
}

std::optional<std::string> problem_of(const ScalingChange& change) {
    for (const auto& workers : {change.workers_min, change.workers_max}) {
        if (workers && (*workers < 0 || *workers > workers_most))
            return "a number of workers is out of range";
    }
    if (change.workers_min && change.workers_max && *change.workers_min > *change.workers_max)
        return "the least number of workers is above the largest";
    if (change.idle_timeout &&
        (change.idle_timeout->count() < 1 || change.idle_timeout->count() > idle_seconds_most))
        return "the idle time must be 1 to 3600 seconds";
    if (change.queue_delay && *change.queue_delay < queue_delay_least)
        return "the queue delay must be half a second or more";
    if (change.request_count && *change.request_count < 1) return "the request count must be 1 or more";
    if (change.queue_delay && change.request_count) return "there is one scaler, not two";
    if (change.idle_timeout && change.request_count)
        return "RunPod takes no idle time together with a request count";
    return std::nullopt;
}

std::string write_scaling_change(const ScalingChange& change) {
    JsonWriter json;
    json.begin_object();
    if (change.workers_min || change.workers_max || change.idle_timeout) {
        json.key("workers").begin_object();
        if (change.workers_min) json.member("min", *change.workers_min);
        if (change.workers_max) json.member("max", *change.workers_max);
        if (change.idle_timeout) json.member("idleTimeout", change.idle_timeout->count());
        json.end_object();
    }
    if (change.queue_delay) {
        const auto tenths = change.queue_delay->count() / 100;
        json.key("scaling").begin_object().member("type", "QUEUE_DELAY");
        json.raw_member("queueDelay", std::to_string(tenths / 10) + "." + std::to_string(tenths % 10));
        json.end_object();
    } else if (change.request_count) {
        json.key("scaling").begin_object().member("type", "REQUEST_COUNT");
        json.member("requestCount", *change.request_count).end_object();
    }
    return json.end_object().take();
}

}  // namespace darkroom::runpod::scale
