#include "app/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace darkroom::app {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view unquoted(std::string_view value) {
    const bool quoted =
        value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

/// What stands behind the equals sign, without quotes and without a comment: recipes are copied with theirs.
std::string_view value_of(std::string_view text) {
    const auto value = trimmed(text);
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
        const auto end = value.find(value.front(), 1);
        const auto rest = end == std::string_view::npos ? "-" : trimmed(value.substr(end + 1));
        if (!rest.empty() && rest.front() == '#') return value.substr(1, end - 1);
        return unquoted(value);
    }
    for (auto at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
        if (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) return trimmed(text.substr(0, at));
    }
    return value;
}

bool is_name(std::string_view name) {
    if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
    for (const char c : name) {
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

}  // namespace

Environment::Environment(const std::filesystem::path& env_file, std::vector<std::string>& problems) {
    std::ifstream file(env_file);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        auto text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        if (text.substr(0, 7) == "export ") text = trimmed(text.substr(7));
        const auto equals = text.find('=');
        const auto name = trimmed(text.substr(0, equals));
        if (equals == std::string_view::npos || !is_name(name)) {
            // The line itself is not shown: it may hold a secret.
            problems.push_back(env_file.filename().string() + " line " + std::to_string(number) +
                               " is not NAME=value.");
            continue;
        }
        values_[std::string(name)] = std::string(value_of(text.substr(equals + 1)));
    }
}

std::optional<std::string> Environment::get(const std::string& name) const {
    if (const auto it = overrides_.find(name); it != overrides_.end()) return it->second;
    if (process_) {
        if (const char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') return value;
    }
    const auto it = values_.find(name);
    if (it == values_.end() || it->second.empty()) return std::nullopt;
    return it->second;
}

std::vector<std::string> Environment::names_with(std::string_view prefix) const {
    std::vector<std::string> names;
    for (char** entry = process_ ? environ : nullptr; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (text.substr(0, prefix.size()) == prefix) names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const auto& [name, value] : values_) {
        if (std::string_view(name).substr(0, prefix.size()) == prefix) names.push_back(name);
    }
    return names;
}

}  // namespace darkroom::app
