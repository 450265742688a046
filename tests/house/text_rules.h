// The rules that STYLE marks as measured, and the few that keep a room what it is, looked for in the text of
// one file. Each finding says what to write instead.
#pragma once
#include <vector>

#include "tests/house/source_tree.h"

namespace darkroom::house {

/// Names and headers that g++ 12, clang 14 or the room itself cannot bear.
std::vector<Finding> check_words(const SourceFile& file);

/// A statement that waits has no braces, no ?: and no lambda: g++ 12.2 destroys what is made there twice.
std::vector<Finding> check_waits(const SourceFile& file);

/// Opening comment, #pragma once, size, tabs, line ends, unfinished-work marks.
std::vector<Finding> check_shape(const SourceFile& file);

/// Nothing names a folder of the machine it was written on. `root` is where the repository lies now.
std::vector<Finding> check_machine_paths(const SourceFile& file, const std::string& root);

}  // namespace darkroom::house
