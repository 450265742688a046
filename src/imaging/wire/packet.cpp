#include "imaging/wire/packet.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace darkroom::imaging {
namespace {

// Room for the descriptors of one packet, aligned as cmsg(3) demands.
union ControlBuffer {
    cmsghdr align;
    std::array<char, CMSG_SPACE(sizeof(int) * packet_files_max)> bytes;
};

std::vector<UniqueFd> take_files(msghdr& message) {
    std::vector<UniqueFd> files;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            files.emplace_back(fd);
        }
    }
    return files;
}

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>, PacketError> make_socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return Fail(PacketError::failed);
    return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<void, PacketError> send_packet(int socket, std::string_view text, std::span<const int> files) {
    // An empty packet would look like the end of the connection.
    if (text.empty() || text.size() > packet_bytes_max || files.size() > packet_files_max) {
        return Fail(PacketError::malformed);
    }
    iovec part{const_cast<char*>(text.data()), text.size()};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty()) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(files.size_bytes());
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(files.size_bytes());
        std::memcpy(CMSG_DATA(rights), files.data(), files.size_bytes());
    }
    for (;;) {
        if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
        if (errno == EPIPE || errno == ECONNRESET) return Fail(PacketError::closed);
        if (errno != EINTR) return Fail(PacketError::failed);
    }
}

Result<Packet, PacketError> receive_packet(int socket) {
    Packet packet;
    packet.text.resize(packet_bytes_max);
    iovec part{packet.text.data(), packet.text.size()};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t bytes = -1;
    do {
        bytes = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0) return Fail(errno == ECONNRESET ? PacketError::closed : PacketError::failed);
    packet.files = take_files(message);
    if (bytes == 0) return Fail(PacketError::closed);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Fail(PacketError::malformed);
    packet.text.resize(static_cast<std::size_t>(bytes));
    return packet;
}

}  // namespace darkroom::imaging
