// One process of several over one database: which database, what this node does, and what all of them must
// have in common.
#pragma once
#include <optional>
#include <string>

#include "base/time.h"

namespace darkroom::app {

class SettingReader;

enum class NodeRole {
    all,         // everything
    api,         // takes, shows and cancels jobs, and sends none to work
    dispatcher,  // sends jobs to work and hears of their ends; serves no API
};
std::string_view to_string(NodeRole role);

struct NodeSettings {
    /// Of Postgres, as libpq reads it; may hold a password, so it is shown through describe_database() alone.
    /// Empty = a SQLite file in the data folder, and this is the only node.
    std::string database_url;
    std::string schema = "darkroom";
    int readers = 4;  // connections that read
    NodeRole role = NodeRole::all;
    std::string name;
    std::string signing_secret;  // empty = made at the first start, in the data folder
    /// Only for tests, which cannot wait a minute for a node to be given up.
    std::optional<Milliseconds> lease;

    bool has_postgres() const { return !database_url.empty(); }
    bool serves_api() const { return role != NodeRole::dispatcher; }
    bool dispatches() const { return role != NodeRole::api; }
};

/// Reads DATABASE_URL, DARKROOM_DATABASE_*, DARKROOM_ROLE, DARKROOM_NODE_NAME and DARKROOM_SIGNING_SECRET;
/// what is wrong is left with the reader.
NodeSettings read_node(SettingReader& reader);

/// As in "postgres, darkroom at db.example.com:5432": neither password nor anything that may hold one.
std::string describe_database(const NodeSettings& settings);

/// A setting that is not told of, because nobody but a test should set it.
bool is_for_tests(std::string_view name);

/// For what others than a gateway do with a database: nullopt = that is no address of Postgres.
std::optional<std::string> postgres_url(const std::string& text);

}  // namespace darkroom::app
