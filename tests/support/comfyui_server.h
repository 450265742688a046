// A played ComfyUI for a test: comfyui_server.py in a process of its own, over a folder of its own. What can
// be switched on stands in DEFAULTS of comfyui_play.py.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/talking_child.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

struct ComfyuiPlan {
    std::uint16_t port = 0;
    int run_ms = 0;          // that each prompt takes
    bool transform = false;  // results are made of the inputs, by ImageMagick
};

/// What became of a prompt: post, run or end; and in which process.
struct ComfyuiNote {
    std::string what;
    std::string prompt;
    std::int64_t process = 0;
};

class ComfyuiServer {
public:
    /// Listens when the constructor returns; one that does not start ends the program with what it said.
    explicit ComfyuiServer(std::uint16_t port = 0) : ComfyuiServer(ComfyuiPlan{.port = port}) {}
    explicit ComfyuiServer(ComfyuiPlan plan);
    ComfyuiServer(const ComfyuiServer&) = delete;
    ComfyuiServer& operator=(const ComfyuiServer&) = delete;

    const std::string& url() const { return url_; }
    std::uint16_t port() const;
    /// Of its files: input, output, temp.
    std::filesystem::path folder() const { return folder_.path() / "comfyui"; }

    /// One order, as {"set":{"ends":"oom"}}, and what it answers. An order that it does not know is a bug in
    /// the test.
    boost::json::object play(std::string_view order_json);
    /// Everything that was posted has ended.
    void wait_until_idle();
    void wait_until_running();

    /// SIGKILL: its queue and its history are gone, its files are not.
    void kill();
    /// After kill(), at the same port.
    void start_again();
    /// Of all its processes.
    std::vector<ComfyuiNote> journal() const;

private:
    void start();

    ComfyuiPlan plan_;
    TempDir folder_;
    std::unique_ptr<TalkingChild> server_;
    std::string url_;
};

}  // namespace darkroom::testing
