// The files of schemas/, carried by the program. schema_texts.cpp is written by CMake.
#pragma once
#include <string_view>

namespace darkroom::recipes {

/// The text of schemas/<name>.json; empty if there is no such file.
std::string_view schema_text(std::string_view name);

}  // namespace darkroom::recipes
