#include "runpod/endpoint/fault_script.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/nearest.h"

namespace darkroom::runpod::endpoint {
namespace {

const FaultKind* kind_named(std::string_view name) {
    for (const auto& kind : fault_kinds()) {
        if (kind.name == name) return &kind;
    }
    return nullptr;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// "#3" or "#3-7".
bool read_calls(std::string_view text, FaultScript::Rule& rule) {
    const auto dash = text.find('-');
    const auto first = number_in<std::uint64_t>(text.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : number_in<std::uint64_t>(text.substr(dash + 1));
    if (!first || !last || *first == 0 || *last < *first) return false;
    rule.first = *first;
    rule.last = *last;
    return true;
}

bool read_when(std::string_view text, FaultScript::Rule& rule) {
    if (text.starts_with('#')) return read_calls(text.substr(1), rule);
    if (text == "always" || text == "never") {
        rule.probability = text == "always" ? 1 : 0;
        return true;
    }
    const auto probability = number_in<double>(text);
    if (!probability || !(*probability >= 0 && *probability <= 1)) return false;
    rule.probability = *probability;
    return true;
}

// Each fault draws from its own numbers: one more call of another fault changes nothing here.
std::uint64_t seed_of(std::uint64_t seed, std::string_view name) {
    std::uint64_t hash = 14'695'981'039'346'656'037ull ^ seed;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ull;
    return hash;
}

FaultError no_such_fault(std::string_view name) {
    std::string detail = "there is no fault \"" + std::string(name) + "\"";
    std::vector<std::string_view> known;
    for (const auto& kind : fault_kinds()) known.push_back(kind.name);
    if (const auto near = nearest_word(name, known))
        detail += "; did you mean \"" + std::string(*near) + "\"?";
    return {std::move(detail)};
}

}  // namespace

Result<void, FaultError> FaultScript::set(std::string_view name, std::string_view when) {
    const auto* kind = kind_named(name);
    if (kind == nullptr) return Fail(no_such_fault(name));
    Rule rule;
    rule.when = when;
    rule.number = kind->parameter_default;
    const auto colon = when.find(':');
    if (!read_when(when.substr(0, colon), rule)) {
        return Fail(FaultError{"fault " + std::string(name) +
                               ": say when as always, never, a probability from 0 to 1, #3 or #3-7, not \"" +
                               std::string(when) + "\""});
    }
    if (colon != std::string_view::npos) {
        const auto number = number_in<std::int64_t>(when.substr(colon + 1));
        if (!number || *number < 0 || kind->parameter.empty()) {
            return Fail(FaultError{"fault " + std::string(name) +
                                   (kind->parameter.empty() ? " takes no number"
                                                            : ": behind the colon stands a whole number, " +
                                                                  std::string(kind->parameter))});
        }
        rule.number = *number;
    }
    rule.chance.seed(seed_of(seed_, name));
    rules_.erase(std::string(name));
    if (rule.first != 0 || rule.probability > 0) rules_.emplace(name, std::move(rule));
    return {};
}

void FaultScript::reset(std::uint64_t seed) {
    seed_ = seed;
    rules_.clear();
}

std::optional<std::int64_t> FaultScript::fires(std::string_view name) {
    if (rules_.empty()) return std::nullopt;
    const auto found = rules_.find(name);
    if (found == rules_.end()) {
        DR_CHECK(kind_named(name) != nullptr);
        return std::nullopt;
    }
    auto& rule = found->second;
    ++rule.calls;
    const bool now = rule.first != 0
                         ? rule.calls >= rule.first && rule.calls <= rule.last
                         : std::uniform_real_distribution<double>(0, 1)(rule.chance) < rule.probability;
    if (!now) return std::nullopt;
    ++rule.fired;
    return rule.number;
}

}  // namespace darkroom::runpod::endpoint
