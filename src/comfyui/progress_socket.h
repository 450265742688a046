// The one WebSocket of this gateway to a pod, for progress only: it is there while prompts of ours are, comes
// back by itself with growing pauses, and whatever it says or fails to say changes no job. Polling stays the
// truth; this thread touches nothing but the board.
#pragma once
#include "base/stop_event.h"
#include "comfyui/comfy_settings.h"
#include "comfyui/prompt_progress.h"
#include "ports/web_socket.h"

namespace darkroom::comfyui {

struct SocketPatience {
    Milliseconds first_pause{1'000};  // before it connects again; doubles as long as nothing is heard
    Milliseconds pause_max{60'000};
    Milliseconds silence_max{60'000};  // a server can forget a socket and leave it open
    Milliseconds linger{15'000};       // after the last prompt: the next one often follows
};

class ProgressSocket {
public:
    /// All references must outlive it. `endpoint` is for the log.
    ProgressSocket(const ComfySettings& settings, std::string endpoint, ports::WebSocketClient& sockets,
                   PromptProgress& progress, const ports::Clock& clock, SocketPatience patience = {});

    /// Until stop(); the thread that calls it is the socket's.
    void run();
    /// Any thread.
    void stop();

private:
    /// True if anything was heard.
    bool listen();
    bool take_messages(ports::WebSocket& socket);
    void rest(Milliseconds how_long);
    void note(const ports::WebSocketFailure& failure) const;

    const std::string endpoint_;
    ports::WebSocketClient& sockets_;
    PromptProgress& progress_;
    const ports::Clock& clock_;
    const SocketPatience patience_;
    StopEvent stop_;
    ports::WebSocketRequest request_;
};

}  // namespace darkroom::comfyui
