// The JSON Schema of a type's params, prepared once: named parts, shorthands and defaults are walked here, so
// that every problem of a request is found and told in a sentence; what a single value may be is LeafRule's.
// Prepared schemas are read by many threads.
//
// Understood: type, enum, minimum, maximum, pattern, maxLength, items, minItems, maxItems, properties
// (closed), default, and anyOf between alternatives of different JSON types. x-expected says in words what a
// pattern wants.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/leaf_rule.h"
#include "recipes/param_problem.h"

namespace darkroom::recipes {

class ParamSchema {
public:
    /// `source` is checked as text of ours: anything not understood is a bug.
    explicit ParamSchema(const boost::json::object& source, std::string label = "");

    /// Appends what is wrong with `value`, which stands at `pointer`; stops at problems_max.
    void check(const boost::json::value& value, const std::string& pointer,
               std::vector<ParamProblem>& problems) const;
    /// The same value with every absent part at its default, names sorted. `value` was checked and has no
    /// shorthands.
    boost::json::value complete(const boost::json::value& value) const;
    /// What stands where nothing was sent.
    const boost::json::value& default_value() const { return default_; }

    static constexpr std::size_t problems_max = 32;

private:
    bool is_object() const { return !leaf_ && alternatives_.empty(); }
    bool takes(const boost::json::value& value) const;
    const ParamSchema* part(std::string_view name) const;
    void check_parts(const boost::json::object& object, const std::string& pointer,
                     std::vector<ParamProblem>& problems) const;
    ParamProblem unknown(std::string_view name, const std::string& pointer) const;
    ParamProblem wrong(const LeafRule::Violation& violation, const boost::json::value& value,
                       const std::string& pointer) const;

    boost::json::object source_;
    std::string label_;  // as in "shadow.opacity"; empty for the whole
    std::optional<LeafRule> leaf_;
    std::vector<std::string> names_;  // of parts_, sorted
    std::vector<ParamSchema> parts_;
    std::vector<ParamSchema> alternatives_;
    boost::json::value default_;
};

}  // namespace darkroom::recipes
