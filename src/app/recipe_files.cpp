#include "app/recipe_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "base/unique_fd.h"
#include "imaging/pool/model_file.h"
#include "recipes/licence_policy.h"
#include "recipes/shipped_recipes.h"

namespace darkroom::app {
namespace {

namespace fs = std::filesystem;
using recipes::RecipeFinding;
using recipes::Severity;

constexpr std::size_t recipes_max = 1'000;

struct FileProblem {
    std::string code;    // as `darkroom recipes lint` tells it
    std::string detail;  // to be read after the file's name
};

RecipeFinding finding_of(const std::string& file, const FileProblem& problem) {
    return {Severity::error, {}, problem.code, file + " " + problem.detail};
}

/// Where the file really is: in the folder, whatever links lead there (as Kubernetes mounts its files).
Result<fs::path, FileProblem> inside(const fs::path& folder, const std::string& name) {
    std::error_code error;
    const auto path = fs::canonical(folder / name, error);
    if (error == std::errc::no_such_file_or_directory)
        return Fail(FileProblem{"file_missing", "is not there"});
    if (error) return Fail(FileProblem{"file_unreadable", "cannot be reached: " + error.message()});
    const auto root = fs::canonical(folder, error);
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    if (error || end != root.end())
        return Fail(FileProblem{"file_not_regular", "is a link that leads out of the folder"});
    return path;
}

Result<UniqueFd, FileProblem> open_inside(const fs::path& folder, const std::string& name,
                                          std::size_t bytes_max, std::size_t& bytes) {
    const auto path = inside(folder, name);
    if (!path) return Fail(path.error());
    UniqueFd file(::open(path->c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat facts {};
    if (!file || ::fstat(file.get(), &facts) != 0)
        return Fail(
            FileProblem{"file_unreadable",
                        "cannot be read: " + std::error_code(errno, std::generic_category()).message()});
    if (!S_ISREG(facts.st_mode)) return Fail(FileProblem{"file_not_regular", "is no regular file"});
    bytes = static_cast<std::size_t>(facts.st_size);
    if (bytes > bytes_max)
        return Fail(FileProblem{"file_too_large", "is larger than " + std::to_string(bytes_max) + " bytes"});
    if (bytes == 0) return Fail(FileProblem{"file_empty", "is empty"});
    return file;
}

Result<std::string, FileProblem> read_inside(const fs::path& folder, const std::string& name,
                                             std::size_t bytes_max) {
    std::size_t bytes = 0;
    const auto file = open_inside(folder, name, bytes_max, bytes);
    if (!file) return Fail(file.error());
    std::string text(bytes, '\0');
    std::size_t have = 0;
    while (have < bytes) {
        const auto got = ::read(file->get(), text.data() + have, bytes - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return Fail(FileProblem{"file_unreadable", "cannot be read to its end"});
        have += static_cast<std::size_t>(got);
    }
    return text;
}

/// Whether it is the right one is found when it is used: hashing a gigabyte has no place in a start.
void look_at_network(const fs::path& folder, const recipes::RecipeFile& recipe, recipes::RecipeText& text) {
    const auto& name = recipe.network()->file;
    if (name.find('/') != std::string::npos) return;  // lint refuses it, and nobody follows it
    std::size_t bytes = 0;
    const auto file = open_inside(folder, name, imaging::ModelFiles::bytes_max, bytes);
    if (!file) text.findings.push_back(finding_of(name, file.error()));
}

recipes::RecipeText read_one(const fs::path& folder, const std::string& name) {
    recipes::RecipeText text;
    text.name = name;
    auto yaml = read_inside(folder, name, recipes::yaml_bytes_max);
    if (!yaml) {
        text.findings.push_back(finding_of(name, yaml.error()));
        return text;
    }
    text.yaml = *std::move(yaml);
    const auto read = recipes::read_recipe(text.yaml);
    if (read.recipe && read.recipe->network() != nullptr) look_at_network(folder, *read.recipe, text);
    if (!read.recipe || !read.recipe->workflow || read.recipe->workflow->file.empty()) return text;
    auto workflow = read_inside(folder, read.recipe->workflow->file, recipes::workflow_bytes_max);
    if (workflow) {
        text.workflow_json = *std::move(workflow);
    } else {
        text.findings.push_back(finding_of(read.recipe->workflow->file, workflow.error()));
    }
    return text;
}

bool is_recipe(const fs::path& path) {
    const auto name = path.filename().string();
    const auto ending = path.extension();
    return !name.starts_with('.') && name != recipes::licence_policy_file &&
           (ending == ".yaml" || ending == ".yml");
}

Result<std::vector<std::string>, std::string> names_in(const RecipeFolder& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder.dir, error), end; !error && at != end; at.increment(error)) {
        if (is_recipe(at->path())) names.push_back(at->path().filename().string());
        if (names.size() > recipes_max)
            return Fail("The folder of recipes " + folder.dir.string() + " holds more than " +
                        std::to_string(recipes_max) + " recipes.");
    }
    if (error == std::errc::no_such_file_or_directory && !folder.was_named) return names;
    if (error)
        return Fail("The folder of recipes " + folder.dir.string() + " cannot be read: " + error.message() +
                    ".");
    std::sort(names.begin(), names.end());
    return names;
}

recipes::ReadLicencePolicy read_policy(const fs::path& folder, TimePoint now) {
    const std::string name(recipes::licence_policy_file);
    const auto text = read_inside(folder, name, recipes::yaml_bytes_max);
    if (text) return recipes::read_licence_policy(*text, format_rfc3339(now).substr(0, 10));
    recipes::ReadLicencePolicy strict;
    if (text.error().code != "file_missing") strict.findings.push_back(finding_of(name, text.error()));
    return strict;
}

}  // namespace

Result<LoadedRecipes, std::string> load_recipes(const RecipeFolder& folder, TimePoint now) {
    const auto names = names_in(folder);
    if (!names) return Fail(names.error());
    const auto licences = read_policy(folder.dir, now);
    std::vector<recipes::RecipeText> texts;
    texts.reserve(names->size());
    for (const auto& name : *names) texts.push_back(read_one(folder.dir, name));
    LoadedRecipes loaded;
    loaded.book =
        std::make_shared<const recipes::RecipeBook>(recipes::with_shipped(std::move(texts)), licences.policy);
    for (const auto& finding : licences.findings)
        loaded.findings.push_back({std::string(recipes::licence_policy_file), finding});
    const auto& of_recipes = loaded.book->findings();
    loaded.findings.insert(loaded.findings.end(), of_recipes.begin(), of_recipes.end());
    return loaded;
}

Result<void, std::string> load_onto(RecipeShelf& shelf, const RecipeFolder& folder, TimePoint now) {
    auto loaded = load_recipes(folder, now);
    if (!loaded) return Fail(loaded.error());
    for (const auto& found : loaded->findings) {
        const auto line = finding_line(found);
        if (found.finding.severity == Severity::error) {
            log::error("a recipe cannot be used", {{"recipe", line}});
        } else {
            log::warning("a recipe has a doubt", {{"recipe", line}});
        }
    }
    std::error_code ignored;
    if (fs::exists(folder.dir, ignored))
        log::info("recipes were read", {{"folder", folder.dir.string()},
                                        {"recipes", std::uint64_t{loaded->book->recipes().size()}},
                                        {"disabled", std::uint64_t{loaded->book->broken().size()}}});
    shelf.replace(std::move(loaded->book));
    return {};
}

RecipeFolder recipe_folder(const Settings& settings) {
    if (!settings.recipes_dir.empty()) return {settings.recipes_dir, true};
    return {settings.data_dir / "recipes", false};
}

std::string finding_line(const recipes::BookFinding& found) {
    const auto& [severity, place, code, detail] = found.finding;
    auto line = found.file;
    if (place.line > 0) line += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
    return line + ": " + detail + " [" + code + "]";
}

}  // namespace darkroom::app
