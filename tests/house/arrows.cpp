#include "tests/house/arrows.h"

#include <algorithm>
#include <set>
#include <string>

#include "tests/house/cpp_text.h"

namespace darkroom::house {
namespace {

bool lists(std::string_view names, std::string_view name) {
    const auto padded = " " + std::string(names) + " ";
    return padded.find(" " + std::string(name) + " ") != std::string::npos;
}

/// The folder that would be a room for this file: two levels where rooms nest, one otherwise.
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

const Room* longest_prefix(std::string_view path) {
    const Room* best = nullptr;
    for (const auto& room : rooms()) {
        const bool inside = path.starts_with(room.name) && path.substr(room.name.size()).starts_with('/');
        if (inside && (best == nullptr || room.name.size() > best->name.size())) best = &room;
    }
    return best;
}

void check_libraries(const SourceFile& file, const Room& room, const Include& include,
                     std::vector<Finding>& findings) {
    for (const auto& library : libraries()) {
        if (!include.target.starts_with(library.prefix) || lists(library.rooms, room.name)) continue;
        findings.push_back({file.path, include.line,
                            "<" + include.target + "> belongs to " + std::string(library.rooms) +
                                " alone: " + std::string(library.reason)});
    }
}

}  // namespace

const Room* room_of_file(std::string_view path) {
    if (path.starts_with("src/")) path.remove_prefix(4);
    return longest_prefix(path);
}

const Room* room_of_include(std::string_view target) { return longest_prefix(target); }

const Room* room_named(std::string_view name) {
    const auto all = rooms();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Room& room) { return room.name == name; });
    return found == all.end() ? nullptr : &*found;
}

bool may_see(const Room& from, const Room& to, bool is_test) {
    return from.name == to.name || lists(from.may_see, to.name) ||
           (is_test && lists(from.tests_see, to.name));
}

std::vector<Finding> check_includes(const SourceFile& file) {
    std::vector<Finding> findings;
    const auto* room = room_of_file(file.path);
    if (room == nullptr) return findings;  // check_table tells
    for (const auto& include : includes_of(file.text, split_cpp(file.text).code)) {
        check_libraries(file, *room, include, findings);
        const auto* seen = room_of_include(include.target);
        if (seen == nullptr || may_see(*room, *seen, is_test(file.path))) continue;
        findings.push_back({file.path, include.line,
                            std::string(room->name) + " may not see " + std::string(seen->name) + " (" +
                                include.target + "); it sees [" + std::string(room->may_see) +
                                "] because: " + std::string(room->reason)});
    }
    return findings;
}

std::vector<Finding> check_table(const std::vector<SourceFile>& files) {
    std::vector<Finding> findings;
    std::set<std::string_view> lived_in;
    for (const auto& file : files) {
        const auto* room = room_of_file(file.path);
        if (room != nullptr) lived_in.insert(room->name);
        const bool in_the_house = file.path.starts_with("src/") || file.path.starts_with("apps/") ||
                                  file.path.starts_with("tools/") || file.path.starts_with("bench/") ||
                                  file.path.starts_with("tests/");
        if (room == nullptr && in_the_house && is_cpp(file)) {
            findings.push_back(
                {file.path, 0, folder_of(file.path) + " has no row in tests/house/arrows_table.cpp"});
        }
    }
    for (const auto& room : rooms()) {
        if (lived_in.contains(room.name)) continue;
        findings.push_back({"tests/house/arrows_table.cpp", 0, "nobody lives in " + std::string(room.name)});
    }
    return findings;
}

}  // namespace darkroom::house
