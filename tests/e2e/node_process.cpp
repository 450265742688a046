#include "tests/e2e/node_process.h"

#include "tests/support/process_family.h"

namespace darkroom::e2e {
namespace {

constexpr std::uint16_t port_on_own_host = 8'080;  // nobody else is there

}  // namespace

const std::string& NodeProcess::common_key() {
    static const std::string key = "drk_admin_key_of_all_nodes_of_a_test";
    return key;
}

NodeProcess::NodeProcess(const NodePlan& plan) : name_(plan.name), database_url_(plan.database_url) {
    std::vector<std::string> launcher;
    if (plan.network != nullptr) {
        launcher = plan.network->launcher();
        listen_ = plan.network->inside() + ":" + std::to_string(port_on_own_host);
        relay_ = std::make_unique<testing::TcpRelay>(port_on_own_host, plan.network->inside());
    }
    server_ =
        std::make_unique<ServerProcess>(complete(plan.settings), home_.path() / "data", std::move(launcher));
}

// What the plan says itself stays: emplace leaves it alone.
Settings NodeProcess::complete(Settings settings) const {
    settings.emplace("DARKROOM_API_KEY", common_key());
    if (!database_url_.empty()) {  // a server with its own database has nobody to be told from
        settings.emplace("DATABASE_URL", database_url_);
        settings.emplace("DARKROOM_NODE_NAME", name_);
    }
    if (!listen_.empty()) settings.emplace("DARKROOM_LISTEN", listen_);
    // Links that it signs are to be followed from this host.
    if (relay_) settings.emplace("BACKEND_BASE_URL", "http://127.0.0.1:" + std::to_string(relay_->port()));
    return settings;
}

void NodeProcess::start(Settings settings) { server_->start(complete(std::move(settings))); }

void NodeProcess::pause() { testing::ProcessFamily(pid()).pause(); }

void NodeProcess::resume() { testing::ProcessFamily(pid()).resume(); }

void NodeProcess::kill9() { server_->kill9(); }

}  // namespace darkroom::e2e
