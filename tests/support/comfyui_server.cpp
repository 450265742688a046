#include "tests/support/comfyui_server.h"

#include "base/check.h"
#include "base/json.h"

namespace darkroom::testing {

ComfyuiServer::ComfyuiServer(std::uint16_t port) {
    ChildPlan plan;
    plan.program = DR_COMFYUI_SERVER_SCRIPT;
    plan.arguments = {"--dir", folder().string(), "--port", std::to_string(port)};
    plan.err_file = folder_.path() / "comfyui.log";
    server_ = std::make_unique<TalkingChild>(plan);
    const auto ready = parse_json(server_->read_line());
    DR_CHECK(ready.ok());
    url_ = std::string(ready->at("url").as_string());
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
