// Which objects lie in a folder store, page by page, without reading the whole folder for each page.
#pragma once
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/object_store.h"

namespace darkroom::objects {

/// Objects below the folder `prefix` (as "restored/", or deeper) of the store at `root`. A page goes on where
/// the folder's own order says; what is added or removed meanwhile may be missed. A job's outputs stay on one
/// page.
ports::ObjectResult<ports::ObjectPage> list_files(int root, std::string_view prefix, const std::string& page,
                                                  int count_max);

TimePoint modified_at(const struct stat& status);

}  // namespace darkroom::objects
