// One message, one packet: text and open files between the gateway and a pixel process, over a Unix socket
// pair. Files cross as descriptors, so the pixel process never opens a path that a message names.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace darkroom::imaging {

inline constexpr std::size_t packet_bytes_max = 128u << 10;
inline constexpr std::size_t packet_files_max = 10;

enum class PacketError {
    closed,     // the other side is gone
    malformed,  // longer than packet_bytes_max or with more files than packet_files_max
    failed,     // the socket does not work
};

struct Packet {
    std::string text;
    std::vector<UniqueFd> files;
};

/// Both ends close on exec.
Result<std::pair<UniqueFd, UniqueFd>, PacketError> make_socket_pair();

/// Never blocks: the other side reads one packet at a time, so there is always room for the next. Descriptors
/// stay the caller's.
Result<void, PacketError> send_packet(int socket, std::string_view text, std::span<const int> files);

/// Blocks until a packet or the end; a caller with a deadline polls first.
Result<Packet, PacketError> receive_packet(int socket);

}  // namespace darkroom::imaging
