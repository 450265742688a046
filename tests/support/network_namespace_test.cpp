#include "tests/support/network_namespace.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>

#include "tests/support/postgres_server.h"
#include "tests/support/tcp_relay.h"

namespace darkroom::testing {
namespace {

bool has_interface(const std::string& name) {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return false;
    bool found = false;
    for (const auto* one = all; one != nullptr; one = one->ifa_next) found = found || name == one->ifa_name;
    ::freeifaddrs(all);
    return found;
}

// A client inside that asks Postgres one statement a line, and says what it is told.
class Asker {
public:
    Asker(const NetworkNamespace& network, const std::string& url) {
        ChildPlan plan;
        plan.program = postgres_program("psql");
        plan.arguments = {"--no-psqlrc", "--tuples-only", "--no-align", "--quiet", url};
        plan.err_file = notes_.path() / "psql.log";
        child_ = std::make_unique<TalkingChild>(network.within(plan));
    }
    void say(const std::string& statement) { child_->write_line(statement + ";"); }
    std::string hear() { return child_->read_line(); }

private:
    TempDir notes_;
    std::unique_ptr<TalkingChild> child_;
};

class CutNetwork : public ::testing::Test {
protected:
    void SetUp() override {
        for (const auto& why : {why_no_postgres(), why_no_network_namespace()}) {
            if (!why.empty()) GTEST_SKIP() << why;
        }
        network = std::make_unique<NetworkNamespace>();
        PostgresPlan plan;
        plan.listen = {network->outside()};
        server = std::make_unique<PostgresServer>(plan);
        PostgresSession(server->url()).run("create table note (id int)");
    }
    std::string notes() const { return server->value("select count(*) from note", "darkroom"); }

    std::unique_ptr<NetworkNamespace> network;
    std::unique_ptr<PostgresServer> server;
};

TEST_F(CutNetwork, LosesPacketsUntilItIsHealed) {
    Asker asker(*network, server->url_from(network->outside()));
    asker.say("select inet_client_addr()");
    EXPECT_EQ(asker.hear(), network->inside());
    for (const bool all : {true, false}) {
        if (all)
            network->cut();
        else
            network->cut_port(server->port());
        const auto before = notes();
        asker.say("insert into note values (1) returning 'there'");
        const auto deadline = std::chrono::steady_clock::now() + Milliseconds(10'000);
        while (network->lost_packets() == 0) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        EXPECT_EQ(notes(), before);
        network->heal();
        EXPECT_EQ(asker.hear(), "there") << "TCP sends again what was lost";
    }
    EXPECT_EQ(notes(), "2");
}

TEST_F(CutNetwork, LeavesOtherPortsAlone) {
    const TcpRelay other_way(server->port(), "127.0.0.1", network->outside());
    network->cut_port(server->port());
    Asker asker(*network, postgres_url(network->outside() + ":" + std::to_string(other_way.port())));
    asker.say("select 'by another port'");
    EXPECT_EQ(asker.hear(), "by another port");
}

TEST_F(CutNetwork, LeavesNothingOfItselfBehind) {
    std::vector<std::string> names;
    ifaddrs* all = nullptr;
    ASSERT_EQ(::getifaddrs(&all), 0);
    for (const auto* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
        char text[INET_ADDRSTRLEN] = "";
        ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr, text, sizeof text);
        if (network->outside() == text) names.emplace_back(one->ifa_name);
    }
    ::freeifaddrs(all);
    ASSERT_EQ(names.size(), 1u);
    network.reset();
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds(10'000);
    while (has_interface(names.front()))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);  // the kernel takes a moment
}

}  // namespace
}  // namespace darkroom::testing
