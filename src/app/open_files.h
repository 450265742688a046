// How many files and sockets this process may hold open. Login shells allow 1,024 by habit, far fewer than a
// gateway has connections; the system's own limit is higher, and a process may go up to it.
#pragma once
#include <cstdint>

namespace darkroom::app {

/// Raises the limit as far as the system allows, and returns it. Twice is safe. Child processes inherit it.
std::uint64_t raise_open_files_limit();

/// Connections that the server may hold at most under that limit: the rest is for the database, for pictures
/// on their way and for pixel processes, so that a crowd at the door cannot stop the work.
unsigned connections_for(std::uint64_t open_files, unsigned wanted);

}  // namespace darkroom::app
