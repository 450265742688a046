#include "tests/support/postgres_server.h"

#include <gtest/gtest.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "tests/support/process_table.h"

namespace darkroom::testing {
namespace {

class OwnPostgresServer : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto why = why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
        server = std::make_unique<PostgresServer>();
    }
    void make_note() const {
        PostgresSession(server->url()).run("create table note as select 'kept' as text");
    }
    std::string note() const { return PostgresSession(server->url()).value("select text from note"); }

    std::unique_ptr<PostgresServer> server;
};

TEST_F(OwnPostgresServer, LetsItsOrdinaryRoleInByPasswordOnly) {
    PostgresSession session(server->url());
    EXPECT_EQ(session.value("select current_user || ' ' || current_database()"), "darkroom darkroom");
    EXPECT_EQ(session.value("select rolsuper from pg_roles where rolname = current_user"), "f");
    EXPECT_EQ(server->value("show fsync"), "on");
    const auto port = std::to_string(server->port());
    EXPECT_FALSE(try_postgres("postgres://darkroom:wrong@127.0.0.1:" + port + "/darkroom", "select 1").ok());
    EXPECT_FALSE(try_postgres("postgres://postgres@127.0.0.1:" + port + "/postgres", "select 1").ok())
        << "the superuser needs no password, so its way in must not be open to everybody on the machine";
}

TEST_F(OwnPostgresServer, KeepsWhatWasCommittedThroughEveryWayToEnd) {
    make_note();
    const auto url = server->url();
    server->stop();
    EXPECT_FALSE(server->running());
    EXPECT_FALSE(try_postgres(url, "select 1").ok());
    server->start();
    EXPECT_EQ(note(), "kept");
    server->restart(PostgresServer::Stop::immediate);
    EXPECT_EQ(note(), "kept");
    server->kill9();
    EXPECT_FALSE(try_postgres(url, "select 1").ok());
    server->start();
    EXPECT_EQ(note(), "kept");
    EXPECT_EQ(server->url(), url) << "clients come back to the address they know";
    EXPECT_NE(server->log().find("database system was not properly shut down"), std::string::npos);
}

TEST_F(OwnPostgresServer, AnswersNothingWhilePausedAndAllOfItAfterwards) {
    make_note();
    PostgresSession before(server->url());
    ASSERT_EQ(before.value("select 1"), "1");
    server->pause();
    EXPECT_FALSE(try_postgres(server->url(), "select 1", Milliseconds(200)).ok());
    server->resume();
    EXPECT_EQ(before.value("select text from note"), "kept") << "connections outlive a pause";
    server->pause();
    server->kill9();
    server->start();
    EXPECT_EQ(note(), "kept");
}

TEST_F(OwnPostgresServer, EndsConnectionsByTheirNames) {
    PostgresSession one(server->url() + "?application_name=node-1");
    PostgresSession other(server->url() + "?application_name=node-2");
    EXPECT_EQ(server->kill_backends("node-1"), 1);
    EXPECT_FALSE(one.try_rows("select 1").ok());
    EXPECT_EQ(other.value("select 1"), "1");
    EXPECT_EQ(server->kill_backends(), 1);
}

TEST_F(OwnPostgresServer, MakesDatabasesFromOthersAndDropsThem) {
    make_note();
    std::string url;
    {
        const auto copy = server->new_database("darkroom");
        const auto empty = server->new_database();
        url = copy->url();
        PostgresSession session(url);
        EXPECT_EQ(session.value("select text from note"), "kept");
        session.run("update note set text = 'mine'");
        EXPECT_EQ(note(), "kept");
        EXPECT_FALSE(try_postgres(empty->url(), "select text from note").ok());
    }
    EXPECT_FALSE(try_postgres(url, "select 1").ok());
}

TEST_F(OwnPostgresServer, TakesOtherSettingsWhileItRuns) {
    server->set("log_min_duration_statement", "0");
    PostgresSession(server->url()).run("select 'a statement to be found'");
    EXPECT_NE(server->log().find("a statement to be found"), std::string::npos);
}

TEST_F(OwnPostgresServer, GivesWhatATestAsksForAndSaysWhatIsWrong) {
    PostgresSession session(server->url());
    const auto rows = session.rows("values ('a', null), ('', '2')");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0], (SqlRow{"a", std::nullopt}));
    EXPECT_EQ(rows[1], (SqlRow{"", "2"}));
    const auto wrong = session.try_rows("select nothing from nowhere");
    ASSERT_FALSE(wrong.ok());
    EXPECT_NE(wrong.error().find("nowhere"), std::string::npos);
    EXPECT_EQ(session.value("select 1"), "1") << "an error leaves the connection usable";
    EXPECT_FALSE(try_postgres("not a url", "select 1").ok());
}

TEST_F(OwnPostgresServer, LeavesNothingBehind) {
    server->kill9();
    server->start();
    std::istringstream note_lines(read_file(server->data_dir() / "postmaster.pid"));
    std::string memory_line;
    for (int i = 0; i < 7; ++i) std::getline(note_lines, memory_line);
    const int memory = std::atoi(memory_line.substr(memory_line.rfind(' ')).c_str());
    shmid_ds state{};
    ASSERT_EQ(::shmctl(memory, IPC_STAT, &state), 0) << memory_line;
    const auto processes = descendants_of(::getpid());
    ASSERT_GT(processes.size(), 3u);
    const auto folder = server->data_dir();

    server->pause();
    server.reset();
    EXPECT_FALSE(std::filesystem::exists(folder));
    EXPECT_EQ(::shmctl(memory, IPC_STAT, &state), -1);
    for (const auto& process : running_processes()) {
        const bool of_server = std::find(processes.begin(), processes.end(), process.pid) != processes.end();
        EXPECT_FALSE(of_server && process.name == "postgres") << process.pid;
    }
}

}  // namespace
}  // namespace darkroom::testing
