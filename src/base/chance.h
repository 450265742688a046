// Bytes that nobody can guess, from the kernel. Not OpenSSL's generator: for its first byte that loads every
// cipher it knows, which a process that has no other use for them pays with a third of a MiB.
#pragma once
#include <cstdint>
#include <span>

namespace darkroom {

/// Any thread. Never fails: waits for the kernel only right after the machine has started.
void fill_with_chance(std::span<std::uint8_t> bytes);

}  // namespace darkroom
