#include "cli/recipe_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>

#include "base/unique_fd.h"
#include "cli/text.h"
#include "recipes/licence_policy.h"
#include "recipes/shipped_recipes.h"
#include "recipes/workflow.h"

namespace darkroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t recipes_max = 1'000;

recipes::RecipeFinding whole_file_error(std::string code, std::string detail) {
    return {recipes::Severity::error, {}, std::move(code), std::move(detail)};
}

FoundRecipe look_at(const fs::path& path, const recipes::LicencePolicy& licences) {
    FoundRecipe found;
    found.path = path;
    const auto text = read_whole_file(path, recipes::yaml_bytes_max);
    if (!text) {
        found.findings.push_back(
            whole_file_error(text.error().code, path.filename().string() + " " + text.error().message));
        return found;
    }
    auto read = recipes::read_recipe(*text);
    std::optional<std::string> workflow;
    if (read.recipe && read.recipe->workflow && !read.recipe->workflow->file.empty()) {
        auto file =
            read_whole_file(path.parent_path() / read.recipe->workflow->file, recipes::workflow_bytes_max);
        if (file) workflow = std::move(*file);
    }
    found.findings = recipes::lint_recipe(read, workflow, {recipes::TypeCatalogue::builtin(), licences});
    found.recipe = std::move(read.recipe);
    return found;
}

/// What licences.yaml says; the strict default where there is none.
recipes::ReadLicencePolicy policy_of(const fs::path& folder, std::string_view today) {
    const auto text = read_whole_file(folder / recipes::licence_policy_file, recipes::yaml_bytes_max);
    if (text) return recipes::read_licence_policy(*text, today);
    recipes::ReadLicencePolicy strict;
    if (text.error().code != "file_missing")
        strict.findings.push_back(whole_file_error(
            text.error().code, std::string(recipes::licence_policy_file) + " " + text.error().message));
    return strict;
}

void tell_same_names(std::vector<FoundRecipe>& found) {
    std::map<std::string, std::string> first;  // name → file
    for (auto& each : found) {
        if (!each.recipe || each.recipe->id.empty()) continue;
        const auto [at, is_new] = first.emplace(each.recipe->name(), each.file());
        if (!is_new)
            each.findings.push_back(
                whole_file_error("recipe_twice", each.recipe->name() + " is in " + at->second + " already"));
    }
}

}  // namespace

Result<std::string, InputProblem> read_whole_file(const fs::path& path, std::size_t bytes_max) {
    const auto inspected = inspect_file(path.string());
    if (!inspected) return Fail(inspected.error());
    if (inspected->bytes > bytes_max)
        return Fail(InputProblem{"file_too_large", "is larger than " + human_bytes(bytes_max)});
    std::ifstream file(path, std::ios::binary);
    std::string text(inspected->bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.gcount() != static_cast<std::streamsize>(text.size()))
        return Fail(InputProblem{"file_unreadable", "cannot be read to its end"});
    return text;
}

FoundRecipe look_at_recipe(const fs::path& path, std::string_view today) {
    return look_at(path, policy_of(path.parent_path(), today).policy);
}

Result<std::vector<FoundRecipe>, FolderProblem> look_at_folder(const fs::path& folder,
                                                               std::string_view today) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const auto ending = at->path().extension();
        const bool policy = at->path().filename() == recipes::licence_policy_file;
        if (!policy && (ending == ".yaml" || ending == ".yml")) paths.push_back(at->path());
        if (paths.size() > recipes_max)
            return Fail(FolderProblem{false, printable(folder.string()) + " holds more than " +
                                                 std::to_string(recipes_max) + " recipes"});
    }
    if (error)
        return Fail(FolderProblem{error == std::errc::no_such_file_or_directory,
                                  printable(folder.string()) + ": " + error.message()});
    std::sort(paths.begin(), paths.end());
    auto licences = policy_of(folder, today);
    std::vector<FoundRecipe> found;
    found.reserve(paths.size() + 1);
    for (const auto& path : paths) found.push_back(look_at(path, licences.policy));
    tell_same_names(found);
    if (!licences.findings.empty())
        found.push_back(
            {folder / recipes::licence_policy_file, std::nullopt, std::move(licences.findings), false});
    return found;
}

std::vector<FoundRecipe> look_at_shipped(const std::vector<FoundRecipe>& found, const fs::path& folder,
                                         std::string_view today) {
    const auto licences = policy_of(folder, today);
    std::vector<FoundRecipe> shipped;
    for (const auto& text : recipes::shipped_recipes()) {
        auto read = recipes::read_recipe(text.yaml);
        const bool replaced = std::any_of(found.begin(), found.end(), [&](const FoundRecipe& each) {
            return each.recipe && read.recipe && each.recipe->id == read.recipe->id;
        });
        if (replaced) continue;
        auto findings = recipes::lint_recipe(read, text.workflow_json,
                                             {recipes::TypeCatalogue::builtin(), licences.policy});
        shipped.push_back({text.name, std::move(read.recipe), std::move(findings), true});
    }
    return shipped;
}

bool write_new_file(const fs::path& path, const std::string& text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return false;
    for (std::size_t at = 0; at < text.size();) {
        const auto written = ::write(file.get(), text.data() + at, text.size() - at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            const int why = errno;
            ::unlink(path.c_str());
            errno = why;
            return false;
        }
        at += static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace darkroom::cli
