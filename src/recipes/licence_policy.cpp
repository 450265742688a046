#include "recipes/licence_policy.h"

#include "base/time.h"
#include "recipes/map_reader.h"

namespace darkroom::recipes {
namespace {

using Need = MapReader::Need;

std::string read_digest(MapReader& map) {
    auto digest = map.text("sha256", Need::required);
    if (digest.empty() ||
        (digest.size() == 64 && digest.find_first_not_of("0123456789abcdef") == std::string::npos))
        return digest;
    map.complain(map.member("sha256")->place, "wrong_value",
                 map.label() + ".sha256 must be 64 hex digits in lower case");
    return {};
}

void read_models(MapReader& map, ReadLicencePolicy& read) {
    const auto* list = map.list("models");
    int index = 0;
    for (const auto& node : list != nullptr ? *list : std::vector<YamlNode>()) {
        MapReader item(node, "models[" + std::to_string(index++) + "]", read.findings);
        auto digest = read_digest(item);
        const auto word = item.word("commercial", {"unknown", "yes", "no", "conditional"}, Need::required);
        item.text("name");
        item.text("licence");
        item.refuse_others();
        const auto commercial = word == "yes"           ? Commercial::yes
                                : word == "no"          ? Commercial::no
                                : word == "conditional" ? Commercial::conditional
                                                        : Commercial::unknown;
        if (!digest.empty() && !read.policy.registry.emplace(std::move(digest), commercial).second)
            item.complain(node.place, "wrong_value", "this sha256 is told of twice");
    }
}

void read_grants(MapReader& map, std::string_view today, ReadLicencePolicy& read) {
    const auto* list = map.list("grants");
    int index = 0;
    for (const auto& node : list != nullptr ? *list : std::vector<YamlNode>()) {
        MapReader item(node, "grants[" + std::to_string(index++) + "]", read.findings);
        auto digest = read_digest(item);
        auto reference = item.text("reference", Need::required);
        const auto until = item.text("until", Need::required);
        item.refuse_others();
        if (!until.empty() && (until.size() != 10 || !parse_rfc3339(until + "T00:00:00Z"))) {
            item.complain(item.member("until")->place, "wrong_value",
                          item.label() + ".until must be a day as in 2027-12-31");
        } else if (!until.empty() && until >= today) {
            read.policy.grants.insert_or_assign(std::move(digest), std::move(reference));
        } else if (!until.empty()) {
            read.findings.push_back({Severity::warning, node.place, "grant_ended",
                                     std::move(reference.append(" ended on ").append(until))});
        }
    }
}

}  // namespace

ReadLicencePolicy read_licence_policy(std::string_view yaml, std::string_view today) {
    ReadLicencePolicy read;
    const auto root = read_yaml(yaml);
    if (!root) {
        read.findings.push_back({Severity::error, root.error().place, "yaml_invalid", root.error().detail});
        return read;
    }
    MapReader map(*root, "", read.findings);
    const auto usage = map.word("usage", {"commercial", "non_commercial", "evaluation"});
    read_models(map, read);
    read_grants(map, today, read);
    map.refuse_others();
    if (has_errors(read.findings)) {
        read.policy.grants.clear();  // what is not understood loosens nothing
    } else if (usage != "commercial") {
        read.policy.usage = usage == "evaluation" ? Usage::evaluation : Usage::non_commercial;
    }
    return read;
}

}  // namespace darkroom::recipes
