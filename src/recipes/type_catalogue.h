// What can be asked of this Darkroom: the types of jobs, the params each takes, and the recipes that do them.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/licence_gate.h"
#include "recipes/param_schema.h"
#include "recipes/param_upgrade.h"
#include "recipes/type_rules.h"

namespace darkroom::recipes {

/// One way of doing a type. Any change of what it does makes a new version.
struct Recipe {
    std::string id;  // as in bg_remove.builtin
    int version = 1;
    std::string title;
    std::string engine;                 // builtin, onnx, comfyui, chain
    std::vector<std::string> backends;  // kinds of endpoints that can run it: local, pod, serverless
    std::int64_t priority = 10;         // larger first; files have 50 unless they say otherwise
    std::string digest;                 // hex SHA-256 of all that it consists of; empty = built in
    std::string models_json = "[]";     // for an audit
    LicenceVerdict licence;             // not allowed: shown, never chosen
    std::size_t inputs_required = 1;    // pictures without which it cannot be done
    std::int64_t base_mc = 0;           // price, in thousandths of a credit
    std::int64_t per_mp_mc = 0;

    std::string name() const { return id + "@" + std::to_string(version); }
    bool runs_on(std::string_view backend) const;
    /// Whether `pin`, as id or id@version, means this one.
    bool is_meant_by(std::string_view pin) const;
};

/// A recipe of a file that is wrong, so that a job that asks for it can be told why.
struct BrokenRecipe {
    std::string id;
    std::int64_t version = 1;
    std::string type;
    std::string file;
    std::string reason;  // a sentence without its full stop
};

struct JobType {
    std::string name;
    std::string title;
    std::string description;
    int params_version = 1;
    std::string schema_json;            // JSON Schema draft 4 of params, for clients
    std::vector<Recipe> recipes;        // the one to be preferred first: by priority, id, newest version
    std::vector<std::string> backends;  // of all its recipes
    std::shared_ptr<const ParamSchema> params;  // the same schema, prepared; shared by the books of a process
    TypeRules rules;
    std::vector<ParamUpgrade> upgrades;  // from older versions, the oldest first, without gaps
    std::vector<BrokenRecipe> broken;

    /// Made of other types, one after the other.
    bool is_chain() const;
    /// The oldest version of params that it still takes: what params without `v` are.
    int oldest_version() const { return upgrades.empty() ? params_version : upgrades.front().from; }
};

class TypeCatalogue {
public:
    /// What Darkroom can do by itself. Made at the first call, the same ever after.
    static const TypeCatalogue& builtin();
    explicit TypeCatalogue(std::vector<JobType> types) : types_(std::move(types)) {}

    std::span<const JobType> all() const { return types_; }
    /// Null if there is no such type. Names are compared byte for byte.
    const JobType* find(std::string_view name) const;
    /// The type that a mistyped name most likely stood for.
    std::optional<std::string_view> nearest(std::string_view name) const;

private:
    std::vector<JobType> types_;
};

}  // namespace darkroom::recipes
