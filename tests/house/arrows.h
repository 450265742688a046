// The table of allowed arrows: which room may include which, and why. Changing the architecture means
// changing this table, in public. The same arrows hold for the link lines in CMake.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/source_tree.h"

namespace darkroom::house {

struct Room {
    std::string_view name;       // the folder, below src/ for a room of the house
    std::string_view may_see;    // rooms by name, separated by blanks; a room always sees itself
    std::string_view tests_see;  // further rooms that its own tests may see
    std::string_view reason;
};

/// Headers of a library and the only rooms that may include them.
struct Library {
    std::string_view prefix;
    std::string_view rooms;
    std::string_view reason;
};

std::span<const Room> rooms();
std::span<const Library> libraries();

/// The room that a file of the repository, or the target of an #include, belongs to; nullptr if none.
const Room* room_of_file(std::string_view path);
const Room* room_of_include(std::string_view target);
const Room* room_named(std::string_view name);

/// May a file of `from` (a test or not) see `to`?
bool may_see(const Room& from, const Room& to, bool is_test);

std::vector<Finding> check_includes(const SourceFile& file);

/// Rooms without a row and rows without a room.
std::vector<Finding> check_table(const std::vector<SourceFile>& files);

}  // namespace darkroom::house
