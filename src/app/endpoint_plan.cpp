#include "app/endpoint_plan.h"

#include <algorithm>
#include <charconv>

#include "runpod/endpoint/fault_script.h"

namespace darkroom::app {
namespace {

namespace endpoint = runpod::endpoint;

constexpr double time_scale_max = 100'000;

using Pair = std::pair<std::string, std::string>;

std::optional<Pair> split(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    return Pair{text.substr(0, equals), text.substr(equals + 1)};
}

// It becomes a segment of every path, and RunPod's other APIs live beside it.
bool is_endpoint_id(const std::string& id) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), fits) && id != "serverless" &&
           id != "catalog" && id != "billing";
}

bool is_key(const std::string& key) {
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    return !key.empty() && key.size() <= 512 && std::all_of(key.begin(), key.end(), visible);
}

std::optional<double> read_scale(const std::string& text) {
    double scale = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), scale);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || !(scale >= 1 && scale <= time_scale_max)) return std::nullopt;
    return scale;
}

std::string list_of_faults() {
    std::string text;
    for (const auto& kind : endpoint::fault_kinds()) {
        text += "  " + std::string(kind.name) +
                std::string(22 - std::min<std::size_t>(21, kind.name.size()), ' ') + std::string(kind.does);
        if (!kind.parameter.empty())
            text += " (:" + std::string(kind.parameter) + ", " + std::to_string(kind.parameter_default) + ")";
        text += "\n";
    }
    return text;
}

std::string complaint(const std::string& sentence) { return "darkroom: " + sentence; }

std::optional<std::string> read_names(const EndpointWords& words, endpoint::EndpointSettings& settings) {
    settings.id = words.id.value_or("ep-local");
    settings.client_key = words.client_key.value_or("local-client-key");
    settings.worker_key = words.worker_key.value_or("local-worker-key");
    if (!is_endpoint_id(settings.id))
        return "--endpoint is 1 to 64 of [A-Za-z0-9_-], and no word of RunPod's API";
    if (!is_key(settings.client_key) || !is_key(settings.worker_key))
        return "a key is 1 to 512 visible characters";
    if (words.time_scale) {
        const auto scale = read_scale(*words.time_scale);
        if (!scale) return "--time-scale is a number from 1 to 100000, not \"" + *words.time_scale + "\"";
        settings.time_scale = *scale;
    }
    return std::nullopt;
}

}  // namespace

Result<EndpointPlan, std::string> plan_endpoint(const EndpointWords& words) {
    EndpointPlan plan;
    if (words.listen) plan.listen = *words.listen;
    if (words.journal) plan.journal = *words.journal;
    if (auto problem = read_names(words, plan.settings)) return Fail(complaint(*problem));
    for (const auto& text : words.settings) {
        const auto pair = split(text);
        const auto set = pair ? endpoint::set_setting(plan.settings, pair->first, pair->second)
                              : Fail("--set wants NAME=VALUE, not \"" + text + "\"");
        if (!set) return Fail(complaint(set.error()) + "\n\nSettings:\n" + endpoint::describe_settings());
    }
    if (plan.settings.scaling.workers_min > plan.settings.scaling.workers_max)
        return Fail(complaint("workers_min is above workers_max"));
    endpoint::FaultScript tried(plan.settings.seed);
    for (const auto& text : words.faults) {
        const auto pair = split(text);
        if (!pair) return Fail(complaint("--fault wants NAME=WHEN, not \"" + text + "\""));
        if (const auto set = tried.set(pair->first, pair->second); !set)
            return Fail(complaint(set.error().detail) + "\n\nFaults:\n" + list_of_faults());
        plan.faults.push_back(*pair);
    }
    return plan;
}

}  // namespace darkroom::app
