#include "tests/support/pg_bouncer.h"

#include <gtest/gtest.h>

#include <set>

namespace darkroom::testing {
namespace {

class PgBouncerInFront : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = why_no_pg_bouncer(); !why.empty()) GTEST_SKIP() << why;
        server = std::make_unique<PostgresServer>();
    }
    std::unique_ptr<PostgresServer> server;
};

constexpr const char* which_backend = "select pg_backend_pid()";

TEST_F(PgBouncerInFront, KeepsASessionOnOneConnection) {
    const PgBouncer pooler(*server, PgBouncer::Mode::session, {{"default_pool_size", "3"}});
    PostgresSession one(pooler.url());
    PostgresSession other(pooler.url());
    one.run("set application_name = 'kept'");
    const auto backend = one.value(which_backend);
    for (int i = 0; i < 5; ++i) {
        EXPECT_NE(other.value(which_backend), backend);
        EXPECT_EQ(one.value(which_backend), backend);
    }
    EXPECT_EQ(one.value("show application_name"), "kept");
}

TEST_F(PgBouncerInFront, LendsItsConnectionsForATransactionEach) {
    const PgBouncer pooler(*server, PgBouncer::Mode::transaction, {{"default_pool_size", "1"}});
    PostgresSession one(pooler.url());
    PostgresSession other(pooler.url());
    EXPECT_EQ(one.value(which_backend), other.value(which_backend)) << "two clients, one connection, in turn";
    one.run("select pg_advisory_lock(7)");
    EXPECT_EQ(other.value("select pg_try_advisory_lock(7)"), "t")
        << "what belongs to a session is nobody's here";
}

TEST_F(PgBouncerInFront, WantsThePasswordAndReachesEveryDatabase) {
    const PgBouncer pooler(*server, PgBouncer::Mode::session);
    const auto database = server->new_database();
    EXPECT_EQ(PostgresSession(pooler.url_of(database->name())).value("select current_database()"),
              database->name());
    auto url = pooler.url();
    url.replace(url.find(":only"), 5, ":0nly");
    EXPECT_FALSE(try_postgres(url, "select 1").ok());
}

TEST_F(PgBouncerInFront, ComesBackAtItsAddress) {
    PgBouncer pooler(*server, PgBouncer::Mode::session);
    PostgresSession before(pooler.url());
    ASSERT_EQ(before.value("select 1"), "1");
    pooler.kill9();
    EXPECT_FALSE(before.try_rows("select 1").ok());
    EXPECT_FALSE(try_postgres(pooler.url(), "select 1").ok());
    pooler.start();
    EXPECT_EQ(PostgresSession(pooler.url()).value("select 1"), "1");
    EXPECT_FALSE(pooler.ask("show pools").empty());
}

}  // namespace
}  // namespace darkroom::testing
