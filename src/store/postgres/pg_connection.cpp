#include "store/postgres/pg_connection.h"

#include <libpq-fe.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>

#include "base/check.h"
#include "store/postgres/pg_failure.h"
#include "store/postgres/pg_text.h"

namespace darkroom::store {
namespace {

constexpr int server_version_min = 150'000;
constexpr int text_format = 0;
constexpr int binary_format = 1;

int milliseconds_until(Instant deadline) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - steady_now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
}

// As libpq says it, with its lines, tabs and double blanks as one blank each.
std::string in_one_line(const char* text) {
    std::string line;
    for (const char c : std::string_view(text == nullptr ? "" : text)) {
        const bool is_blank = c == ' ' || c == '\t' || c == '\n';
        if (!is_blank) line += c;
        if (is_blank && !line.empty() && line.back() != ' ') line += ' ';
    }
    if (!line.empty() && line.back() == ' ') line.pop_back();
    return line.empty() ? "no reason was given" : line;
}

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

[[noreturn]] void refuse(const std::string& why) {
    throw SqlFailure(ports::StoreErrorKind::unavailable, why);
}

// libpq would repeat in its message what it could not read, with the password in it.
void check_url(const std::string& url) {
    char* said = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(url.c_str(), &said));
    // Of its messages only one is sure to name nothing but a parameter.
    const std::string why = said == nullptr ? "" : said;
    PQfreemem(said);
    if (options == nullptr) {
        const bool may_be_told =
            why.rfind("invalid URI query parameter", 0) == 0 && url.rfind('@') == url.find('@');
        refuse("the database's URL cannot be read: " +
               (may_be_told ? in_one_line(why.c_str()) : "postgres://user:password@host:port/name"));
    }
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const std::string_view value = option->val == nullptr ? "" : option->val;
        const bool is_place = keyword == "host" || keyword == "hostaddr" || keyword == "port";
        if (is_place && value.find('@') != std::string_view::npos)
            refuse(
                "the database's URL cannot be read: '@', ':' and '/' of a password are written as %40, %3A, "
                "%2F");
    }
}

PGconn* connect_to(const PgSettings& settings) {
    const auto timeout =
        std::to_string(std::max<std::int64_t>(2, (settings.connect_within.count() + 999) / 1'000));
    // What stands before the URL is what its own words may change.
    const std::array<const char*, 9> words{"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                                           "keepalives_count", "tcp_user_timeout", "dbname",
                                           "client_encoding",  "application_name", nullptr};
    const std::array<const char*, 9> values{
        timeout.c_str(), "10", "5", "3", "20000", settings.url.c_str(), "UTF8", settings.application.c_str(),
        nullptr};
    return PQconnectdbParams(words.data(), values.data(), 1);
}

}  // namespace

void pause_for(Milliseconds time) {
    (void)::poll(nullptr, 0, static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, 60'000)));
}

void PgFree::operator()(pg_result* result) const { PQclear(result); }

void PgConnection::close() noexcept {
    if (connection_ != nullptr) PQfinish(connection_);
    connection_ = nullptr;
}

void PgConnection::lose(const std::string& why) {
    close();
    throw connection_lost(why);
}

void PgConnection::lose() { lose(in_one_line(PQerrorMessage(connection_))); }

void PgConnection::connect() {
    close();
    check_url(settings_.url);
    connection_ = connect_to(settings_);
    if (connection_ == nullptr) refuse("no memory for a connection to Postgres");
    if (PQstatus(connection_) != CONNECTION_OK) {
        const auto why = in_one_line(PQerrorMessage(connection_));
        close();
        refuse("no connection to Postgres: " + why);
    }
    const int version = PQserverVersion(connection_);
    if (version < server_version_min) {
        close();
        refuse("Postgres 15 or newer is needed, and this is " + std::to_string(version / 10'000));
    }
    PQsetnonblocking(connection_, 1);
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
    set_up();
}

// By statements, not by the `options` of the start packet: poolers refuse those.
void PgConnection::set_up() {
    const auto milliseconds = [](Milliseconds time) { return std::to_string(time.count()); };
    const std::string by_index = settings_.by_index_only ? "off" : "on";
    // A database whose default it is to answer before it has synced is asked to be careful all the same.
    const std::string synced =
        "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
        "current_setting('synchronous_commit') END";
    run_script("SELECT set_config('search_path', '" + settings_.schema +
                   "', false),"
                   " set_config('statement_timeout', '" +
                   milliseconds(settings_.statement_within) +
                   "', false),"
                   " set_config('lock_timeout', '" +
                   milliseconds(settings_.lock_within) +
                   "', false),"
                   " set_config('idle_in_transaction_session_timeout', '30000', false),"
                   " set_config('client_min_messages', 'warning', false), set_config('jit', 'off', false),"
                   " set_config('plan_cache_mode', '" +
                   (settings_.by_index_only ? "force_generic_plan" : "auto") +
                   "', false), set_config('enable_seqscan', '" + by_index +
                   "', false), set_config('enable_bitmapscan', '" + by_index +
                   "', false), set_config('enable_hashjoin', '" + by_index +
                   "', false), set_config('enable_mergejoin', '" + by_index +
                   "', false), set_config('synchronous_commit', " +
                   (settings_.commits_unsynced ? "'off'" : synced) + ", false)",
               settings_.connect_within);
}

void PgConnection::send_prepare(const char* name, const char* sql) {
    DR_CHECK(is_open());
    if (PQsendPrepare(connection_, name, sql, 0, nullptr) != 1) lose();
}

// Texts and bytes go as they are, with their length; numbers as text, so that the server may take them for
// whatever the statement needs.
void PgConnection::send_execute(const char* name, std::span<const SqlValue> values) {
    DR_CHECK(is_open());
    const auto count = values.size();
    parameters_.assign(count, nullptr);
    lengths_.assign(count, 0);
    formats_.assign(count, binary_format);
    if (numbers_.size() < count) numbers_.resize(count);
    if (cleaned_.size() < count) cleaned_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& value = values[i];
        if (value.kind == SqlValue::Kind::null) continue;
        if (value.kind == SqlValue::Kind::integer) {
            auto& digits = numbers_[i];
            *std::to_chars(digits.data(), digits.data() + digits.size() - 1, value.integer).ptr = '\0';
            parameters_[i] = digits.data();
            formats_[i] = text_format;
            continue;
        }
        const auto data = value.kind == SqlValue::Kind::text ? to_held(value.data, cleaned_[i]) : value.data;
        parameters_[i] = data.data() == nullptr ? "" : data.data();
        lengths_[i] = static_cast<int>(data.size());
    }
    if (PQsendQueryPrepared(connection_, name, static_cast<int>(count), parameters_.data(), lengths_.data(),
                            formats_.data(), binary_format) != 1)
        lose();
}

void PgConnection::send_describe(const char* name) {
    DR_CHECK(is_open());
    if (PQsendDescribePrepared(connection_, name) != 1) lose();
}

void PgConnection::send_sync() {
    DR_CHECK(is_open());
    if (PQpipelineSync(connection_) != 1) lose();
}

void PgConnection::send_flush() {
    DR_CHECK(is_open());
    if (PQsendFlushRequest(connection_) != 1) lose();
}

void PgConnection::push() {
    if (PQflush(connection_) < 0) lose();
}

void PgConnection::flush(Milliseconds within) {
    auto deadline = steady_now() + within;
    for (;;) {
        const int state = PQflush(connection_);
        if (state < 0) lose();
        if (state == 0) return;
        wait(For::writing_and_reading, deadline);
        deadline = steady_now() + within;
        take_in();
    }
}

// A server that is gone may have said why in its last words, which are read before the end is told.
void PgConnection::take_in() {
    if (PQconsumeInput(connection_) != 1) lose();
}

void PgConnection::wait(For what, Instant deadline) {
    // What TLS has decoded already, the socket will not tell of.
    if (auto* const tls = static_cast<SSL*>(PQsslStruct(connection_, "OpenSSL")); tls != nullptr) {
        if (SSL_pending(tls) > 0) return;
    }
    pollfd socket{PQsocket(connection_), POLLIN, 0};
    if (what == For::writing_and_reading) socket.events |= POLLOUT;
    for (;;) {
        const int ready = ::poll(&socket, 1, milliseconds_until(deadline));
        if (ready > 0) return;
        if (ready == 0 && steady_now() >= deadline) lose("no answer in time");
        if (ready < 0 && errno != EINTR) lose("waiting for the socket failed");
    }
}

PgResult PgConnection::next_result(Milliseconds within) {
    DR_CHECK(is_open());
    const auto deadline = steady_now() + within;
    while (PQisBusy(connection_) == 1) {
        if (PQflush(connection_) < 0) lose();
        wait(For::reading, deadline);
        take_in();
    }
    PgResult result(PQgetResult(connection_));
    if (result != nullptr && PQstatus(connection_) != CONNECTION_OK) {
        const char* const said = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
        lose(said != nullptr ? said : in_one_line(PQerrorMessage(connection_)));
    }
    return result;
}

bool PgConnection::answer_is_here() {
    take_in();
    return PQisBusy(connection_) == 0;
}

void PgConnection::run_script(const std::string& sql, Milliseconds within) {
    DR_CHECK(is_open());
    if (PQpipelineStatus(connection_) != PQ_PIPELINE_OFF && PQexitPipelineMode(connection_) != 1) lose();
    if (PQsendQuery(connection_, sql.c_str()) != 1) lose();
    flush(within);
    PgResult failed;
    while (auto result = next_result(within)) {
        if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) failed = std::move(result);
    }
    if (PQenterPipelineMode(connection_) != 1) lose();
    if (failed == nullptr) return;
    const char* const state = PQresultErrorField(failed.get(), PG_DIAG_SQLSTATE);
    const char* const said = PQresultErrorField(failed.get(), PG_DIAG_MESSAGE_PRIMARY);
    auto failure = pg_failure(state == nullptr ? "" : state, said == nullptr ? "" : said, sql);
    if (state != nullptr && ends_connection(state)) close();
    throw failure;
}

bool PgConnection::in_transaction() const {
    if (connection_ == nullptr) return false;
    const auto status = PQtransactionStatus(connection_);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

std::vector<PgConnection::Notice> PgConnection::await_notices(Milliseconds at_most, int wake_fd) {
    std::vector<Notice> notices;
    const auto take_notices = [&] {
        take_in();
        while (auto* const notice = PQnotifies(connection_)) {
            notices.push_back({notice->be_pid, notice->extra});
            PQfreemem(notice);
        }
    };
    DR_CHECK(is_open());
    take_notices();
    if (!notices.empty()) return notices;
    std::array<pollfd, 2> both{pollfd{PQsocket(connection_), POLLIN, 0}, pollfd{wake_fd, POLLIN, 0}};
    const int ready = ::poll(both.data(), both.size(), static_cast<int>(at_most.count()));
    if (ready > 0 && both[0].revents != 0) take_notices();
    return notices;
}

int PgConnection::server_pid() const { return connection_ == nullptr ? 0 : PQbackendPID(connection_); }

}  // namespace darkroom::store
