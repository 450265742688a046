// What a room's CMakeLists.txt has to say: its own name, every source that stands in the folder, and links
// that follow the arrows. Reads the calls of darkroom_room(); it is no CMake interpreter.
#pragma once
#include <vector>

#include "tests/house/source_tree.h"

namespace darkroom::house {

/// The darkroom:: targets that a room's CMakeLists.txt links, compared with the table of arrows.
std::vector<Finding> check_links(const SourceFile& cmake_lists);

/// Rooms of src/ that no darkroom_room() builds, and sources that no CMakeLists.txt names.
std::vector<Finding> check_built(const std::vector<SourceFile>& files);

}  // namespace darkroom::house
