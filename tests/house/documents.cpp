#include "tests/house/documents.h"

#include <algorithm>
#include <cctype>

#include "tests/house/arrows.h"
#include "tests/house/cpp_text.h"

namespace darkroom::house {
namespace {

bool is_setting_char(char c) {
    return std::isupper(static_cast<unsigned char>(c)) != 0 ||
           std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string leading_name(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_setting_char);
    return {text.begin(), end};
}

const SourceFile* find_file(const std::vector<SourceFile>& files, std::string_view path) {
    const auto found =
        std::find_if(files.begin(), files.end(), [&](const SourceFile& file) { return file.path == path; });
    return found == files.end() ? nullptr : &*found;
}

void report_missing(const std::set<std::string>& wanted, const std::set<std::string>& there,
                    const std::string& path, const std::string& why, std::vector<Finding>& findings) {
    const auto what = " is missing; " + why;
    for (const auto& name : wanted) {
        if (!there.contains(name)) findings.push_back({path, 0, name + what});
    }
}

}  // namespace

std::set<std::string> names_in_env_file(std::string_view text) {
    std::set<std::string> names;
    for (auto line : lines_of(text)) {
        if (line.starts_with('#')) line.remove_prefix(1);
        const auto name = leading_name(line);
        if (!name.empty() && line.substr(name.size()).starts_with('=')) names.insert(name);
    }
    return names;
}

std::set<std::string> names_in_settings_table(std::string_view text) {
    std::set<std::string> names;
    for (auto line : lines_of(text)) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        const auto open = line.find('(');
        if (line.starts_with("//") || line.starts_with('#') || open == std::string_view::npos) continue;
        line.remove_prefix(open + 1);
        if (line.starts_with('"')) line.remove_prefix(1);
        const auto name = leading_name(line);
        const auto after = line.substr(name.size());
        if (!name.empty() && (after.starts_with(',') || after.starts_with('"') || after.starts_with(')')))
            names.insert(name);
    }
    return names;
}

std::vector<Finding> check_settings(const std::vector<SourceFile>& files) {
    std::vector<Finding> findings;
    const auto* example = find_file(files, ".env.example");
    if (example == nullptr) return {{".env.example", 0, "is missing"}};
    const auto shown = names_in_env_file(example->text);
    if (const auto* table = find_file(files, "src/app/settings.def")) {
        const auto read = names_in_settings_table(table->text);
        report_missing(read, shown, example->path, "src/app/settings.def reads it", findings);
        report_missing(shown, read, table->path, ".env.example shows it", findings);
    }
    if (const auto* document = find_file(files, "docs/configuration.md")) {
        std::set<std::string> told;
        for (const auto& name : shown) {
            if (find_name(document->text, name) != std::string::npos) told.insert(name);
        }
        report_missing(shown, told, document->path, ".env.example shows it", findings);
    }
    return findings;
}

std::vector<Finding> check_architecture(const std::vector<SourceFile>& files) {
    std::vector<Finding> findings;
    const auto* document = find_file(files, "ARCHITECTURE.md");
    if (document == nullptr) return {{"ARCHITECTURE.md", 0, "is missing"}};
    for (const auto& room : rooms()) {
        const bool outside = room.name.starts_with("tests/") || room.name.starts_with("bench/") ||
                             room.name.starts_with("tools/");
        if (outside || document->text.find("`" + std::string(room.name) + "`") != std::string::npos) continue;
        findings.push_back({document->path, 0, "says nothing of `" + std::string(room.name) + "`"});
    }
    return findings;
}

std::vector<Finding> check_document_links(const SourceFile& document, const std::filesystem::path& root) {
    std::vector<Finding> findings;
    for (auto at = document.text.find("]("); at != std::string::npos; at = document.text.find("](", at + 1)) {
        const auto end = document.text.find_first_of(") \n#", at + 2);
        const auto target = document.text.substr(at + 2, std::min(end, document.text.size()) - at - 2);
        if (target.empty() || target.find("://") != std::string::npos || target.starts_with("mailto:"))
            continue;
        if (std::filesystem::exists((root / document.path).parent_path() / target)) continue;
        findings.push_back({document.path, line_at(document.text, at), "leads nowhere: " + target});
    }
    return findings;
}

}  // namespace darkroom::house
