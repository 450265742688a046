#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace darkroom {

void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "darkroom: bug: %s does not hold (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace darkroom
