// Two Postgres servers, and servers that are met by TLS.
#include <gtest/gtest.h>

#include "tests/support/postgres_server.h"

namespace darkroom::testing {
namespace {

class TwoPostgresServers : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
        first = std::make_unique<PostgresServer>();
        PostgresSession(first->url()).run("create table note (id int)");
    }
    std::unique_ptr<PostgresServer> first;
};

TEST_F(TwoPostgresServers, TheSecondOneFollowsAndTakesNoWrites) {
    const auto second = first->make_standby();
    PostgresSession(first->url()).run("insert into note values (1)");
    first->await_caught_up(*second);
    PostgresSession reader(second->url());
    EXPECT_EQ(reader.value("select count(*) from note"), "1");
    EXPECT_FALSE(reader.try_rows("insert into note values (2)").ok());
}

TEST_F(TwoPostgresServers, NothingThatWasCommittedIsLostWhenTheFirstOneDies) {
    const auto second = first->make_standby();
    first->replicate_synchronously();
    const auto url = first->url_with(*second);
    PostgresSession writer(url);
    for (int i = 0; i < 50; ++i) writer.run("insert into note values (" + std::to_string(i) + ")");
    first->kill9();
    EXPECT_FALSE(try_postgres(url, "select 1").ok()) << "the second one takes no writes yet";
    second->promote();
    PostgresSession again(url);
    EXPECT_EQ(again.value("select count(*) from note"), "50");
    again.run("insert into note values (50)");
    EXPECT_EQ(again.value("select inet_server_port()"), std::to_string(second->port()));
}

TEST(PostgresOverTls, IsTrustedByItsAuthorityOnlyAndInsistsOnIt) {
    if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    PostgresPlan plan;
    plan.tls = true;
    PostgresServer server(plan);
    EXPECT_EQ(PostgresSession(server.url()).value("select ssl from pg_stat_ssl where pid = pg_backend_pid()"),
              "t");
    const auto without_query = server.url().substr(0, server.url().find('?'));
    EXPECT_FALSE(try_postgres(without_query + "?sslmode=disable", "select 1").ok());
    const Certificates others;
    const auto stranger = "?sslmode=verify-full&sslrootcert=" + others.authority().string();
    const auto refused = try_postgres(without_query + stranger, "select 1");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().find("certificate verify failed"), std::string::npos) << refused.error();

    const auto second = server.make_standby();
    EXPECT_EQ(PostgresSession(second->url()).value("select pg_is_in_recovery()"), "t");
}

}  // namespace
}  // namespace darkroom::testing
