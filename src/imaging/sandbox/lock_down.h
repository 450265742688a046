// What a pixel process gives up before it reads the first hostile byte. Afterwards it can compute, use the
// descriptors it was handed and start threads; it cannot open a file, reach a network, start a program, grow
// beyond its memory, or outlive its parent.
//
// A breakthrough in a decoder therefore ends in a process that knows one picture and can tell nobody.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace darkroom::imaging {

struct SandboxLimits {
    std::uint64_t memory_bytes = 0;  // address space beyond what is mapped when the process locks itself down
    std::uint64_t output_bytes_max = 0;  // of any file it writes
    std::uint64_t open_files_max = 64;
};

/// False if `parent` is gone already. From then on the kernel kills this process when the thread that started
/// it ends.
bool die_with_parent(pid_t parent);

/// Call once, when all libraries are started; holds for all threads, those that run already too. The error is
/// for the operator. Builds with a sanitizer keep their address space unlimited, because the sanitizer maps
/// terabytes of it.
Result<void, std::string> lock_down(const SandboxLimits& limits);

}  // namespace darkroom::imaging
