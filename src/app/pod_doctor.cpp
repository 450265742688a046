#include "app/pod_doctor.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "comfyui/comfy_client.h"
#include "comfyui/preflight.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;

// Somebody waits for the answer.
constexpr Milliseconds patience{10'000};
constexpr std::uint64_t bytes_per_gib = 1u << 30;

comfyui::ComfySettings client_settings(const PodEndpoint& pod) {
    comfyui::ComfySettings settings;
    settings.base_url = pod.url;
    settings.headers = pod.headers;
    settings.query = pod.query;
    settings.client_id = "dr-doctor";
    settings.ask_timeout = settings.ask_deadline = patience;
    return settings;
}

std::string describe(const comfyui::ServerFacts& facts) {
    std::string text = "ComfyUI";
    if (facts.version)
        for (std::size_t i = 0; i < facts.version->size(); ++i)
            text += (i == 0 ? " " : ".") + std::to_string((*facts.version)[i]);
    if (facts.gpus.empty()) return text + ", no GPU";
    const auto& gpu = facts.gpus.front();
    const auto gib = (gpu.vram_total + bytes_per_gib / 2) / bytes_per_gib;
    return text + ", " + gpu.name + " with " + std::to_string(gib) + " GiB";
}

bool goes_to_pods(const recipes::ReadyRecipe& recipe) {
    const auto& targets = recipe.file.targets;
    return recipe.workflow && recipe.licence.allowed &&
           std::find(targets.begin(), targets.end(), "comfy_pod") != targets.end();
}

class PodExamination {
public:
    PodExamination(const PodEndpoint& pod, const recipes::RecipeBook* book, ports::HttpClient& http,
                   const ports::Clock& clock)
        : about_("pod " + pod.name),
          url_(pod.url),
          book_(book),
          client_(client_settings(pod), http, clock),
          preflight_([this](const std::string& class_type) { return client_.node_facts(class_type); },
                     clock) {}

    std::vector<Finding> run() {
        const auto facts = client_.system_stats();
        if (!facts) {
            tell_call_error(facts.error());
            return std::move(findings_);
        }
        add(Level::ok, describe(*facts));
        if (facts->gpus.empty()) add(Level::warning, "it has no GPU: workflows take very long there");
        if (facts->version && *facts->version < comfyui::interrupts_by_id)
            add(Level::warning,
                "it is older than 0.3.57: a job that runs there cannot be stopped without hitting others");
        if (book_ != nullptr) {
            for (const auto& recipe : book_->recipes()) {
                if (goes_to_pods(*recipe)) look_at(*recipe);
            }
        }
        return std::move(findings_);
    }

private:
    void look_at(const recipes::ReadyRecipe& recipe) {
        const auto lacks = preflight_.examine(recipe.workflow->nodes());
        if (!lacks) {
            add(Level::warning,
                "it does not tell whether it can do " + recipe.file.name() + ": " + lacks.error().detail);
        } else if (*lacks) {
            add(Level::failed, "it cannot do " + recipe.file.name() + ": " + (*lacks)->why);
        } else {
            add(Level::ok, "has the nodes and models of " + recipe.file.name());
        }
    }

    void tell_call_error(const comfyui::CallError& error) {
        switch (error.kind) {
            case comfyui::CallErrorKind::auth:
                return add(Level::failed, "what stands before " + url_ +
                                              " refuses the login of COMFYUI_URL: " + error.detail);
            case comfyui::CallErrorKind::not_ready:
                return add(Level::failed, "no ComfyUI answers at " + url_ +
                                              " (COMFYUI_URL); it may still be starting: " + error.detail);
            default:
                add(Level::failed, "what answers at " + url_ +
                                       " (COMFYUI_URL) is no ComfyUI that can be used: " + error.detail);
        }
    }

    void add(Level level, std::string detail) { findings_.push_back({level, about_, std::move(detail)}); }

    const std::string about_;
    const std::string url_;
    const recipes::RecipeBook* book_;
    comfyui::ComfyClient client_;
    comfyui::Preflight preflight_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_pods(const Settings& settings, const recipes::RecipeBook* book,
                                  ports::HttpClient& http, const ports::Clock& clock) {
    std::vector<Finding> all;
    for (const auto& pod : settings.pods) {
        auto some = PodExamination(pod, book, http, clock).run();
        all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    return all;
}

}  // namespace darkroom::app
