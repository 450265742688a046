#include "app/runpod_settings.h"

#include <algorithm>
#include <charconv>

#include "app/runpod_endpoints.h"
#include "app/setting_reader.h"
#include "app/storage_settings.h"
#include "core/input_url.h"
#include "runpod/client/client_settings.h"
#include "runpod/protocol/gpu_prices.h"
#include "runpod/protocol/submit.h"

namespace darkroom::app {
namespace {

constexpr int inflight_default = 10;
constexpr std::uint64_t inflight_max = 2'000;
constexpr int workers_max = 1'000;
constexpr std::uint64_t policy_time_max_s = runpod::policy_time_max.count() / 1'000;
// Between the end of RunPod's patience and the end of ours.
constexpr Milliseconds ttl_margin{300'000};

bool is_set(const SettingReader& reader, const char* name) { return !reader.text(name).empty(); }

std::string without_slashes(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url;
}

std::string read_api_url(SettingReader& reader, const std::string& name) {
    auto url = without_slashes(reader.text(name));
    const auto is_url = core::parse_input_url(url).ok() && url.find('?') == std::string::npos;
    if (!is_url)
        reader.wrong(name, "must be an http or https address without query, as in " +
                               std::string(name == "RUNPOD_REST_URL" ? "https://api.runpod.io/v2"
                                                                     : "https://api.runpod.ai/v2"));
    return url;
}

void read_secret(SettingReader& reader, const std::string& name, RunpodSettings& settings) {
    const auto text = reader.text(name);
    if (text.empty()) return;
    auto secret = runpod::CallbackSecret::parse(text);
    if (secret) {
        settings.callback_secrets.push_back(*std::move(secret));
    } else {
        reader.wrong(name, "must be at least 16 characters, or whsec_ and base64 of 24 to 64 bytes");
    }
}

void read_secrets(SettingReader& reader, RunpodSettings& settings) {
    read_secret(reader, "CALLBACK_SECRET", settings);
    if (is_set(reader, "CALLBACK_SECRET_OLD") && !is_set(reader, "CALLBACK_SECRET"))
        return reader.wrong("CALLBACK_SECRET_OLD",
                            "is set and CALLBACK_SECRET is not: only the new one signs");
    read_secret(reader, "CALLBACK_SECRET_OLD", settings);
}

void read_spending(SettingReader& reader, RunpodSettings& settings) {
    if (const auto cap = reader.text("DARKROOM_DAILY_SPEND_CAP_USD"); !cap.empty()) {
        settings.daily_cap_micro_usd = parse_usd(cap);
        if (!settings.daily_cap_micro_usd || *settings.daily_cap_micro_usd == 0) {
            settings.daily_cap_micro_usd.reset();
            reader.wrong("DARKROOM_DAILY_SPEND_CAP_USD",
                         "must be dollars as in 20 or 7.50, not \"" + cap + "\"");
        }
    }
}

void read_scale(SettingReader& reader, RunpodSettings& settings) {
    const auto text = reader.text("DARKROOM_SCALE");
    if (text == "off") return;
    ScaleBounds bounds;
    const auto* const last = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), last, bounds.workers_min);
    const bool has_min = error == std::errc() && at != last && *at == '-';
    if (has_min)
        std::tie(at, error) = std::pair(std::from_chars(at + 1, last, bounds.workers_max).ptr, error);
    const bool fits = has_min && at == last && bounds.workers_min >= 0 && bounds.workers_max >= 1 &&
                      bounds.workers_min <= bounds.workers_max && bounds.workers_max <= workers_max;
    if (!fits)
        return reader.wrong(
            "DARKROOM_SCALE",
            "must be off, or the fewest and the most workers as in 0-5, not \"" + text + "\"");
    settings.scale = bounds;
}

void read_queue_budget(SettingReader& reader, Milliseconds run_timeout, RunpodSettings& settings) {
    settings.queue_budget = reader.seconds("DARKROOM_QUEUE_BUDGET_S", 10, policy_time_max_s);
    if (settings.queue_budget + run_timeout + ttl_margin > runpod::policy_time_max)
        reader.wrong(
            "DARKROOM_QUEUE_BUDGET_S",
            "must leave room for DARKROOM_RUN_TIMEOUT_S and five minutes within the seven days after which "
            "RunPod forgets a job");
}

// RunPod's own addresses are made from the data center; another one plays all of them.
std::string volume_endpoint(const SettingReader& reader, const std::string& region) {
    const auto given = reader.text("RUNPOD_S3_ENDPOINT");
    const bool is_runpods = given.find(".runpod.io") != std::string::npos;
    return given.empty() || is_runpods ? network_volume_endpoint(region) : given;
}

std::optional<objects::S3Settings> read_own_volume(SettingReader& reader, const RunpodEndpointWords& words) {
    if (words.volume.empty()) return std::nullopt;
    const auto region = words.region.empty() ? reader.text("RUNPOD_S3_REGION") : words.region;
    if (region.empty()) {
        reader.wrong("RUNPOD_ENDPOINT_ID",
                     "of " + words.id + " says volume= without region=, as in region=EU-CZ-1");
        return std::nullopt;
    }
    auto volume = objects::network_volume_settings(words.volume, volume_endpoint(reader, region), region);
    volume.access_key = reader.text("RUNPOD_S3_ACCESS_KEY");
    volume.secret_key = reader.text("RUNPOD_S3_SECRET_KEY");
    volume.names.bucket = "RUNPOD_ENDPOINT_ID of " + words.id + ": volume";
    volume.names.region = "RUNPOD_ENDPOINT_ID of " + words.id + ": region";
    for (const auto& problem : volume.problems())
        reader.problem(problem + (problem.back() == '.' ? "" : "."));
    return volume;
}

std::int64_t price_of(const RunpodEndpointWords& words) {
    if (words.micro_usd_per_second) return *words.micro_usd_per_second;
    return runpod::price_micro_usd_per_s(words.gpu).value_or(0);
}

// Named twice it is still one: all who use a volume must share the memory of what lies there.
bool is_common(const objects::S3Settings& volume, const StorageSettings& storage) {
    return storage.volume && storage.volume->bucket == volume.bucket &&
           storage.volume->endpoint == volume.endpoint;
}

runpod::ForeignLayout layout_of(const RunpodEndpointWords& words) {
    runpod::ForeignLayout layout;
    if (!words.mount.empty()) layout.mounts.insert(layout.mounts.begin(), words.mount);
    if (!words.outputs.empty()) layout.output_folder = words.outputs;
    layout.input_prefix = words.inputs;
    return layout;
}

// A job is sent to any of the endpoints: what one of them cannot do would fail there by chance.
void check_one_kind(SettingReader& reader, const RunpodSettings& settings) {
    const auto& all = settings.endpoints;
    const auto& first = all.front();
    const auto other = std::find_if(all.begin(), all.end(), [&](const RunpodEndpoint& endpoint) {
        return endpoint.is_foreign() != first.is_foreign();
    });
    if (other == all.end()) return;
    const auto& foreign = first.is_foreign() ? first : *other;
    const auto& own = first.is_foreign() ? *other : first;
    reader.wrong("RUNPOD_ENDPOINT_ID",
                 "names endpoints of two kinds: " + foreign.id + " (worker=" + foreign.worker +
                     ") runs workflows only, and " + own.id + " (worker=" + own.worker +
                     ") gets what is built in as well; give each kind a gateway of its own");
}

void read_endpoints(SettingReader& reader, const StorageSettings& storage, RunpodSettings& settings) {
    const int limit = is_set(reader, "MAX_INFLIGHT")
                          ? static_cast<int>(reader.number("MAX_INFLIGHT", 1, inflight_max))
                          : inflight_default;
    const auto text = reader.text("RUNPOD_ENDPOINT_ID");
    if (text.empty())
        return reader.wrong("RUNPOD_ENDPOINT_ID", "must be set: COMFYUI_MODE=serverless sends jobs there");
    auto list = parse_runpod_endpoints(text);
    if (!list) {
        for (const auto& problem : list.error()) reader.wrong("RUNPOD_ENDPOINT_ID", problem);
        return;
    }
    for (auto& words : *list) {
        auto volume = read_own_volume(reader, words);
        if (volume && is_common(*volume, storage)) volume.reset();
        settings.endpoints.push_back({.id = std::move(words.id),
                                      .name = std::move(words.name),
                                      .weight = words.weight,
                                      .inflight_max = words.inflight_max.value_or(limit),
                                      .gpu = words.gpu,
                                      .micro_usd_per_second = price_of(words),
                                      .volume = std::move(volume),
                                      .worker = words.worker.empty() ? "auto" : words.worker,
                                      .layout = layout_of(words)});
    }
    check_one_kind(reader, settings);
}

void read_key(SettingReader& reader, RunpodSettings& settings) {
    settings.api_key = reader.text("RUNPOD_API_KEY");
    if (settings.api_key.empty())
        return reader.wrong("RUNPOD_API_KEY", "must be set: COMFYUI_MODE=serverless asks RunPod with it");
    runpod::ClientSettings tried;
    tried.endpoint_id = "any";
    tried.api_key = settings.api_key;
    // A line end pasted with a key is the usual accident.
    if (!runpod::problems(tried).empty())
        reader.wrong("RUNPOD_API_KEY",
                     "holds what no key holds: it is one word of at most 512 visible characters");
}

// Workers cannot come here for their files: both sides meet in a storage.
void check_meeting_place(SettingReader& reader, const StorageSettings& storage,
                         const RunpodSettings& settings) {
    if (storage.kind == StorageKind::bucket || storage.volume) return;
    // Pictures that travel inside orders and answers need none.
    const bool each_has_one =
        !settings.endpoints.empty() &&
        std::all_of(settings.endpoints.begin(), settings.endpoints.end(), [](const auto& endpoint) {
            return endpoint.volume || endpoint.worker == "worker_comfyui";
        });
    if (each_has_one) return;
    reader.problem(
        "COMFYUI_MODE=serverless needs a storage that RunPod's workers can reach: set S3_BUCKET and its "
        "AWS_… keys, or "
        "RUNPOD_NETWORK_VOLUME_ID, RUNPOD_S3_REGION and the volume's RUNPOD_S3_… keys.");
}

// A cap over costs that nobody knows would never be reached.
void check_prices(SettingReader& reader, const RunpodSettings& settings, std::vector<std::string>& notes) {
    for (const auto& endpoint : settings.endpoints) {
        if (endpoint.micro_usd_per_second > 0) continue;
        const auto what = "of " + endpoint.id +
                          (endpoint.gpu.empty() ? " says neither gpu= nor price="
                                                : " names a GPU without a known price; say price=");
        if (settings.daily_cap_micro_usd) {
            reader.wrong("RUNPOD_ENDPOINT_ID",
                         what + ", and DARKROOM_DAILY_SPEND_CAP_USD must know what is spent");
        } else {
            notes.push_back("RUNPOD_ENDPOINT_ID " + what + ": what its jobs cost is told as 0.");
        }
    }
}

void check_own_url(SettingReader& reader, const RunpodSettings& settings, const std::string& own_url,
                   std::vector<std::string>& notes) {
    if (settings.is_near) return;
    if (own_url.empty())
        return reader.wrong("BACKEND_BASE_URL",
                            "must be set: RunPod's webhooks and workers come to this address, as in "
                            "https://pictures.example.com");
    if (leads_nearby(own_url))
        return reader.wrong(
            "BACKEND_BASE_URL",
            "must be an address that RunPod can reach, not one of this machine or a private network");
    if (own_url.rfind("https://", 0) != 0)
        notes.push_back(
            "BACKEND_BASE_URL is not https: what RunPod and its workers say to it can be read on the way.");
}

struct RunpodContext {
    const StorageSettings& storage;
    const std::string& own_url;
    std::vector<std::string>& notes;
};

void set_up(SettingReader& reader, const RunpodContext& context, RunpodSettings& settings) {
    read_key(reader, settings);
    read_endpoints(reader, context.storage, settings);
    check_meeting_place(reader, context.storage, settings);
    check_own_url(reader, settings, context.own_url, context.notes);
    check_prices(reader, settings, context.notes);
}

// Jobs go elsewhere by default, so what is missing here keeps nothing from starting.
void set_up_beside(const SettingReader& reader, const RunpodContext& context, RunpodSettings& settings) {
    SettingReader tried(reader.environment(), {});
    auto complete = settings;
    std::vector<std::string> notes;
    set_up(tried, {context.storage, context.own_url, notes}, complete);
    const auto problems = tried.take_problems();
    if (problems.empty()) {
        settings = std::move(complete);
        context.notes.insert(context.notes.end(), notes.begin(), notes.end());
    } else {
        context.notes.push_back("RunPod Serverless is not used beside the pods: " + problems.front());
    }
}

}  // namespace

bool leads_nearby(const std::string& url) {
    const auto parsed = core::parse_input_url(url);
    if (!parsed) return false;
    if (parsed->address) return !core::is_public(*parsed->address);
    const auto& host = parsed->host;
    if (host.find('.') == std::string::npos) return true;
    return host.ends_with(".internal") || host.ends_with(".local") || host.ends_with(".localhost");
}

RunpodSettings read_runpod(SettingReader& reader, const StorageSettings& storage, const std::string& own_url,
                           Milliseconds run_timeout, RunpodUse use, std::vector<std::string>& notes) {
    RunpodSettings settings;
    settings.base_url = read_api_url(reader, "RUNPOD_ENDPOINT_BASE_URL");
    settings.rest_url = read_api_url(reader, "RUNPOD_REST_URL");
    settings.is_near = leads_nearby(settings.base_url);
    // One who plays the one plays the other; and a key of the desk has no business at RunPod.
    if (settings.is_near && !reader.environment().get("RUNPOD_REST_URL"))
        settings.rest_url = settings.base_url;
    read_secrets(reader, settings);
    read_spending(reader, settings);
    read_scale(reader, settings);
    read_queue_budget(reader, run_timeout, settings);
    const RunpodContext context{storage, own_url, notes};
    if (use == RunpodUse::first) {
        set_up(reader, context, settings);
    } else {
        // What earlier runs left there is still looked after, if the key is at hand.
        settings.api_key = reader.text("RUNPOD_API_KEY");
    }
    if (use == RunpodUse::beside && !settings.api_key.empty() && is_set(reader, "RUNPOD_ENDPOINT_ID"))
        set_up_beside(reader, context, settings);
    return settings;
}

}  // namespace darkroom::app
