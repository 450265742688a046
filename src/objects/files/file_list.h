// Which objects lie in a folder store, page by page, without reading the whole folder for each page.
#pragma once
#include <string>
#include <string_view>

#include "ports/object_store.h"

namespace darkroom::objects {

/// Objects below the folder `prefix` (as "restored/", or deeper) of the store at `root`. A page goes on where
/// the folder's own order says; what is added or removed meanwhile may be missed. A job's outputs stay on one
/// page.
ports::ObjectResult<ports::ObjectPage> list_files(int root, std::string_view prefix, const std::string& page,
                                                  int count_max);

}  // namespace darkroom::objects
