// One of several `darkroom serve` over the same database: with a name, a data folder and a port of its own,
// and if wanted on a host of its own whose network can be cut. What a test does to one node, the others must
// bear.
#pragma once
#include <memory>
#include <string>

#include "tests/e2e/server_process.h"
#include "tests/support/network_namespace.h"
#include "tests/support/tcp_relay.h"

namespace darkroom::e2e {

struct NodePlan {
    std::string name;
    /// As the node reaches it: PostgresServer::url(), or url_from(network->outside()) on a host of its own.
    /// Empty: the node has a database in its data folder.
    std::string database_url = {};
    /// Beside these: the bucket's, DARKROOM_API_KEY if it is to be another than all nodes have …
    Settings settings = {};
    /// Outlives the node.
    const testing::NetworkNamespace* network = nullptr;
};

class NodeProcess {
public:
    /// The admin key of all nodes of a test.
    static const std::string& common_key();

    /// Ready when the constructor returns.
    explicit NodeProcess(const NodePlan& plan);

    const std::string& name() const { return name_; }
    /// From this host, whichever the node is on.
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
    ApiClient client() const { return {port(), server_->key()}; }
    std::string log() const { return server_->log(); }
    pid_t pid() const { return server_->pid(); }
    /// For what a single server can be asked as well.
    ServerProcess& server() { return *server_; }

    /// SIGSTOP to the node and all it has started: it does not know that time goes on.
    void pause();
    void resume();
    /// SIGKILL to the node; its pixel processes end with it. A paused one can be killed too.
    void kill9();
    /// SIGTERM, and how it ended.
    testing::ChildExit terminate(Milliseconds at_most = Milliseconds(30'000)) {
        return server_->terminate(at_most);
    }
    /// On the same data, at the same port, after it ended.
    void start() { server_->start(); }
    void start(Settings settings);

private:
    std::uint16_t port() const { return relay_ ? relay_->port() : server_->port(); }
    Settings complete(Settings settings) const;

    std::string name_;
    std::string database_url_;
    std::string listen_;  // empty: the server finds a port
    testing::TempDir home_;
    std::unique_ptr<testing::TcpRelay> relay_;  // from this host to the node's
    std::unique_ptr<ServerProcess> server_;
};

}  // namespace darkroom::e2e
