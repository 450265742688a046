#include "app/worker_settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "app/log_settings.h"
#include "app/setting_reader.h"
#include "app/system_random.h"

#ifndef DARKROOM_VERSION
#error "CMake tells the version"
#endif

namespace darkroom::app {
namespace {

using runpod::worker::Unclaimed;

bool visible(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void read_identity(SettingReader& reader, WorkerPlan& plan) {
    auto& id = plan.identity.worker_id;
    id = reader.text("RUNPOD_POD_ID");
    if (id.empty()) id = SystemRandom().id<AttemptId>().str();
    if (id.size() > 128 || !visible(id) || id.find_first_of("/?#%") != std::string::npos)
        reader.wrong("RUNPOD_POD_ID",
                     "must be a name of at most 128 visible characters that may stand in a URL");
    plan.identity.gpu_type_id = reader.text("RUNPOD_GPU_TYPE_ID");
    plan.worker.worker_id = id;
    plan.worker.version = DARKROOM_VERSION;
    plan.worker.authorization = reader.text("RUNPOD_AI_API_KEY");
    const auto& key = plan.worker.authorization;
    // Sent as it stands: a blank inside is part of it ("Bearer …"), a control character would be another
    // header.
    if (std::any_of(key.begin(), key.end(), [](char c) { return c < 0x20 || c >= 0x7f; }))
        reader.wrong("RUNPOD_AI_API_KEY", "holds a character that no header may hold");
}

void read_urls(SettingReader& reader, bool alone, WorkerPlan& plan) {
    plan.urls.get_job = reader.text("RUNPOD_WEBHOOK_GET_JOB");
    plan.urls.post_output = reader.text("RUNPOD_WEBHOOK_POST_OUTPUT");
    plan.urls.post_stream = reader.text("RUNPOD_WEBHOOK_POST_STREAM");
    plan.urls.ping = reader.text("RUNPOD_WEBHOOK_PING");
    if (alone) return;
    bool complete = true;
    for (const auto& [name, value] : {std::pair{"RUNPOD_WEBHOOK_GET_JOB", plan.urls.get_job},
                                      std::pair{"RUNPOD_WEBHOOK_POST_OUTPUT", plan.urls.post_output}}) {
        if (!value.empty()) continue;
        complete = false;
        reader.wrong(name,
                     "must be set: RunPod sets it in its workers, darkroom endpoint prints it, and darkroom "
                     "worker --test-input needs none");
    }
    if (!complete) return;
    if (const auto urls = runpod::WorkerUrls::make(plan.urls, plan.identity); !urls)
        reader.problem("The addresses RUNPOD_WEBHOOK_… cannot be used: " + urls.error().detail + ".");
}

void read_callback_secret(SettingReader& reader, WorkerPlan& plan) {
    const auto text = reader.text("CALLBACK_SECRET");
    if (text.empty()) return;
    auto secret = runpod::CallbackSecret::parse(text);
    if (secret) {
        plan.worker.callback_secret = *std::move(secret);
    } else {
        reader.wrong("CALLBACK_SECRET",
                     "must be at least 16 characters, or whsec_ and base64 of 24 to 64 bytes");
    }
}

void read_volume(SettingReader& reader, WorkerPlan& plan) {
    const auto folder = reader.text("DARKROOM_VOLUME_DIR");
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) {
        plan.worker.volume_dir = folder;
    } else if (reader.environment().get("DARKROOM_VOLUME_DIR")) {
        reader.wrong("DARKROOM_VOLUME_DIR", "is no folder: \"" + folder + "\"");
    }
}

void read_pool(SettingReader& reader, WorkerPlan& plan) {
    auto& pool = plan.pool;
    pool.program = reader.text("DARKROOM_IMAGING");
    pool.limits.file_bytes_max = reader.number("DARKROOM_MAX_UPLOAD_BYTES", 1'024, 5ull << 30);
    pool.limits.pixels_max = reader.number("DARKROOM_MAX_PIXELS", 256, 1ull << 28);
    pool.limits.heic = reader.choice<bool>("DARKROOM_HEIC", {{"on", true}, {"off", false}});
    pool.wall_limit = pool.cpu_limit = reader.seconds("DARKROOM_RUN_TIMEOUT_S", 1, 604'800);
    pool.processes_max = plan.worker.concurrency;
    plan.worker.input_bytes_max = pool.limits.file_bytes_max;
}

}  // namespace

Result<WorkerPlan, SettingProblems> read_worker_settings(const Environment& environment, bool alone,
                                                         SettingProblems problems) {
    SettingReader reader(environment, std::move(problems));
    WorkerPlan plan;
    read_identity(reader, plan);
    read_urls(reader, alone, plan);
    read_callback_secret(reader, plan);
    read_volume(reader, plan);
    auto& worker = plan.worker;
    worker.ping_interval = Milliseconds(reader.number("RUNPOD_PING_INTERVAL", 100, 600'000));
    worker.private_urls = reader.choice<bool>("RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS",
                                              {{"false", false}, {"true", true}, {"0", false}, {"1", true}});
    worker.concurrency = static_cast<int>(reader.number("DARKROOM_WORKER_CONCURRENCY", 1, 64));
    worker.refresh_after = static_cast<int>(reader.number("DARKROOM_WORKER_REFRESH_AFTER", 0, 1'000'000));
    worker.unclaimed = reader.choice<Unclaimed>("DARKROOM_WORKER_UNCLAIMED",
                                                {{"run", Unclaimed::run}, {"give-up", Unclaimed::give_up}});
    worker.workflow_limit = reader.seconds("DARKROOM_COMFY_TIMEOUT_S", 1, 604'800);
    plan.comfy = read_comfy_plan(reader, worker.worker_id);
    plan.work_dir = reader.text("DARKROOM_WORKER_DIR");
    plan.grace = reader.seconds("DARKROOM_WORKER_GRACE_S", 0, 86'400);
    read_pool(reader, plan);
    plan.log_level = read_log_level(reader);
    plan.log_format = read_log_format(reader);
    auto found = reader.take_problems();
    if (!found.empty()) return Fail(std::move(found));
    return plan;
}

}  // namespace darkroom::app
