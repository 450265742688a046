// What becomes of the names that clients give to their pictures.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::intake {

/// A name from a client made harmless: a label of 1 to 128 bytes, never a path.
std::string label_of(std::string_view name);

}  // namespace darkroom::intake
