#include "tests/support/tcp_relay.h"

#include <gtest/gtest.h>

#include "tests/support/postgres_server.h"

namespace darkroom::testing {
namespace {

class RelayedPostgres : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
        server = std::make_unique<PostgresServer>();
        relay = std::make_unique<TcpRelay>(server->port());
        url = postgres_url("127.0.0.1:" + std::to_string(relay->port()), postgres_role);
    }
    std::unique_ptr<PostgresServer> server;
    std::unique_ptr<TcpRelay> relay;
    std::string url;
};

TEST_F(RelayedPostgres, CarriesLargeAnswersBothWays) {
    PostgresSession session(url);
    const std::string large(3'000'000, 'x');
    EXPECT_EQ(session.value("select length('" + large + "')"), "3000000");
    EXPECT_EQ(session.value("select repeat('x', 3000000)"), large);
    EXPECT_EQ(relay->connections(), 1);
}

TEST_F(RelayedPostgres, HoldsEverythingWhileCutAndGoesOnAfterwards) {
    PostgresSession session(url, Milliseconds(300));
    session.run("create table note (id int)");
    relay->cut();
    EXPECT_FALSE(session.try_rows("insert into note values (1)").ok());
    EXPECT_FALSE(try_postgres(url, "select 1", Milliseconds(200)).ok());
    EXPECT_EQ(server->value("select count(*) from note", "darkroom"), "0") << "a cut has two sides";
    relay->heal();
    EXPECT_EQ(PostgresSession(url).value("select 1"), "1");
    const auto deadline = std::chrono::steady_clock::now() + Milliseconds(10'000);
    while (server->value("select count(*) from note", "darkroom") != "1")
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "what was held has not arrived";
}

TEST_F(RelayedPostgres, ResetsWhatIsConnected) {
    PostgresSession session(url);
    ASSERT_EQ(session.value("select 1"), "1");
    relay->reset();
    EXPECT_FALSE(session.try_rows("select 1").ok());
    EXPECT_EQ(PostgresSession(url).value("select 1"), "1");
}

TEST_F(RelayedPostgres, ClosesConnectionsForWhichNobodyListens) {
    server->stop();
    EXPECT_FALSE(try_postgres(url, "select 1", Milliseconds(5'000)).ok());
    server->start();
    EXPECT_EQ(PostgresSession(url).value("select 1"), "1");
}

}  // namespace
}  // namespace darkroom::testing
