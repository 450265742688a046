// What a process and all that it has started take up.
#pragma once
#include <sys/types.h>

namespace darkroom::bench {

/// In MiB, pages that several use counted by their share (PSS); 0 if it is gone.
double family_mib(pid_t process);

}  // namespace darkroom::bench
