// Postgres on a full disk, in the two ways that differ.
#include <gtest/gtest.h>

#include "tests/support/postgres_server.h"
#include "tests/support/small_disk.h"

namespace darkroom::testing {
namespace {

// Rows that do not shrink, in pieces, until the server says no.
std::string fill_with_rows(const std::string& url) {
    PostgresSession session(url);
    session.run("create table filler (bytes text)");
    for (int i = 0; i < 1'000; ++i) {
        const auto filled = session.try_rows(
            "insert into filler select string_agg(md5(random()::text), '') from generate_series(1, 20000)");
        if (!filled) return filled.error();
    }
    return "";
}

TEST(PostgresOnASmallDisk, RefusesOneStatementWhenATableFindsNoRoom) {
    if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const SmallDisk disk("48m");
    if (const auto why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
    PostgresServer server;
    const auto database = server.new_database_in(disk.path());
    EXPECT_NE(fill_with_rows(database->url()).find("No space left on device"), std::string::npos);
    PostgresSession session(database->url());
    EXPECT_EQ(session.value("select 1"), "1") << "the server goes on";
    session.run("drop table filler");
    session.run("create table note as select 'there is room again' as text");
}

TEST(PostgresOnASmallDisk, StopsWhenItsLogFindsNoRoomAndLosesNothing) {
    if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const SmallDisk disk("160m");
    if (const auto why = disk.why_not(); !why.empty()) GTEST_SKIP() << why;
    PostgresPlan plan;
    plan.folder = disk.path();
    PostgresServer server(plan);
    PostgresSession(server.url()).run("create table note as select 'kept' as text");
    disk.fill();
    PostgresSession writer(server.admin_url());
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i)
        refused = !writer.try_rows("select pg_logical_emit_message(true, '', repeat('x', 1000000))").ok();
    EXPECT_TRUE(refused);
    ASSERT_TRUE(server.ended_by_itself(Milliseconds(30'000))) << server.log();
    disk.relieve();
    server.start();
    EXPECT_EQ(PostgresSession(server.url()).value("select text from note"), "kept");
}

}  // namespace
}  // namespace darkroom::testing
