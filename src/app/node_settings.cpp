#include "app/node_settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "app/key_files.h"
#include "app/setting_reader.h"

namespace darkroom::app {
namespace {

constexpr std::size_t database_url_bytes_max = 4'096;
constexpr std::size_t signing_secret_bytes_min = 32;
constexpr std::size_t node_name_bytes_max = 64;
constexpr std::size_t schema_bytes_max = 50;  // Postgres cuts off what is longer than 63
// Not in settings.def, because nobody but a test should set it.
constexpr const char* lease_name = "DARKROOM_NODE_LEASE_S";

bool has_no_blanks(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool is_port(std::string_view text) {
    return text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// As in "db1:5432,db2,[::1]:5433".
bool are_servers(std::string_view text) {
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        const auto server = text.substr(0, comma);
        const auto bracket = server.rfind(']');
        const auto colon = server.find(':', bracket == std::string_view::npos ? 0 : bracket);
        if (colon != std::string_view::npos && !is_port(server.substr(colon + 1))) return false;
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return true;
}

/// Of an address that begins with "postgres://": what is behind user and password.
std::string_view behind_password(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    // A password may hold an @ although it should not: the last one is the one that ends it.
    if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
    return url;
}

// libpq lets a password end at the first @ that no / is before, and takes what follows for servers and a
// name, which it tells in its messages. So part of a password may not pass for one of them.
bool keeps_its_password(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    const auto at = url.find('@');
    if (at != std::string_view::npos) {
        if (url.find('/') < at || url.find('@', at + 1) != std::string_view::npos) return false;
        url.remove_prefix(at + 1);
    }
    return are_servers(url.substr(0, url.find_first_of("/?")));
}

/// NAME, or the first line of the file that NAME_FILE names; secrets are handed in as files where others may
/// read the environment.
std::string text_or_file(SettingReader& reader, const std::string& name) {
    auto text = reader.text(name);
    const auto file = reader.text(name + "_FILE");
    if (file.empty()) return text;
    if (!text.empty()) {
        reader.wrong(name + "_FILE", "cannot be set together with " + name);
        return text;
    }
    auto line = read_small_file(file);
    if (!line || line->empty()) {
        reader.wrong(name + "_FILE", "names a file that cannot be read or is empty: " + file);
        return {};
    }
    return *std::move(line);
}

std::string read_database_url(SettingReader& reader) {
    const auto text = text_or_file(reader, "DATABASE_URL");
    if (text.empty()) return {};
    if (auto url = postgres_url(text)) return *std::move(url);
    // Not told as it is: it may hold a password.
    reader.wrong(
        "DATABASE_URL",
        "must be an address of Postgres, as in postgres://user:password@host:5432/name, with @, :, / and "
        "% of a password written as %40, %3A, %2F and %25; unset, the database is a file in the data "
        "folder");
    return {};
}

std::string read_schema(SettingReader& reader) {
    auto schema = reader.text("DARKROOM_DATABASE_SCHEMA");
    const bool fits = !schema.empty() && schema.size() <= schema_bytes_max &&
                      (schema[0] < '0' || schema[0] > '9') && schema.rfind("pg_", 0) != 0 &&
                      std::all_of(schema.begin(), schema.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                      });
    if (!fits)
        reader.wrong("DARKROOM_DATABASE_SCHEMA",
                     "must be a name of small letters, digits and _, not \"" + schema + "\"");
    return schema;
}

std::string own_host_name() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return "this-machine";
    std::string name = host.data();
    for (auto& c : name) c = is_name_character(c) ? c : '-';
    name.resize(std::min(name.size(), node_name_bytes_max));
    return name.empty() ? "this-machine" : name;
}

std::string read_name(SettingReader& reader) {
    auto name = reader.text("DARKROOM_NODE_NAME");
    if (name.empty()) return own_host_name();
    if (name.size() > node_name_bytes_max || !std::all_of(name.begin(), name.end(), is_name_character))
        reader.wrong("DARKROOM_NODE_NAME", "must be at most 64 letters, digits, dots, - and _");
    return name;
}

std::optional<Milliseconds> read_lease(SettingReader& reader) {
    const auto text = reader.environment().get(lease_name);
    if (!text) return std::nullopt;
    int seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 3 || seconds > 3'600) {
        reader.wrong(lease_name, "must be a number from 3 to 3600");
        return std::nullopt;
    }
    return Milliseconds(1'000 * seconds);
}

}  // namespace

std::string_view to_string(NodeRole role) {
    switch (role) {
        case NodeRole::all:
            return "all";
        case NodeRole::api:
            return "api";
        case NodeRole::dispatcher:
            return "dispatcher";
    }
    return "all";
}

bool is_for_tests(std::string_view name) { return name == lease_name; }

std::optional<std::string> postgres_url(const std::string& text) {
    const bool is_one = text.rfind("postgres://", 0) == 0 || text.rfind("postgresql://", 0) == 0;
    if (!is_one || text.size() > database_url_bytes_max || !has_no_blanks(text)) return std::nullopt;
    if (!keeps_its_password(text)) return std::nullopt;
    return text;
}

NodeSettings read_node(SettingReader& reader) {
    NodeSettings settings;
    settings.database_url = read_database_url(reader);
    settings.schema = read_schema(reader);
    settings.readers = static_cast<int>(reader.number("DARKROOM_DATABASE_POOL", 1, 64));
    settings.role = reader.choice<NodeRole>(
        "DARKROOM_ROLE",
        {{"all", NodeRole::all}, {"api", NodeRole::api}, {"dispatcher", NodeRole::dispatcher}});
    settings.name = read_name(reader);
    settings.signing_secret = text_or_file(reader, "DARKROOM_SIGNING_SECRET");
    if (!settings.signing_secret.empty() && (settings.signing_secret.size() < signing_secret_bytes_min ||
                                             !has_no_blanks(settings.signing_secret)))
        reader.wrong("DARKROOM_SIGNING_SECRET", "must be at least 32 visible characters without blanks");
    settings.lease = read_lease(reader);
    if (settings.role != NodeRole::all && reader.text("DATABASE_URL").empty() &&
        reader.text("DATABASE_URL_FILE").empty())
        reader.wrong("DARKROOM_ROLE",
                     "must be all while DATABASE_URL is not set: one process does everything then");
    return settings;
}

std::string describe_database(const NodeSettings& settings) {
    if (!settings.has_postgres()) return "sqlite";
    auto rest = behind_password(settings.database_url);
    rest = rest.substr(0, rest.find('?'));  // options may hold a password as well
    const auto slash = rest.find('/');
    const auto name = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    const auto host = rest.substr(0, slash);
    return "postgres, " + (name.empty() ? std::string("the user's database") : std::string(name)) +
           (host.empty() ? std::string() : " at " + std::string(host)) +
           (settings.schema == "darkroom" ? std::string() : ", schema " + settings.schema);
}

}  // namespace darkroom::app
