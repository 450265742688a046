// `darkroom users list|share`: whose jobs wait and are at work, and how much of the work is done for whom.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr int user_pages_max = 10'000;  // of a thousand: a server that never ends must not keep us

std::string limit_of(const json::object& user) {
    const auto* limit = user.if_contains("inflight_max");
    if (limit == nullptr || !limit->is_number()) return "";
    return std::to_string(number_member(user, "inflight_max"));
}

Result<json::array, ExitCode> fetch_users(Program& program, GatewayClient& client) {
    json::array users;
    std::string cursor;
    for (int page = 0; page < user_pages_max; ++page) {
        std::string path = "/api/v1/admin/users?limit=1000";
        if (!cursor.empty()) path += "&cursor=" + cursor;
        const auto answer = client.call({ports::HttpMethod::get, path, {}, {}});
        if (!answer) return Fail(program.complain(answer.error()));
        const auto* document = answer->if_object();
        const auto* found = document == nullptr ? nullptr : array_member(*document, "users");
        if (found == nullptr)
            return Fail(program.complain("the server does not tell its users: is it a Darkroom server?",
                                         ExitCode::failed));
        users.insert(users.end(), found->begin(), found->end());
        const auto next = text_member(*document, "next_cursor");
        if (next.empty() || next <= cursor || !UserId::parse(next)) return users;
        cursor = next;
    }
    return users;
}

}  // namespace

ExitCode list_users(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto users = fetch_users(program, *connection->client);
    if (!users) return users.error();
    if (program.line.json) {
        program.console.result(json_text(json::object{{"users", *users}}));
        return ExitCode::ok;
    }
    Table table({"USER", "WEIGHT", "AT MOST", "WAITING", "AT WORK"});
    for (const auto& entry : *users) {
        const auto* user = entry.if_object();
        if (user == nullptr) continue;
        table.add({text_member(*user, "user_id"), std::to_string(number_member(*user, "weight")),
                   limit_of(*user), std::to_string(number_member(*user, "waiting")),
                   std::to_string(number_member(*user, "at_work"))});
    }
    const auto lines = program.line.plain ? table.plain_lines() : table.lines(program.console.table_width());
    if (program.line.plain || !table.empty()) {
        for (const auto& line : lines) program.console.result(line);
    }
    if (table.empty()) program.console.note("nobody has jobs in the queue or a share of his own.");
    return ExitCode::ok;
}

ExitCode share_user(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    Call call;
    call.path = "/api/v1/admin/users/" + program.line.user + "/share";
    if (program.line.weight || program.line.inflight_max) {
        JsonWriter body;
        body.begin_object();
        if (program.line.weight) body.member("weight", *program.line.weight);
        if (program.line.inflight_max) body.member("inflight_max", *program.line.inflight_max);
        body.end_object();
        call.method = ports::HttpMethod::put;
        call.body = body.take();
    }
    const auto answer = connection->client->call(call);
    if (!answer) return program.complain(answer.error());
    const auto* share = answer->if_object();
    if (share == nullptr || text_member(*share, "user_id") != program.line.user)
        return program.complain("the answer is not a share: is this a Darkroom server?", ExitCode::failed);
    if (program.line.json) {
        program.console.result(json_text(*share));
        return ExitCode::ok;
    }
    const auto limit = limit_of(*share);
    program.console.result(
        printable(program.line.user) + ": weight " + std::to_string(number_member(*share, "weight")) + ", " +
        (limit.empty() ? "no limit" : "at most " + limit) + " at work at a time on each kind of backend");
    return ExitCode::ok;
}

}  // namespace darkroom::cli
