// From errno to the few answers of the ObjectStore port.
#pragma once
#include <string_view>

#include "ports/object_store.h"

namespace darkroom::objects {

/// `doing` as in "open", `name` is a key or a path; both end in the operator's detail only.
ports::ObjectError file_error(int error, std::string_view doing, std::string_view name);

}  // namespace darkroom::objects
