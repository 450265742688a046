// The list of system calls that a locked-down pixel process may make.
#pragma once
#include <string>

#include "base/result.h"

namespace darkroom::imaging {

/// Cannot be undone. Needs no_new_privs. Holds for all threads.
Result<void, std::string> install_syscall_filter();

}  // namespace darkroom::imaging
