#include "comfyui/preflight.h"

#include <algorithm>
#include <vector>

namespace darkroom::comfyui {
namespace {

// What is there rarely goes away; what is missing may be on its way.
constexpr Milliseconds believed_for{300'000};
constexpr Milliseconds lack_believed_for{15'000};
constexpr std::size_t known_max = 2'000;

bool has_file(const NodeFacts& facts, const ModelUse& use) {
    const auto listed = facts.models.find(use.input);
    if (listed == facts.models.end()) return true;  // it does not tell
    return std::find(listed->second.begin(), listed->second.end(), use.file) != listed->second.end();
}

bool is_enough(const NodeFacts& facts, const NodeNeed& need) {
    return facts.is_known && std::all_of(need.models.begin(), need.models.end(),
                                         [&](const auto& use) { return has_file(facts, use); });
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

Result<std::optional<Trouble>, CallError> Preflight::examine(const boost::json::object& graph) {
    std::vector<std::string> nodes;
    std::vector<std::string> models;
    for (const auto& need : needs_of(graph)) {
        const auto facts = facts_of(need);
        if (!facts) return Fail(facts.error());
        if (!facts->is_known) {
            nodes.push_back(need.class_type);
            continue;
        }
        for (const auto& use : need.models) {
            if (!has_file(*facts, use)) models.push_back(use.input + ": " + use.file);
        }
    }
    if (nodes.empty() && models.empty()) return std::optional<Trouble>();
    const auto why = (nodes.empty() ? "" : "the server has no node " + listed(nodes)) +
                     (nodes.empty() || models.empty() ? "" : "; ") +
                     (models.empty() ? "" : "the server has no model " + listed(models));
    const bool is_node = !nodes.empty();
    return std::optional(Trouble{is_node ? TroubleKind::missing_node : TroubleKind::missing_model,
                                 one_line(listed(is_node ? nodes : models)), one_line(why)});
}

Result<NodeFacts, CallError> Preflight::facts_of(const NodeNeed& need) {
    if (auto facts = remembered(need)) return *std::move(facts);
    auto asked = ask_(need.class_type);
    if (!asked) return asked;
    const std::lock_guard lock(mutex_);
    // A recipe has a few classes: this many were made up by somebody.
    if (known_.size() >= known_max) known_.clear();
    known_.insert_or_assign(need.class_type, Known{*asked, clock_.monotonic()});
    return asked;
}

std::optional<NodeFacts> Preflight::remembered(const NodeNeed& need) const {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(need.class_type);
    if (known == known_.end()) return std::nullopt;
    const auto age = clock_.monotonic() - known->second.asked_at;
    const auto limit = is_enough(known->second.facts, need) ? believed_for : lack_believed_for;
    return age < limit ? std::optional(known->second.facts) : std::nullopt;
}

void Preflight::forget() {
    const std::lock_guard lock(mutex_);
    known_.clear();
}

}  // namespace darkroom::comfyui
