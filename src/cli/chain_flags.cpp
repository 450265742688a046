#include "cli/chain_flags.h"

#include <algorithm>

#include "base/nearest.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// Ids of steps are narrower than names of types.
std::string step_name(const std::string& type, const std::vector<std::string>& taken) {
    std::string base = type.substr(0, 36);
    std::replace_if(
        base.begin(), base.end(),
        [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'; }, '_');
    auto name = base;
    for (int number = 2; std::find(taken.begin(), taken.end(), name) != taken.end(); ++number)
        name = base + "_" + std::to_string(number);
    return name;
}

}  // namespace

std::vector<std::string> types_of(std::string_view joined) {
    std::vector<std::string> types;
    while (true) {
        const auto plus = joined.find('+');
        types.emplace_back(joined.substr(0, plus));
        if (plus == std::string_view::npos) return types;
        joined.remove_prefix(plus + 1);
    }
}

Result<json::array, std::string> steps_from_flags(const std::vector<std::string>& types,
                                                  const json::object& params) {
    std::vector<std::string> names;
    names.reserve(types.size());
    for (const auto& type : types) names.push_back(step_name(type, names));
    for (const auto& member : params) {
        const std::string name(member.key());
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            const std::vector<std::string_view> candidates(names.begin(), names.end());
            const auto meant = nearest_word(name, candidates);
            return Fail(
                "-p " + printable(name) + ": in a chain a param begins with the name of its step, as in " +
                names.front() + "." + printable(name) +
                (meant ? "; did you mean " + std::string(*meant) + "?" : "; the steps are " + joined(names)));
        }
        if (!member.value().is_object())
            return Fail("-p " + printable(name) + ": this is a step; its params are " + name + ".KEY=VALUE");
    }
    json::array steps;
    for (std::size_t i = 0; i < types.size(); ++i) {
        json::object step{{"id", names[i]}, {"type", types[i]}};
        if (const auto* own = params.if_contains(names[i])) step["params"] = *own;
        steps.push_back(std::move(step));
    }
    return steps;
}

void name_mask(json::object& params) {
    auto& region = params["region"];
    if (region.is_null()) region.emplace_object();
    if (region.is_object() && region.get_object().empty()) region.get_object()["mask"] = "mask";
}

}  // namespace darkroom::cli
