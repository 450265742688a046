// What a node is told of itself and its database; nothing that is told back holds a password.
#include "app/node_settings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "app/settings.h"
#include "tests/support/temp_dir.h"

namespace darkroom::app {
namespace {

Result<Settings, SettingProblems> read_all(std::map<std::string, std::string> values) {
    return read_settings(Environment(std::move(values)));
}

NodeSettings at(const std::string& url) {
    NodeSettings settings;
    settings.database_url = url;
    return settings;
}

TEST(NodeSettings, WithoutASettingThereIsOneNodeOverOneFile) {
    const auto settings = read_all({});
    ASSERT_TRUE(settings.ok());
    EXPECT_FALSE(settings->node.has_postgres());
    EXPECT_EQ(settings->node.role, NodeRole::all);
    EXPECT_FALSE(settings->node.name.empty());
    EXPECT_TRUE(settings->node.signing_secret.empty());
    EXPECT_FALSE(settings->node.lease);
    EXPECT_EQ(describe_database(settings->node), "sqlite");
}

TEST(NodeSettings, ValuesAreRead) {
    const auto settings = read_all({{"DATABASE_URL", "postgresql://anna:pw@db.example.com/pictures"},
                                    {"DARKROOM_DATABASE_SCHEMA", "shop_1"},
                                    {"DARKROOM_DATABASE_POOL", "9"},
                                    {"DARKROOM_ROLE", "api"},
                                    {"DARKROOM_NODE_NAME", "api-1.eu"},
                                    {"DARKROOM_SIGNING_SECRET", std::string(32, 's')},
                                    {"DARKROOM_NODE_LEASE_S", "6"}});
    ASSERT_TRUE(settings.ok());
    const auto& node = settings->node;
    EXPECT_TRUE(node.has_postgres());
    EXPECT_EQ(node.schema, "shop_1");
    EXPECT_EQ(node.readers, 9);
    EXPECT_TRUE(node.serves_api());
    EXPECT_FALSE(node.dispatches());
    EXPECT_EQ(node.name, "api-1.eu");
    EXPECT_EQ(node.signing_secret, std::string(32, 's'));
    EXPECT_EQ(node.lease, Milliseconds(6'000));
}

TEST(NodeSettings, SecretsMayBeInFiles) {
    const testing::TempDir dir;
    std::ofstream(dir.path() / "url") << "postgres://anna:pw@db/pictures\n";
    std::ofstream(dir.path() / "secret") << std::string(40, 's') << "\n";
    const auto settings = read_all({{"DATABASE_URL_FILE", (dir.path() / "url").string()},
                                    {"DARKROOM_ROLE", "dispatcher"},
                                    {"DARKROOM_SIGNING_SECRET_FILE", (dir.path() / "secret").string()}});
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->node.database_url, "postgres://anna:pw@db/pictures");
    EXPECT_EQ(settings->node.signing_secret, std::string(40, 's'));
    EXPECT_EQ(settings->node.role, NodeRole::dispatcher);
}

TEST(NodeSettings, EveryWrongValueIsOneLineThatNamesItAndTellsNoSecret) {
    const std::string url = "postgres://anna:pw@db/pictures";
    const std::vector<std::pair<std::string, std::map<std::string, std::string>>> wrong = {
        {"DATABASE_URL", {{"DATABASE_URL", "mysql://anna:hidden-pw@db/pictures"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "host=db password=hidden-pw"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://anna:hidden-pw@db/a b"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://hidden-pw" + std::string(5'000, 'x')}}},
        // Of each of these libpq or a line that tells the database would show a part.
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://anna:hidden-pw/2@db/pictures"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://anna:hidden-pw@2@db/pictures"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://anna:hidden-pw?2/3@db/pictures"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://anna:hidden-pw/pictures"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://db,anna:hidden-pw"}}},
        {"DATABASE_URL", {{"DATABASE_URL", "postgres://db/pictures?password=hidden-pw@2"}}},
        {"DATABASE_URL_FILE", {{"DATABASE_URL_FILE", "/nowhere/at/all"}}},
        {"DATABASE_URL_FILE", {{"DATABASE_URL", url}, {"DATABASE_URL_FILE", "/nowhere"}}},
        {"DARKROOM_DATABASE_SCHEMA", {{"DARKROOM_DATABASE_SCHEMA", "Shop"}}},
        {"DARKROOM_DATABASE_SCHEMA", {{"DARKROOM_DATABASE_SCHEMA", "a;drop table jobs"}}},
        {"DARKROOM_DATABASE_SCHEMA", {{"DARKROOM_DATABASE_SCHEMA", "pg_catalog"}}},
        {"DARKROOM_DATABASE_SCHEMA", {{"DARKROOM_DATABASE_SCHEMA", std::string(51, 'a')}}},
        {"DARKROOM_DATABASE_POOL", {{"DARKROOM_DATABASE_POOL", "0"}}},
        {"DARKROOM_ROLE", {{"DATABASE_URL", url}, {"DARKROOM_ROLE", "worker"}}},
        {"DARKROOM_ROLE", {{"DARKROOM_ROLE", "api"}}},
        {"DARKROOM_NODE_NAME", {{"DARKROOM_NODE_NAME", "a node"}}},
        {"DARKROOM_NODE_NAME", {{"DARKROOM_NODE_NAME", std::string(65, 'n')}}},
        {"DARKROOM_SIGNING_SECRET", {{"DARKROOM_SIGNING_SECRET", "hidden-pw"}}},
        {"DARKROOM_NODE_LEASE_S", {{"DARKROOM_NODE_LEASE_S", "1"}}},
    };
    for (const auto& [name, values] : wrong) {
        const auto settings = read_all(values);
        ASSERT_FALSE(settings.ok()) << name;
        ASSERT_EQ(settings.error().size(), 1u) << name << settings.error()[0];
        EXPECT_EQ(settings.error()[0].rfind(name + " ", 0), 0u) << settings.error()[0];
        EXPECT_EQ(settings.error()[0].find("hidden-pw"), std::string::npos) << settings.error()[0];
    }
}

TEST(NodeSettings, EveryKindOfAddressThatLibpqTakesIsTaken) {
    for (const char* url :
         {"postgres://", "postgresql:///pictures?host=/run/postgresql", "postgres://db",
          "postgres://db:/pictures", "postgres://anna:p%40%2Fw@db:5432/pictures?sslmode=verify-full",
          "postgres://anna:p?w:x#y@db/pictures",
          "postgres://anna@[::1]:5433,db2,db3:5434/pictures?target_session_attrs=read-write",
          "postgres://[2001:db8::1]/pictures"})
        EXPECT_EQ(postgres_url(url), url);
}

TEST(NodeSettings, ADatabaseIsToldWithoutItsPassword) {
    EXPECT_EQ(describe_database(at("postgres://anna:hid?den@db:5433/pictures?sslmode=require")),
              "postgres, pictures at db:5433");
    EXPECT_EQ(describe_database(at("postgres://anna:hidden@db.example.com:5433/pictures")),
              "postgres, pictures at db.example.com:5433");
    EXPECT_EQ(describe_database(at("postgres://anna:hid@den@db/pictures?sslmode=require&password=hidden")),
              "postgres, pictures at db");
    EXPECT_EQ(describe_database(at("postgres://a,b/pictures")), "postgres, pictures at a,b");
    EXPECT_EQ(describe_database(at("postgres:///pictures?host=/run&password=hidden")), "postgres, pictures");
    EXPECT_EQ(describe_database(at("postgres://")), "postgres, the user's database");
}

}  // namespace
}  // namespace darkroom::app
