#include "runpod/endpoint/cost_log.h"

#include <algorithm>

#include "base/json_writer.h"

namespace darkroom::runpod::endpoint {

std::string usd_text(std::int64_t micro_usd) {
    auto digits = std::to_string(micro_usd % 1'000'000);
    digits.insert(0, 6 - digits.size(), '0');
    return std::to_string(micro_usd / 1'000'000) + "." + digits;
}

void CostLog::executed(std::string_view job, std::string_view worker, Milliseconds busy) {
    const auto micro = (busy.count() * price_ + 999) / 1000;
    executions_.push_back({std::string(job), std::string(worker), busy, micro});
    if (executions_.size() > entries_max_) executions_.pop_front();
    executions_total_ += micro;
    busy_ms_ += busy.count();
}

void CostLog::worked(std::string_view worker, TimePoint from, TimePoint to) {
    const auto seconds = std::max<std::int64_t>(0, ((to - from).count() + 999) / 1000);
    periods_.push_back({std::string(worker), from, to, seconds, seconds * price_});
    if (periods_.size() > entries_max_) periods_.pop_front();
    periods_total_ += seconds * price_;
    billed_seconds_ += seconds;
}

std::string CostLog::json() const {
    JsonWriter json;
    json.begin_object().member("gpu_type_id", gpu_).raw_member("usd_per_second", usd_text(price_));
    json.key("executions").begin_object().member("busy_ms", busy_ms_);
    json.raw_member("usd", usd_text(executions_total_)).key("newest").begin_array();
    for (const auto& one : executions_) {
        json.begin_object().member("job", one.job).member("worker", one.worker);
        json.member("busy_ms", one.busy).raw_member("usd", usd_text(one.micro_usd)).end_object();
    }
    json.end_array().end_object();
    json.key("workers").begin_object().member("billed_seconds", billed_seconds_);
    json.raw_member("usd", usd_text(periods_total_)).key("newest").begin_array();
    for (const auto& one : periods_) {
        json.begin_object().member("worker", one.worker).member("from", one.from).member("to", one.to);
        json.member("seconds", one.seconds).raw_member("usd", usd_text(one.micro_usd)).end_object();
    }
    json.end_array().end_object().end_object();
    return json.take();
}

}  // namespace darkroom::runpod::endpoint
