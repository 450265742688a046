#include "recipes/recipe_book.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/own_type.h"
#include "recipes/param_words.h"
#include "recipes/recipe_lint.h"

namespace darkroom::recipes {
namespace {

/// Each piece with its length before it, so that no two recipes share what is hashed.
void add_piece(Sha256& hash, std::string_view piece) {
    hash.update(std::to_string(piece.size()) + ":");
    hash.update(piece);
}

std::string digest_of(const RecipeText& text) {
    Sha256 hash;
    hash.update("darkroom recipe 1\n");
    add_piece(hash, text.yaml);
    add_piece(hash, text.workflow_json.value_or(""));
    return to_hex(hash.finish());
}

std::vector<std::string> backends_of(const RecipeFile& file) {
    // Each step of a chain finds its own place.
    if (file.engine == "chain") return {"local", "pod", "serverless"};
    std::vector<std::string> backends;
    for (const auto& target : file.targets)
        backends.push_back(target == "runpod" ? "serverless" : target == "comfy_pod" ? "pod" : "local");
    return backends;
}

Recipe entry_of(const ReadyRecipe& ready) {
    const auto& file = ready.file;
    Recipe recipe;
    recipe.id = file.id;
    recipe.version = static_cast<int>(file.version);
    recipe.title = file.title;
    recipe.engine = file.engine;
    recipe.backends = backends_of(file);
    recipe.priority = file.priority;
    recipe.digest = ready.digest;
    recipe.models_json = ready.models_json;
    recipe.licence = ready.licence;
    const auto required = std::count_if(file.inputs.begin(), file.inputs.end(),
                                        [](const InputBinding& input) { return input.required; });
    recipe.inputs_required = std::max<std::size_t>(1, static_cast<std::size_t>(required));
    recipe.base_mc = file.cost.base_mc;
    recipe.per_mp_mc = file.cost.per_mp_mc;
    return recipe;
}

bool preferred(const Recipe& a, const Recipe& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    return a.id != b.id ? a.id < b.id : a.version > b.version;
}

/// Newest params first: they make the type.
bool makes_type_before(const ReadyRecipe& a, const ReadyRecipe& b) {
    const auto newest = [](const ReadyRecipe& ready) {
        return *std::max_element(ready.file.params_v.begin(), ready.file.params_v.end());
    };
    return newest(a) != newest(b) ? newest(a) > newest(b) : preferred(entry_of(a), entry_of(b));
}

std::string type_name_of(const RecipeFile& file) {
    return file.engine == "chain" && file.type == "chain" ? file.id : file.type;
}

/// One file on its way into the book.
struct Draft {
    RecipeText text;
    ReadRecipe read;
    RecipeFindings findings;
    std::unique_ptr<ReadyRecipe> ready;  // unless it is disabled
};

class BookMaking {
public:
    BookMaking(std::vector<RecipeText> texts, const LicencePolicy& licences) : licences_(licences) {
        for (const auto& type : TypeCatalogue::builtin().all()) types_.push_back(type);
        for (auto& text : texts) {
            Draft draft;
            draft.read = read_recipe(text.yaml);
            draft.text = std::move(text);
            drafts_.push_back(std::move(draft));
        }
    }

    void all() {
        refuse_same_names();
        const auto& builtin = TypeCatalogue::builtin();
        for (auto& draft : drafts_) {
            if (!is_chain(draft)) judge(draft, builtin);
        }
        join_types(false, builtin);
        // Steps of a chain may be types of files.
        const TypeCatalogue plain(types_);
        for (auto& draft : drafts_) {
            if (is_chain(draft)) judge(draft, plain);
        }
        join_types(true, plain);
        for (auto& type : types_) finish(type);
        std::sort(types_.begin(), types_.end(),
                  [](const JobType& a, const JobType& b) { return a.name < b.name; });
    }

    std::vector<JobType>& types() { return types_; }
    std::vector<Draft>& drafts() { return drafts_; }

private:
    static bool is_chain(const Draft& draft) { return draft.read.recipe && draft.read.recipe->chain; }

    static void refuse(Draft& draft, std::string code, std::string detail) {
        draft.findings.push_back({Severity::error, {}, std::move(code), std::move(detail)});
        draft.ready.reset();
    }

    void refuse_same_names() {
        std::set<std::string> names;
        for (const auto& type : types_) {
            for (const auto& recipe : type.recipes) names.insert(recipe.id);
        }
        const auto builtin = names;
        for (auto& draft : drafts_) {
            if (!draft.read.recipe || draft.read.recipe->id.empty()) continue;
            const auto& file = *draft.read.recipe;
            if (builtin.contains(file.id) || !names.insert(file.name()).second)
                draft.text.findings.push_back(
                    {Severity::error, {}, "recipe_twice", "there is a recipe " + file.name() + " already"});
        }
    }

    void judge(Draft& draft, const TypeCatalogue& types) {
        if (draft.text.yaml.empty() && !draft.text.findings.empty()) {  // it could not be read at all
            draft.findings = draft.text.findings;
            return;
        }
        auto lines = draft.text.workflow_json ? std::optional<std::string_view>(*draft.text.workflow_json)
                                              : std::nullopt;
        draft.findings = lint_recipe(draft.read, lines, {types, licences_});
        draft.findings.insert(draft.findings.end(), draft.text.findings.begin(), draft.text.findings.end());
        const bool wrong =
            std::any_of(draft.findings.begin(), draft.findings.end(), [&](const auto& finding) {
                // A chain with a step that nobody knows would fail at its first job.
                if (finding.code == "type_unknown") return true;
                return finding.severity == Severity::error && finding.code != "licence_blocked";
            });
        if (wrong || !draft.read.recipe) return;
        auto ready = std::make_unique<ReadyRecipe>();
        ready->file = *draft.read.recipe;
        if (lines && ready->file.engine == "comfyui") {
            if (auto workflow = Workflow::parse(*lines)) ready->workflow = std::move(*workflow);
        }
        ready->digest = digest_of(draft.text);
        ready->models_json = models_record(ready->file.models, licences_);
        ready->licence = judge_licences(ready->file.models, licences_);
        draft.ready = std::move(ready);
    }

    /// Recipes of built-in types join those; the others make types of their own.
    void join_types(bool chains, const TypeCatalogue& others) {
        std::vector<Draft*> sorted;
        for (auto& draft : drafts_) {
            if (draft.ready && is_chain(draft) == chains) sorted.push_back(&draft);
        }
        std::sort(sorted.begin(), sorted.end(),
                  [](const Draft* a, const Draft* b) { return makes_type_before(*a->ready, *b->ready); });
        for (auto* draft : sorted) join(*draft, others);
    }

    void join(Draft& draft, const TypeCatalogue& others) {
        const auto& file = draft.ready->file;
        const auto name = type_name_of(file);
        auto type = std::find_if(types_.begin(), types_.end(),
                                 [&](const JobType& each) { return each.name == name; });
        if (type == types_.end()) {
            types_.push_back(own_type(file, others));
            type = types_.end() - 1;
        } else if (type->is_chain() != file.chain.has_value()) {
            return refuse(draft, "chain_invalid", quoted(name) + " is the name of another type");
        } else if (!takes_params(draft, *type, others)) {
            return;
        }
        type->recipes.push_back(entry_of(*draft.ready));
    }

    /// An older recipe of an own type stays for the jobs that were made with it, and gets no new ones.
    static bool takes_params(Draft& draft, const JobType& type, const TypeCatalogue& others) {
        const auto& file = draft.ready->file;
        if (std::find(file.params_v.begin(), file.params_v.end(), type.params_version) ==
            file.params_v.end()) {
            draft.findings.push_back({Severity::warning,
                                      {},
                                      "params_version_unsupported",
                                      "it gets no new jobs: params of " + type.name + " are at version " +
                                          std::to_string(type.params_version)});
            return false;
        }
        if (TypeCatalogue::builtin().find(type.name) != nullptr) return true;
        auto own = own_type(file, others);
        const auto properties = [](const JobType& each) {
            return canonical_json(parse_json(each.schema_json)->as_object().at("properties"));
        };
        if (properties(own) == properties(type)) return true;
        refuse(draft, "params_differ",
               "another recipe of " + type.name + " has other params; raise params_v, or make them the same");
        return false;
    }

    static void finish(JobType& type) {
        std::sort(type.recipes.begin(), type.recipes.end(), preferred);
        std::vector<std::string> backends;
        for (const auto* kind : {"local", "pod", "serverless"}) {
            const bool any = std::any_of(type.recipes.begin(), type.recipes.end(),
                                         [&](const Recipe& recipe) { return recipe.runs_on(kind); });
            if (any) backends.emplace_back(kind);
        }
        type.backends = std::move(backends);
    }

    const LicencePolicy& licences_;
    std::vector<Draft> drafts_;
    std::vector<JobType> types_;
};

BrokenRecipe broken_of(const Draft& draft) {
    BrokenRecipe broken;
    broken.file = draft.text.name;
    if (draft.read.recipe) {
        broken.id = draft.read.recipe->id;
        broken.version = draft.read.recipe->version;
        broken.type = type_name_of(*draft.read.recipe);
    }
    for (const auto& finding : draft.findings) {
        const bool counts = finding.severity == Severity::error || finding.code == "type_unknown";
        if (counts && broken.reason.empty()) broken.reason = finding.detail;
    }
    return broken;
}

}  // namespace

RecipeBook::RecipeBook(std::vector<RecipeText> texts, const LicencePolicy& licences) {
    BookMaking making(std::move(texts), licences);
    making.all();
    for (auto& draft : making.drafts()) {
        if (!draft.ready) broken_.push_back(broken_of(draft));
        for (auto& finding : draft.findings) findings_.push_back({draft.text.name, std::move(finding)});
        if (draft.ready) recipes_.push_back(std::move(draft.ready));
    }
    for (auto& type : making.types()) {
        std::copy_if(broken_.begin(), broken_.end(), std::back_inserter(type.broken),
                     [&](const BrokenRecipe& broken) { return broken.type == type.name; });
    }
    types_ = std::make_unique<const TypeCatalogue>(std::move(making.types()));
}

const ReadyRecipe* RecipeBook::find(std::string_view name) const {
    const auto at = std::find_if(recipes_.begin(), recipes_.end(),
                                 [&](const auto& recipe) { return recipe->file.name() == name; });
    return at != recipes_.end() ? at->get() : nullptr;
}

const ReadyRecipe* RecipeBook::find_digest(std::string_view digest) const {
    const auto at = std::find_if(recipes_.begin(), recipes_.end(),
                                 [&](const auto& recipe) { return recipe->digest == digest; });
    return at != recipes_.end() ? at->get() : nullptr;
}

std::optional<RecipeChoice> fallback_of(const RecipeBook& book, std::string_view type,
                                        std::string_view recipe, std::string_view effective_json,
                                        const Places& places, const std::vector<std::string>& tried,
                                        std::string_view failed_on) {
    const auto* known = book.types().find(type);
    const auto* failed = book.find(recipe);
    const auto effective = parse_json(effective_json);
    if (known == nullptr || failed == nullptr || !effective || !effective->is_object()) return std::nullopt;
    return choose_fallback(*known, effective->as_object(), places,
                           {failed->file.fallback, tried, std::string(failed_on)});
}

}  // namespace darkroom::recipes
