#include "runpod/endpoint/settings.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "base/nearest.h"

namespace darkroom::runpod::endpoint {
namespace {

/// One setting: whole numbers from `least` to `most`, or a text if `text` is set.
struct Row {
    std::string_view name;
    std::string_view about;
    std::int64_t least;
    std::int64_t most;
    void (*number)(EndpointSettings&, std::int64_t);
    void (*text)(EndpointSettings&, std::string_view) = nullptr;
};

constexpr std::int64_t week_ms = 7LL * 24 * 3'600'000;
constexpr std::int64_t bytes_most = 256LL << 20;
using S = EndpointSettings;

constexpr std::array rows = {
    Row{"workers_min", "workers that are always started (0)", 0, 1'000,
        [](S& s, std::int64_t n) { s.scaling.workers_min = int(n); }},
    Row{"workers_max", "workers started at most (10)", 0, 1'000,
        [](S& s, std::int64_t n) { s.scaling.workers_max = int(n); }},
    Row{"idle_timeout_ms", "idle workers stop after (10000)", 0, 3'600'000,
        [](S& s, std::int64_t n) { s.scaling.idle_timeout = Milliseconds(n); }},
    Row{"request_count", "one worker for so many jobs (1)", 1, 100'000,
        [](S& s, std::int64_t n) {
            s.scaling.kind = Scaling::Kind::request_count;
            s.scaling.request_count = int(n);
        }},
    Row{"queue_delay_ms", "one more worker when a job has waited so long, instead of request_count", 500,
        3'600'000,
        [](S& s, std::int64_t n) {
            s.scaling.kind = Scaling::Kind::queue_delay;
            s.scaling.queue_delay = Milliseconds(n);
        }},
    Row{"cold_start_ms", "time from a worker's start to its first job (0)", 0, 3'600'000,
        [](S& s, std::int64_t n) { s.fleet.cold_start = Milliseconds(n); }},
    Row{"throttled", "workers for which there is no machine (0)", 0, 1'000,
        [](S& s, std::int64_t n) { s.fleet.throttled = int(n); }},
    Row{"lease_ms", "a job not in its worker's pings for so long is lost (40000)", 1, week_ms,
        [](S& s, std::int64_t n) { s.jobs.lease = Milliseconds(n); }},
    Row{"lost_after_ms", "a worker without a sign for so long is lost (30000)", 1, week_ms,
        [](S& s, std::int64_t n) { s.fleet.lost_after = Milliseconds(n); }},
    Row{"losses_max", "lost dispatches that are repeated (1)", 0, 100,
        [](S& s, std::int64_t n) { s.jobs.losses_max = int(n); }},
    Row{"ping_interval_ms", "what workers are told (10000)", 100, 3'600'000,
        [](S& s, std::int64_t n) { s.ping_interval = Milliseconds(n); }},
    Row{"retention_run_ms", "results of /run are kept (1800000)", 0, week_ms,
        [](S& s, std::int64_t n) { s.jobs.run_retention = Milliseconds(n); }},
    Row{"retention_sync_ms", "results of /runsync are kept (60000)", 0, week_ms,
        [](S& s, std::int64_t n) { s.jobs.sync_retention = Milliseconds(n); }},
    Row{"execution_timeout_ms", "of jobs that name none (600000)", 1, week_ms,
        [](S& s, std::int64_t n) { s.execution_timeout = Milliseconds(n); }},
    Row{"ttl_ms", "of jobs that name none (86400000)", 1, week_ms,
        [](S& s, std::int64_t n) { s.ttl = Milliseconds(n); }},
    Row{"take_hold_ms", "job-take waits at most (50000)", 0, 600'000,
        [](S& s, std::int64_t n) { s.take_hold = Milliseconds(n); }},
    Row{"stop_hold_ms", "job-stop waits at most (50000)", 0, 600'000,
        [](S& s, std::int64_t n) { s.stop_hold = Milliseconds(n); }},
    Row{"run_bytes_max", "body and result of /run (10485760)", 1, bytes_most,
        [](S& s, std::int64_t n) { s.run_bytes_max = std::uint64_t(n); }},
    Row{"sync_bytes_max", "body and result of /runsync (20971520)", 1, bytes_most,
        [](S& s, std::int64_t n) { s.sync_bytes_max = std::uint64_t(n); }},
    Row{"rate_percent", "of the documented rate limits; 0 switches them off (100)", 0, 100'000,
        [](S& s, std::int64_t n) { s.rate_factor = double(n) / 100; }},
    Row{"queue_limit", "1: 429 when 50 and workers_max x 500 jobs wait; 0: never (1)", 0, 1,
        [](S& s, std::int64_t n) { s.queue_limit = n == 1; }},
    Row{"timeout_fails", "1: a job past its executionTimeout is FAILED instead of TIMED_OUT (0)", 0, 1,
        [](S& s, std::int64_t n) {
            s.jobs.state_after_timeout = n == 1 ? JobState::failed : JobState::timed_out;
        }},
    Row{"large_result_fails", "1: a result that is too large is FAILED instead of an empty COMPLETED (0)", 0,
        1,
        [](S& s,
           std::int64_t n) { s.state_after_large_result = n == 1 ? JobState::failed : JobState::completed; }},
    Row{"progress_overwrites", "1: progress after the end overwrites the result (0)", 0, 1,
        [](S& s, std::int64_t n) { s.progress_overwrites = n == 1; }},
    Row{"webhook_when_cancelled", "1: cancelled jobs send a webhook too (0)", 0, 1,
        [](S& s, std::int64_t n) { s.webhook_when_cancelled = n == 1; }},
    Row{"webhook_timeout_ms", "a receiver has to answer within (10000)", 1, 600'000,
        [](S& s, std::int64_t n) { s.webhook_timeout = Milliseconds(n); }},
    Row{"micro_usd_per_second", "price of the GPU, in millionths of a dollar (310)", 0, 1'000'000'000,
        [](S& s, std::int64_t n) { s.micro_usd_per_second = n; }},
    Row{"seed", "of the faults (1)", 0, std::numeric_limits<std::int64_t>::max(),
        [](S& s, std::int64_t n) { s.seed = std::uint64_t(n); }},
    Row{"gpu", "name of the GPU type", 0, 0, nullptr, [](S& s, std::string_view t) { s.gpu = t; }},
    Row{"data_center", "id of the data centre (EU-RO-1)", 0, 0, nullptr,
        [](S& s, std::string_view t) { s.data_center = t; }},
    Row{"network_volume", "id of the attached volume (none)", 0, 0, nullptr,
        [](S& s, std::string_view t) { s.network_volume = t; }},
};

std::string no_such_setting(std::string_view name) {
    std::vector<std::string_view> known;
    known.reserve(rows.size());
    for (const auto& row : rows) known.push_back(row.name);
    std::string text = "there is no setting \"" + std::string(name) + "\"";
    if (const auto near = nearest_word(name, known)) text += "; did you mean \"" + std::string(*near) + "\"?";
    return text;
}

bool is_printable(std::string_view text) {
    for (const char c : text) {
        if (c < 0x20 || c == 0x7f) return false;
    }
    return !text.empty() && text.size() <= 128;
}

}  // namespace

Milliseconds EndpointSettings::scaled(Milliseconds span) const {
    return Milliseconds(std::llround(double(span.count()) / time_scale));
}

Result<void, std::string> set_setting(EndpointSettings& settings, std::string_view name,
                                      std::string_view value) {
    for (const auto& row : rows) {
        if (row.name != name) continue;
        if (row.text != nullptr) {
            if (!is_printable(value)) return Fail(std::string(name) + " is 1 to 128 printable characters");
            row.text(settings, value);
            return {};
        }
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        const bool whole = error == std::errc{} && end == value.data() + value.size();
        if (!whole || number < row.least || number > row.most) {
            return Fail(std::string(name) + " is a whole number from " + std::to_string(row.least) + " to " +
                        std::to_string(row.most) + ", not \"" + std::string(value) + "\"");
        }
        row.number(settings, number);
        return {};
    }
    return Fail(no_such_setting(name));
}

std::string describe_settings() {
    std::string text;
    for (const auto& row : rows) {
        text += "  " + std::string(row.name) +
                std::string(24 - std::min<std::size_t>(23, row.name.size()), ' ') + std::string(row.about) +
                "\n";
    }
    return text;
}

}  // namespace darkroom::runpod::endpoint
