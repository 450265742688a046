#include "imaging/pool/conversation.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "imaging/wire/messages.h"
#include "imaging/wire/packet.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;
using std::chrono::steady_clock;

constexpr Milliseconds ending_patience{1'000};

enum class Heard { packet, cancel, nothing };

Heard wait_for_packet(int socket, int cancel, steady_clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - steady_clock::now());
        pollfd sources[] = {{socket, POLLIN, 0}, {cancel, POLLIN, 0}};
        // One millisecond more than is left: rounding down would spin through the last one.
        const int result = ::poll(
            sources, 2, static_cast<int>(std::clamp<Milliseconds::rep>(left.count() + 1, 0, 3'600'000)));
        if (result < 0 && errno == EINTR) continue;
        if (sources[1].revents != 0) return Heard::cancel;
        if (sources[0].revents != 0) return Heard::packet;
        if (steady_clock::now() >= deadline) return Heard::nothing;
    }
}

JobError explain_end(const ChildEnd& end) {
    log::warning("pixel process ended",
                 {{"exit_code", end.exit_code},
                  {"signal", end.signal},
                  {"resident_mib", static_cast<std::int64_t>(end.resident_bytes_most >> 20)}});
    if (end.exit_code == exit_out_of_memory) return plain_error(ErrorCode::worker_oom);
    if (end.exit_code == exit_not_locked_down) {
        return {ErrorCode::backend_unavailable, "The pixel process could not lock itself down."};
    }
    if (end.signal == SIGXCPU) return plain_error(ErrorCode::timeout);
    // Nobody here sent it, so the kernel did, short of memory.
    if (end.signal == SIGKILL) return plain_error(ErrorCode::worker_oom);
    return plain_error(ErrorCode::worker_crashed);
}

}  // namespace

Result<std::string, Silence> hear(const ChildProcess& child, const CancelFlag& cancel,
                                  steady_clock::time_point deadline) {
    switch (wait_for_packet(child.socket(), cancel.fd(), deadline)) {
        case Heard::cancel:
            return Fail(Silence::cancelled);
        case Heard::nothing:
            return Fail(Silence::late);
        case Heard::packet:
            break;
    }
    auto packet = receive_packet(child.socket());
    if (packet && packet->files.empty()) return std::move(packet->text);
    const bool closed = !packet && packet.error() == PacketError::closed;
    return Fail(closed ? Silence::ended : Silence::nonsense);
}

JobError explain_silence(Silence silence, ChildProcess& child, const CancelFlag& cancel) {
    switch (silence) {
        case Silence::ended:
            return explain_end(child.wait_or_kill(ending_patience));
        case Silence::cancelled:
            (void)child.kill();
            return plain_error(cancel.reason());
        case Silence::late:
            (void)child.kill();
            return plain_error(ErrorCode::timeout);
        case Silence::nonsense:
            break;
    }
    (void)child.kill();
    log::error("pixel process said what none of ours says");
    return plain_error(ErrorCode::worker_crashed);
}

}  // namespace darkroom::imaging
