#include "imaging/wire/packet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>

namespace darkroom::imaging {
namespace {

std::size_t open_files() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

TEST(Packet, CarriesTextAndFilesAndLosesNoBoundaries) {
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair);
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    const UniqueFd reading(pipe_ends[0]), writing(pipe_ends[1]);
    const int files[] = {writing.get()};
    ASSERT_TRUE(send_packet(pair->first.get(), "first", files));
    ASSERT_TRUE(send_packet(pair->first.get(), "second", {}));

    auto first = receive_packet(pair->second.get());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->text, "first");
    ASSERT_EQ(first->files.size(), 1u);
    EXPECT_EQ(::fcntl(first->files[0].get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ASSERT_EQ(::write(first->files[0].get(), "x", 1), 1);
    char received = 0;
    ASSERT_EQ(::read(reading.get(), &received, 1), 1);
    EXPECT_EQ(received, 'x');
    EXPECT_EQ(receive_packet(pair->second.get())->text, "second");
}

TEST(Packet, TheOtherSideGoneIsAnEndNotASignal) {
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair);
    pair->second.reset();
    EXPECT_EQ(send_packet(pair->first.get(), "anyone?", {}).error(), PacketError::closed);
    EXPECT_EQ(receive_packet(pair->first.get()).error(), PacketError::closed);
}

TEST(Packet, TheLongestPassesAndLongerIsRefusedOnBothSides) {
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair);
    const std::string longest(packet_bytes_max, 'x');
    ASSERT_TRUE(send_packet(pair->first.get(), longest, {}));
    EXPECT_EQ(receive_packet(pair->second.get())->text, longest);
    EXPECT_EQ(send_packet(pair->first.get(), longest + "x", {}).error(), PacketError::malformed);
    EXPECT_EQ(send_packet(pair->first.get(), "", {}).error(), PacketError::malformed);
    const std::string longer(packet_bytes_max + 1, 'x');
    ASSERT_GT(::send(pair->first.get(), longer.data(), longer.size(), 0), 0);
    EXPECT_EQ(receive_packet(pair->second.get()).error(), PacketError::malformed);
}

TEST(Packet, MoreFilesThanAgreedAreRefusedAndNoneIsLeftOpen) {
    auto pair = make_socket_pair();
    ASSERT_TRUE(pair);
    const std::size_t before = open_files();
    const int fd = pair->first.get();
    char text = 'x';
    iovec part{&text, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * (packet_files_max + 3))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * (packet_files_max + 3));
    for (std::size_t i = 0; i < packet_files_max + 3; ++i) {
        __builtin_memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof fd);
    }
    ASSERT_EQ(::sendmsg(fd, &message, 0), 1);
    EXPECT_EQ(receive_packet(pair->second.get()).error(), PacketError::malformed);
    EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace darkroom::imaging
