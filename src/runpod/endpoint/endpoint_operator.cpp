// What the operator of the endpoint can see and change: scaling, faults, the journal, costs.
#include "base/json_writer.h"
#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {

FleetView Endpoint::fleet() {
    const std::lock_guard lock(mutex_);
    FleetView view{nominal_scaling_, fleet_.counts(now()), {}, now()};
    for (const auto& [id, worker] : fleet_.workers()) view.workers.push_back(worker);
    return view;
}

void Endpoint::set_scaling(const Scaling& scaling) {
    const std::lock_guard lock(mutex_);
    nominal_scaling_ = scaling;
    fleet_.set_scaling(scaled(scaling));
    journal_.note(clock_.now(), "scaling", "",
                  {{"min", std::int64_t{scaling.workers_min}}, {"max", std::int64_t{scaling.workers_max}}});
    scale(now());
    waiting_room_.notify(topic_of_queue());
}

void Endpoint::set_cold_start(Milliseconds cold_start) {
    const std::lock_guard lock(mutex_);
    fleet_.set_cold_start(settings_.scaled(cold_start));
}

void Endpoint::set_throttled(int workers) {
    const std::lock_guard lock(mutex_);
    fleet_.set_throttled(workers);
    scale(now());
}

Result<void, FaultError> Endpoint::change_faults(const FaultChange& change) {
    const std::lock_guard lock(mutex_);
    auto changed = faults_;
    if (change.reset_to_seed) changed.reset(*change.reset_to_seed);
    for (const auto& [name, when] : change.rules) {
        if (auto set = changed.set(name, when); !set) return set;
    }
    faults_ = std::move(changed);
    return {};
}

std::string Endpoint::faults_json() {
    const std::lock_guard lock(mutex_);
    JsonWriter json;
    json.begin_object().member("seed", faults_.seed()).key("faults").begin_object();
    for (const auto& [name, rule] : faults_.rules()) {
        json.key(name).begin_object().member("when", rule.when);
        json.member("calls", rule.calls).member("fired", rule.fired).end_object();
    }
    json.end_object().key("known").begin_object();
    for (const auto& kind : fault_kinds()) {
        json.key(kind.name).begin_object().member("does", kind.does);
        if (!kind.parameter.empty())
            json.member("number", kind.parameter).member("default", kind.parameter_default);
        json.end_object();
    }
    json.end_object().end_object();
    return json.take();
}

std::string Endpoint::journal_json(std::uint64_t after, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    return journal_.entries_json(after, limit);
}

std::string Endpoint::journal_counts_json() {
    const std::lock_guard lock(mutex_);
    return journal_.counts_json();
}

std::string Endpoint::costs_json() {
    const std::lock_guard lock(mutex_);
    return costs_.json();
}

std::vector<WorkerPeriod> Endpoint::billed_periods() {
    const std::lock_guard lock(mutex_);
    return {costs_.periods().begin(), costs_.periods().end()};
}

}  // namespace darkroom::runpod::endpoint
