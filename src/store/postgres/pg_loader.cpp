#include "store/postgres/pg_loader.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "store/postgres/pg_text.h"
#include "store/sql/sql_failure.h"

namespace darkroom::store {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;
// A load of many millions of jobs takes its time.
constexpr Milliseconds patience{6 * 3'600'000};

constexpr const char* unmark = "DELETE FROM settings WHERE name = 'copy_begun'";

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// As COPY reads text: a tab between columns, a line for each row.
void append_text(std::string& line, std::string_view text, std::string& storage) {
    for (const char c : to_held(text, storage)) {
        switch (c) {
            case '\\':
                line += "\\\\";
                break;
            case '\t':
                line += "\\t";
                break;
            case '\n':
                line += "\\n";
                break;
            case '\r':
                line += "\\r";
                break;
            default:
                line += c;
        }
    }
}

std::span<const std::uint8_t> octets(std::string_view bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

void append_value(std::string& line, const Rows& rows, int column, const std::string& type,
                  std::string& storage) {
    if (rows.is_null(column)) {
        line += "\\N";
    } else if (type == "bigint" || type == "integer" || type == "smallint") {
        line += std::to_string(rows.integer(column));
    } else if (type == "uuid") {
        line += to_hex(octets(rows.bytes(column)));
    } else if (type == "bytea") {
        line += "\\\\x" + to_hex(octets(rows.bytes(column)));
    } else {
        append_text(line, rows.bytes(column), storage);
    }
}

std::string quoted(pg_conn* pg, const std::string& text) {
    std::string storage;
    const auto held = to_held(text, storage);
    const std::unique_ptr<char, decltype(&PQfreemem)> literal(PQescapeLiteral(pg, held.data(), held.size()),
                                                              &PQfreemem);
    return literal ? literal.get() : "'a file'";
}

std::string names_of(const std::vector<PgColumn>& columns) {
    std::string names;
    for (const auto& column : columns) names += (names.empty() ? "" : ", ") + column.name;
    return names;
}

}  // namespace

Result<std::unique_ptr<PgLoader>, std::string> PgLoader::begin(const PgSettings& settings,
                                                               const std::string& from) {
    auto patient = settings;
    patient.application = "darkroom-copy";
    patient.statement_within = patience;
    std::unique_ptr<PgLoader> loader(new PgLoader(std::move(patient)));
    if (auto started = loader->start(from); !started) return Fail(started.error());
    return loader;
}

PgLoader::~PgLoader() {
    if (!is_marked_) return;
    (void)run("ROLLBACK");
    (void)run(unmark);
}

// The mark is kept before anything is loaded, and goes with the commit of what was.
Result<void, std::string> PgLoader::start(const std::string& from) {
    try {
        connection_.connect();
    } catch (const SqlFailure& failure) {
        return Fail(std::string(failure.what()));
    }
    auto* const pg = connection_.handle();
    if (PQexitPipelineMode(pg) != 1 || PQsetnonblocking(pg, 0) != 0) return Fail(trouble());
    // The file may take its time between two rows.
    if (auto patient = run("SET idle_in_transaction_session_timeout = 0"); !patient) return patient;
    if (auto locked = lock_if_empty(); !locked) return locked;
    if (auto marked = run("INSERT INTO settings (name, value) VALUES ('copy_begun', " + quoted(pg, from) +
                          ") ON CONFLICT (name) DO UPDATE SET value = excluded.value");
        !marked)
        return marked;
    if (auto kept = run("COMMIT"); !kept) return kept;
    is_marked_ = true;
    return lock_if_empty();
}

Result<void, std::string> PgLoader::lock_if_empty() {
    if (auto begun = run("BEGIN"); !begun) return begun;
    // Gateways that start meanwhile wait for this, and then find that they are not the first.
    if (auto locked = run("LOCK TABLE nodes, api_keys IN EXCLUSIVE MODE"); !locked) return locked;
    const auto alive =
        ask("SELECT name FROM nodes WHERE gone = 0 AND until >= CAST(extract(epoch FROM clock_timestamp()) * "
            "1000 AS"
            " bigint) LIMIT 1");
    if (!alive.empty())
        return Fail("the node " + alive[0][0] + " is at work on the target: stop all nodes first");
    for (const std::string table : {"jobs", "uploads", "api_keys", "costs"}) {
        if (!ask("SELECT 1 FROM " + table + " LIMIT 1").empty())
            return Fail("the target is not empty: its table " + table +
                        " has rows; take an empty database, or another DARKROOM_DATABASE_SCHEMA");
    }
    return {};
}

std::string PgLoader::trouble() const {
    std::string text = PQerrorMessage(connection_.handle());
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Result<void, std::string> PgLoader::run(const std::string& sql) {
    const Answer answer(PQexec(connection_.handle(), sql.c_str()), &PQclear);
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return {};
    return Fail(trouble());
}

std::vector<std::vector<std::string>> PgLoader::ask(const std::string& sql) {
    std::vector<std::vector<std::string>> found;
    const Answer answer(PQexec(connection_.handle(), sql.c_str()), &PQclear);
    for (int row = 0; row < PQntuples(answer.get()); ++row) {
        auto& values = found.emplace_back();
        for (int column = 0; column < PQnfields(answer.get()); ++column)
            values.emplace_back(PQgetvalue(answer.get(), row, column));
    }
    return found;
}

std::vector<std::string> PgLoader::tables() {
    std::vector<std::string> names;
    for (auto& row :
         ask("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
             " AND table_type = 'BASE TABLE' AND table_name NOT IN ('nodes', 'leader', 'migrations',"
             " 'settings', 'pulse') ORDER BY table_name"))
        names.push_back(std::move(row[0]));
    return names;
}

std::vector<PgColumn> PgLoader::columns(const std::string& table) {
    std::vector<PgColumn> columns;
    for (auto& row : ask("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema ="
                         " current_schema() AND table_name = '" +
                         table + "' ORDER BY ordinal_position"))
        columns.push_back({std::move(row[0]), std::move(row[1])});
    return columns;
}

Result<std::int64_t, std::string> PgLoader::load(const std::string& table,
                                                 const std::vector<PgColumn>& columns, Rows& rows) {
    auto* const pg = connection_.handle();
    // What the schema itself has put there.
    if (auto emptied = run("DELETE FROM " + table); !emptied) return Fail(emptied.error());
    const auto copy = "COPY " + table + " (" + names_of(columns) + ") FROM STDIN";
    const Answer begun(PQexec(pg, copy.c_str()), &PQclear);
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return Fail(trouble());
    std::string piece;
    std::string storage;
    std::int64_t count = 0;
    const auto send = [&] {
        const bool sent = PQputCopyData(pg, piece.data(), static_cast<int>(piece.size())) == 1;
        piece.clear();
        return sent;
    };
    for (; rows.next(); ++count) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) piece += '\t';
            append_value(piece, rows, static_cast<int>(i), columns[i].type, storage);
        }
        piece += '\n';
        if (piece.size() >= piece_bytes && !send()) return Fail(trouble());
    }
    if (!send() || PQputCopyEnd(pg, nullptr) != 1) return Fail(trouble());
    const Answer done(PQgetResult(pg), &PQclear);
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) return Fail(trouble());
    const std::string_view told = PQcmdTuples(done.get());
    std::int64_t kept = -1;
    std::from_chars(told.data(), told.data() + told.size(), kept);
    while (const Answer rest{PQgetResult(pg), &PQclear}) {
    }
    if (kept != count)
        return Fail("of table " + table + " " + std::to_string(kept) + " rows were kept instead of " +
                    std::to_string(count));
    return count;
}

Result<void, std::string> PgLoader::finish() {
    // The seqs of jobs are drawn a block at a time: the next block begins behind all of them.
    for (const char* sql :
         {"SELECT setval('jobs_seq', (SELECT coalesce(max(seq), 0) + 100 FROM jobs))",
          "SELECT setval('job_events_seq', (SELECT coalesce(max(seq), 0) + 1 FROM job_events))",
          "SELECT setval(pg_get_serial_sequence('remote_jobs', 'seq'),"
          " (SELECT coalesce(max(seq), 0) + 1 FROM remote_jobs))",
          "SELECT setval(pg_get_serial_sequence('webhook_inbox', 'seq'),"
          " (SELECT coalesce(max(seq), 0) + 1 FROM webhook_inbox))",
          unmark, "COMMIT"}) {
        if (auto ran = run(sql); !ran) return ran;
    }
    is_marked_ = false;
    return run("ANALYZE");
}

}  // namespace darkroom::store
