#include "tests/support/comfyui_server.h"

#include <sstream>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::testing {

ComfyuiServer::ComfyuiServer(ComfyuiPlan plan) : plan_(plan) { start(); }

void ComfyuiServer::start() {
    ChildPlan plan;
    plan.program = DR_COMFYUI_SERVER_SCRIPT;
    plan.arguments = {"--dir",    folder().string(),           "--port", std::to_string(plan_.port),
                      "--run-ms", std::to_string(plan_.run_ms)};
    if (plan_.transform) plan.arguments.emplace_back("--transform");
    plan.err_file = folder_.path() / "comfyui.log";
    server_ = std::make_unique<TalkingChild>(plan);
    const auto ready = parse_json(server_->read_line());
    DR_CHECK(ready.ok());
    url_ = std::string(ready->at("url").as_string());
}

void ComfyuiServer::kill() {
    server_->kill();
    server_.reset();
}

void ComfyuiServer::start_again() {
    plan_.port = port();
    start();
}

std::vector<ComfyuiNote> ComfyuiServer::journal() const {
    std::vector<ComfyuiNote> notes;
    std::istringstream lines(read_file(folder() / "journal.jsonl"));
    for (std::string line; std::getline(lines, line);) {
        const auto note = parse_json(line);
        if (!note) continue;  // the line that is being written
        notes.push_back({std::string(note->at("what").as_string()),
                         std::string(note->at("prompt").as_string()), note->at("process").as_int64()});
    }
    return notes;
}

std::uint16_t ComfyuiServer::port() const { return port_in(url_); }

boost::json::object ComfyuiServer::play(std::string_view order_json) {
    server_->write_line(order_json);
    const auto answer = parse_json(server_->read_line());
    DR_CHECK(answer.ok() && answer->is_object() && !answer->as_object().contains("refused"));
    return answer->as_object();
}

void ComfyuiServer::wait_until_idle() { DR_CHECK(play(R"({"wait":"idle"})").at("idle").as_bool()); }

void ComfyuiServer::wait_until_running() { DR_CHECK(play(R"({"wait":"running"})").at("running").as_bool()); }

}  // namespace darkroom::testing
