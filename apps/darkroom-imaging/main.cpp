// darkroom-imaging: the pixel process. Started by the gateway with one socket and nothing else; starts its
// libraries, locks itself down, says "ready", and then answers one request after the other until the socket
// closes. It may be killed at any time.
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <new>
#include <optional>
#include <string_view>

#include "imaging/codec/library.h"
#include "imaging/sandbox/lock_down.h"
#include "imaging/sandbox/probe.h"
#include "imaging/wire/messages.h"
#include "imaging/wire/packet.h"
#include "picture_job.h"

#if defined(__SANITIZE_THREAD__)
// The thread sanitizer sees half of what libvips and GLib do and takes the rest for races. It is there for
// the gateway's side.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's
extern "C" const char* __tsan_default_options() { return "report_bugs=0"; }
#endif

namespace darkroom::imaging {
namespace {

constexpr int socket_fd = 3;  // by agreement with the gateway's pool

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool under_sanitizer = true;  // its findings must be seen
#else
constexpr bool under_sanitizer = false;
#endif

struct Arguments {
    pid_t parent = 0;
    int threads = 1;
    SandboxLimits limits;
    bool probes = false;
};

std::optional<std::uint64_t> value_of(std::string_view argument, std::string_view name) {
    if (argument.substr(0, name.size()) != name) return std::nullopt;
    const std::string_view text = argument.substr(name.size());
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Arguments> parse_arguments(int count, char** texts) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string_view text = texts[i];
        if (const auto parent = value_of(text, "--parent=")) {
            arguments.parent = static_cast<pid_t>(*parent);
        } else if (const auto threads = value_of(text, "--threads=")) {
            arguments.threads = static_cast<int>(*threads);
        } else if (const auto memory = value_of(text, "--memory-bytes=")) {
            arguments.limits.memory_bytes = *memory;
        } else if (const auto output = value_of(text, "--output-bytes=")) {
            arguments.limits.output_bytes_max = *output;
        } else if (text == "--probes") {
            arguments.probes = true;
        } else {
            return std::nullopt;
        }
    }
    const bool complete =
        arguments.parent > 0 && arguments.limits.memory_bytes > 0 && arguments.limits.output_bytes_max > 0;
    return complete ? std::optional(arguments) : std::nullopt;
}

// A probe's outcome travels as the message of an error, so that no real answer can be mistaken for one.
PictureAnswer answer_probe(const PictureRequest& request) {
    const auto* what = request.params.if_contains("what");
    const std::string_view name =
        what != nullptr && what->is_string() ? std::string_view(what->get_string()) : "";
    return Fail(core::JobError{core::ErrorCode::internal, probe_sandbox(name)});
}

PictureAnswer answer(const Packet& packet, const PictureRequest& request, bool probes) {
    if (probes && request.operation == "probe") return answer_probe(request);
    const auto file = [&](std::size_t i) { return packet.files[i].get(); };
    RequestFiles files(file(input_file), file(main_file), file(mask_file), file(thumbnail_file),
                       file(preview_file), file(report_file));
    for (std::size_t i = 0; i < request.parts.size(); ++i)
        files.add_part(request.parts[i], file(request_file_count + i));
    return run_picture_job(request, files);
}

int serve(bool probes) {
    if (!send_packet(socket_fd, ready_message, {})) return exit_bad_message;
    for (;;) {
        Result<Packet, PacketError> packet = receive_packet(socket_fd);
        if (!packet) return packet.error() == PacketError::closed ? 0 : exit_bad_message;
        const auto request = parse_request(packet->text);
        if (!request || packet->files.size() != request_file_count + request->parts.size())
            return exit_bad_message;
        const std::string text = write_answer(answer(*packet, *request, probes));
        packet->files.clear();
        if (!send_packet(socket_fd, text, {})) return 0;
        // While nobody waits: what the picture took goes back to the machine.
        ::malloc_trim(0);
    }
}

int run(int count, char** texts) {
    const auto arguments = parse_arguments(count, texts);
    if (!arguments) {
        std::fputs("darkroom-imaging is started by darkroom; it has no use of its own.\n", stderr);
        return 64;
    }
    if (!die_with_parent(arguments->parent)) return 0;
    // Each further arena reserves 64 MiB of the address space that lock_down() limits.
    ::mallopt(M_ARENA_MAX, 2);
    if (!start_picture_libraries(arguments->threads)) return exit_not_locked_down;
    if (const auto locked = lock_down(arguments->limits); !locked) {
        std::fprintf(stderr, "darkroom-imaging: %s\n", locked.error().c_str());
        return exit_not_locked_down;
    }
    // What a decoder prints may quote a hostile file; it must not reach the operator's terminal. 1 is
    // /dev/null.
    if (!under_sanitizer) (void)::dup2(STDOUT_FILENO, STDERR_FILENO);
    return serve(arguments->probes);
}

}  // namespace
}  // namespace darkroom::imaging

int main(int count, char** texts) {
    int code = 1;
    try {
        code = darkroom::imaging::run(count, texts);
    } catch (const std::bad_alloc&) {
        code = darkroom::imaging::exit_out_of_memory;
    } catch (...) {
        std::fputs("darkroom-imaging: stopped by an exception\n", stderr);
    }
    // Libraries' own clean-up at exit opens files and joins threads; the kernel does it better.
    std::fflush(nullptr);
    ::_exit(code);
}
