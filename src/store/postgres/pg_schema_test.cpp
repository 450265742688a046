#include "store/postgres/pg_schema.h"

#include <thread>

#include "store/postgres/pg_pooler.h"
#include "store/postgres/pg_store_fixture.h"
#include "tests/support/pg_bouncer.h"

namespace darkroom::store {
namespace {

class Schema : public PgStoreTest {
protected:
    PgSettings settings() const {
        PgSettings settings;
        settings.url = url();
        return settings;
    }
    /// All tables with their columns, and all indexes.
    std::string picture() {
        return value(
            "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (SELECT format('%s.%s %s %s', table_name, "
            "column_name, "
            "data_type, column_default) AS line FROM information_schema.columns WHERE table_schema = "
            "'darkroom' UNION ALL "
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'darkroom') AS lines");
    }
};

TEST_F(Schema, ItIsMadeOnceAndThenLeftAlone) {
    EXPECT_EQ(migration_status(settings())->found, 0);
    EXPECT_TRUE(migration_status(settings())->needs_up());
    const auto made = migrate(settings());
    ASSERT_TRUE(made.ok()) << made.error().detail;
    EXPECT_TRUE(made->can_work());
    const auto before = picture();
    EXPECT_NE(before.find("jobs_by_user"), std::string::npos);
    EXPECT_TRUE(migrate(settings())->can_work());
    EXPECT_EQ(picture(), before);
}

TEST_F(Schema, OfSeveralThatComeAtOnceOneMakesIt) {
    std::vector<std::thread> nodes;
    nodes.reserve(5);
    for (int i = 0; i < 5; ++i) nodes.emplace_back([&] { EXPECT_TRUE(migrate(settings()).ok()); });
    for (auto& node : nodes) node.join();
    EXPECT_EQ(value("SELECT count(*) FROM migrations"), std::to_string(postgres_steps().size()));
}

// Method: the session is ended after its first command, its second one, and so on, until it gets through.
TEST_F(Schema, F_B14_KilledAtAnyCommandItIsMadeAgainFromTheStart) {
    ASSERT_TRUE(migrate(settings()).ok());
    const auto whole = picture();
    session().run("DROP SCHEMA darkroom CASCADE");
    session().run(
        "CREATE SEQUENCE public.left_to_live; GRANT ALL ON SEQUENCE public.left_to_live TO PUBLIC;"
        "CREATE FUNCTION public.die() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN"
        " IF session_user = 'darkroom' AND nextval('public.left_to_live') ="
        " current_setting('test.dies_at', true)::bigint THEN"
        " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END$$;"
        "CREATE EVENT TRIGGER die ON ddl_command_end EXECUTE FUNCTION public.die()");
    int killed = 0;
    for (int at = 1; at < 500; at += 3) {
        session().run("ALTER SEQUENCE public.left_to_live RESTART");
        session().run("ALTER DATABASE " + database_->name() + " SET test.dies_at = '" +
                      std::to_string(at + 1) + "'");
        if (migrate(settings()).ok()) break;
        ++killed;
        EXPECT_EQ(migration_status(settings())->found, 0);
    }
    EXPECT_GT(killed, 5);
    session().run("DROP EVENT TRIGGER die");
    ASSERT_TRUE(migrate(settings()).ok());
    EXPECT_EQ(picture(), whole);
}

TEST_F(Schema, ANewerOneIsWorkedWithOnlyIfItSaysSo) {
    auto steps = postgres_steps();
    const auto known = static_cast<int>(steps.size());
    steps.push_back({"ALTER TABLE jobs ADD COLUMN later TEXT", known});
    ASSERT_TRUE(migrate(settings(), steps).ok());
    EXPECT_TRUE(PostgresJobStore::open(url(), random_, named("older")).ok())
        << "nodes are replaced one after the other";
    steps.push_back({"ALTER TABLE jobs RENAME COLUMN later TO latest", known + 1});
    ASSERT_TRUE(migrate(settings(), steps).ok());
    const auto before = picture();
    const auto refused = PostgresJobStore::open(url(), random_, named("older"));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().detail.find("schema " + std::to_string(known + 2)), std::string::npos)
        << refused.error().detail;
    EXPECT_NE(refused.error().detail.find("schema " + std::to_string(known) + " cannot"), std::string::npos);
    EXPECT_EQ(picture(), before);
}

TEST_F(Schema, WhoMayNotBringItUpSaysWhatToDo) {
    auto options = named("one");
    options.migrate = false;
    const auto refused = PostgresJobStore::open(url(), random_, options);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().detail.find("darkroom migrate up"), std::string::npos);
}

TEST_F(Schema, ARoleThatMayNotMakeTheTablesIsToldTheStatementThatLetsIt) {
    const auto is_told = [&](const std::string& statement) {
        const auto lacking = what_role_lacks(settings());
        EXPECT_TRUE(lacking.ok() && lacking->find(statement) != std::string::npos) << *lacking;
        const auto refused = migrate(settings());
        EXPECT_TRUE(!refused.ok() && refused.error().detail == *lacking) << refused.error().detail;
    };
    session().run("REVOKE CREATE ON DATABASE " + database_->name() + " FROM darkroom");
    is_told("GRANT CREATE ON DATABASE " + database_->name() + " TO darkroom");
    session().run("CREATE SCHEMA darkroom");
    is_told("ALTER SCHEMA darkroom OWNER TO darkroom");
    session().run("GRANT USAGE ON SCHEMA darkroom TO darkroom");
    is_told("ALTER SCHEMA darkroom OWNER TO darkroom");
    session().run("ALTER SCHEMA darkroom OWNER TO darkroom");
    EXPECT_EQ(*what_role_lacks(settings()), "");
    EXPECT_TRUE(migrate(settings()).ok());
}

TEST_F(Schema, APoolerByTransactionIsRefusedAndOneBySessionIsNot) {
    if (const auto why = darkroom::testing::why_no_pg_bouncer(); !why.empty()) GTEST_SKIP() << why;
    using darkroom::testing::PgBouncer;
    {
        const PgBouncer by_session(*server_, PgBouncer::Mode::session, {{"default_pool_size", "20"}});
        const auto store = open_at(by_session.url_of(database_->name()), named("one"));
        EXPECT_TRUE(store->create_job(job()).ok());
        EXPECT_EQ(store->claim(request(1))->size(), 1u);
    }
    const PgBouncer by_transaction(*server_, PgBouncer::Mode::transaction);
    const auto refused =
        PostgresJobStore::open(by_transaction.url_of(database_->name()), random_, named("two"));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().detail.find("session mode"), std::string::npos) << refused.error().detail;
}

TEST_F(Schema, AUrlThatIsWrongIsToldWithoutItsPassword) {
    for (const auto* const wrong :
         {"postgress://ann:s3cret@localhost/db", "postgres://ann@127.0.0.1:1/db?s3cret%zz=1",
          "postgres://ann:s3cret@@localhost:x/db", "postgres://ann:s3@cret@localhost/db",
          "postgres://ann:s3cret@127.0.0.1:1/db", "postgres://ann:s3cret@nowhere.invalid/db"}) {
        const auto refused = PostgresJobStore::open(wrong, random_, named("one"));
        ASSERT_FALSE(refused.ok()) << wrong;
        EXPECT_EQ(refused.error().detail.find("cret"), std::string::npos) << refused.error().detail;
    }
    const auto mistyped =
        PostgresJobStore::open("postgres://ann:s3cret@127.0.0.1:1/db?sslmod=require", random_, named("one"));
    ASSERT_FALSE(mistyped.ok());
    EXPECT_NE(mistyped.error().detail.find("sslmod"), std::string::npos) << mistyped.error().detail;
    EXPECT_EQ(mistyped.error().detail.find("s3cret"), std::string::npos) << mistyped.error().detail;
    auto other = url();
    other.replace(other.find("://") + 3, other.find('@') - other.find("://") - 3, "darkroom:s3cret");
    const auto refused = PostgresJobStore::open(other, random_, named("one"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().detail.find("s3cret"), std::string::npos) << refused.error().detail;
}

}  // namespace
}  // namespace darkroom::store
