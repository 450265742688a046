// Reads the members of one YAML mapping: each is asked for by name and kind, and what nobody asked for is
// refused, with the name that was probably meant.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/recipe_finding.h"
#include "recipes/yaml_tree.h"

namespace darkroom::recipes {

class MapReader {
public:
    /// `label` as in "bind[2]"; both outlive the reader. What is no mapping is told, and reads as an empty
    /// one.
    MapReader(const YamlNode& node, std::string label, RecipeFindings& findings);

    enum class Need { optional, required };

    /// Null if absent, which is told where it is required.
    const YamlNode* member(std::string_view name, Need need = Need::optional);
    std::string text(std::string_view name, Need need = Need::optional, std::size_t bytes_max = 500);
    /// The text of a node's id: 60 and "60" are the same.
    std::string node_id(std::string_view name, Need need);
    std::int64_t whole(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high,
                       Need need = Need::optional);
    std::optional<double> number(std::string_view name, double low, double high);
    bool flag(std::string_view name, bool fallback);
    /// One of `words`, the first of which stands where nothing is written.
    std::string word(std::string_view name, const std::vector<std::string_view>& words,
                     Need need = Need::optional);
    std::vector<std::string> texts(std::string_view name, Need need = Need::optional);
    /// Null, or a list.
    const std::vector<YamlNode>* list(std::string_view name);

    /// Tells what was never asked for. Call it last.
    void refuse_others();

    TextPlace place() const { return node_.place; }
    const std::string& label() const { return label_; }
    void complain(TextPlace place, std::string code, std::string detail);

private:
    std::string named(std::string_view name) const;
    void wrong_kind(std::string_view name, const YamlNode& node, std::string_view expected);

    const YamlNode& node_;
    const std::string label_;
    RecipeFindings& findings_;
    std::vector<std::string_view> asked_;
};

}  // namespace darkroom::recipes
