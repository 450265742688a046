// YAML as a tree in which every value and every name knows where it stands. libyaml parses; this keeps what
// people need (YAML 1.2's plain values) and refuses what harms: anchors, aliases and tags (a file of a
// kilobyte can mean a billion values), repeated names, several documents, more than the limits below.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace darkroom::recipes {

/// Counted from 1; 0 = of the whole file.
struct TextPlace {
    int line = 0;
    int column = 0;
    bool operator==(const TextPlace&) const = default;
};

struct YamlMember;

struct YamlNode {
    enum class Kind { null, boolean, integer, number, string, sequence, mapping };
    Kind kind = Kind::null;
    TextPlace place;
    std::string text;  // of a scalar, as written
    std::vector<YamlNode> items;
    std::vector<YamlMember> members;  // names are texts, whatever they look like

    const YamlNode* find(std::string_view name) const;
};

struct YamlMember {
    std::string name;
    TextPlace place;
    YamlNode value;
};

struct YamlProblem {
    TextPlace place;
    std::string detail;
};

inline constexpr std::size_t yaml_bytes_max = 256u << 10;
inline constexpr std::size_t yaml_values_max = 20'000;
inline constexpr int yaml_depth_max = 24;

Result<YamlNode, YamlProblem> read_yaml(std::string_view text);

/// Members keep their order.
boost::json::value to_json(const YamlNode& node);

/// As in "a list"; for sentences.
std::string_view kind_in_words(YamlNode::Kind kind);

}  // namespace darkroom::recipes
