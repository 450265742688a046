// What can be asked of this Darkroom: the types of jobs, the params each takes, and the recipes that do them.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/param_schema.h"
#include "recipes/type_rules.h"

namespace darkroom::recipes {

/// One way of doing a type. Any change of what it does makes a new version.
struct Recipe {
    std::string id;  // as in bg_remove.builtin
    int version = 1;
    std::string title;
    std::string engine;                 // builtin
    std::vector<std::string> backends;  // kinds of endpoints that can run it: local, pod, serverless

    std::string name() const { return id + "@" + std::to_string(version); }
    bool runs_on(std::string_view backend) const;
};

struct JobType {
    std::string name;
    std::string title;
    std::string description;
    int params_version = 1;
    std::string schema_json;              // JSON Schema draft 4 of params, for clients
    std::vector<Recipe> recipes;          // the type's own choice first
    std::vector<std::string> backends;    // of all its recipes
    std::unique_ptr<ParamSchema> params;  // the same schema, prepared for check_params
    TypeRules rules;
};

class TypeCatalogue {
public:
    /// What Darkroom can do by itself. Made at the first call, the same ever after.
    static const TypeCatalogue& builtin();

    std::span<const JobType> all() const { return types_; }
    /// Null if there is no such type. Names are compared byte for byte.
    const JobType* find(std::string_view name) const;
    /// The type that a mistyped name most likely stood for.
    std::optional<std::string_view> nearest(std::string_view name) const;

private:
    explicit TypeCatalogue(std::vector<JobType> types) : types_(std::move(types)) {}
    std::vector<JobType> types_;
};

}  // namespace darkroom::recipes
