#include "tests/house/cmake_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/house/arrows.h"
#include "tests/house/cpp_text.h"

namespace darkroom::house {
namespace {

constexpr std::string_view list_name = "/CMakeLists.txt";

std::string without_comments(const std::string& text) {
    std::string result;
    for (const auto line : lines_of(text)) result += std::string(line.substr(0, line.find('#'))) + "\n";
    return result;
}

/// The words between the parentheses of the first call of `function`; empty if there is none.
std::vector<std::string> arguments_of(const std::string& text, const std::string& function) {
    const auto call = text.find(function + "(");
    if (call == std::string::npos) return {};
    const auto open = call + function.size() + 1;
    std::istringstream words(text.substr(open, text.find(')', open) - open));
    std::vector<std::string> result;
    for (std::string word; words >> word;) result.push_back(word);
    return result;
}

/// darkroom::store_sqlite -> the row of store/sqlite.
const Room* room_of_target(const std::string& target) {
    constexpr std::string_view scope = "darkroom::";
    if (!target.starts_with(scope)) return nullptr;
    const auto name = target.substr(scope.size());
    for (const auto& room : rooms()) {
        std::string flat(room.name);
        std::replace(flat.begin(), flat.end(), '/', '_');
        if (flat == name) return &room;
    }
    return nullptr;
}

bool is_section(const std::string& word) {
    return word == "SOURCES" || word == "LINKS" || word == "TESTS" || word == "TEST_LINKS";
}

/// The CMakeLists.txt that would build `path`: of its folder, or of one above.
const SourceFile* list_for(const std::map<std::string, const SourceFile*>& lists, std::string path) {
    while (path.find('/') != std::string::npos) {
        path.resize(path.rfind('/'));
        const auto found = lists.find(path + std::string(list_name));
        if (found != lists.end()) return found->second;
    }
    return nullptr;
}

}  // namespace

std::vector<Finding> check_links(const SourceFile& cmake_lists) {
    std::vector<Finding> findings;
    const auto words = arguments_of(without_comments(cmake_lists.text), "darkroom_room");
    if (words.empty()) return findings;
    const auto* room = room_named(words.front());
    if (room == nullptr || room_of_file(cmake_lists.path) != room) {
        return {
            {cmake_lists.path, 0, "darkroom_room(" + words.front() + ") does not stand in its own folder"}};
    }
    std::string section;
    for (const auto& word : words) {
        if (is_section(word)) section = word;
        const auto* linked = section == "LINKS" || section == "TEST_LINKS" ? room_of_target(word) : nullptr;
        if (linked == nullptr || may_see(*room, *linked, section == "TEST_LINKS")) continue;
        findings.push_back({cmake_lists.path, 0,
                            std::string(room->name) + " may not link " + word + "; it sees [" +
                                std::string(room->may_see) + "] because: " + std::string(room->reason)});
    }
    return findings;
}

std::vector<Finding> check_built(const std::vector<SourceFile>& files) {
    std::vector<Finding> findings;
    std::map<std::string, const SourceFile*> lists;
    std::set<std::string> homeless;  // one finding for each folder is enough
    for (const auto& file : files) {
        if (file.path.ends_with(list_name)) lists[file.path] = &file;
    }
    for (const auto& file : files) {
        if (!is_cpp(file)) continue;
        const auto* list = list_for(lists, file.path);
        const auto text = list == nullptr ? std::string{} : without_comments(list->text);
        const auto name = file.path.substr(file.path.rfind('/') + 1);
        if (file.path.starts_with("src/") && text.find("darkroom_room(") == std::string::npos) {
            const auto folder = file.path.substr(0, file.path.rfind('/'));
            if (homeless.insert(folder).second)
                findings.push_back({folder, 0, "no CMakeLists.txt has its darkroom_room()"});
        } else if (file.path.ends_with(".cpp") && find_name(text, name) == std::string::npos) {
            findings.push_back({file.path, 0, "no CMakeLists.txt names it, so it is never compiled"});
        }
    }
    return findings;
}

}  // namespace darkroom::house
