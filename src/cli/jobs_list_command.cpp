// `darkroom jobs list`: the newest jobs as a table, page by page until the limit.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/json_writer.h"
#include "base/percent.h"
#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

constexpr int page_max = 100;

std::string page_path(const CommandLine& line, int count, const std::string& cursor) {
    std::string path = "/api/v1/jobs?limit=" + std::to_string(count);
    if (!line.statuses.empty()) {
        path += "&status=";
        for (std::size_t i = 0; i < line.statuses.size(); ++i) path += (i == 0 ? "" : ",") + line.statuses[i];
    }
    if (!line.type.empty()) path += "&type=" + percent_encode(line.type);
    if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor);
    return path;
}

struct JobList {
    std::vector<json::object> jobs;
    std::string next_cursor;  // empty = there are no more
};

Result<JobList, CallFailure> fetch_list(Program& program, GatewayClient& client) {
    JobList list;
    do {
        const auto missing = program.line.limit - static_cast<int>(list.jobs.size());
        Call call;
        call.path = page_path(program.line, std::min(missing, page_max), list.next_cursor);
        const auto answer = client.call(call);
        if (!answer) return Fail(answer.error());
        const auto* document = answer->if_object();
        const auto* jobs = document == nullptr ? nullptr : array_member(*document, "jobs");
        if (jobs == nullptr) {
            return Fail(CallFailure{CallFailure::Kind::not_understood,
                                    {},
                                    "the answer is not a list of jobs: is this a Darkroom server?"});
        }
        for (const auto& job : *jobs) {
            if (job.is_object()) list.jobs.push_back(job.get_object());
        }
        list.next_cursor = text_member(*document, "next_cursor");
        if (jobs->empty()) break;  // a cursor that leads nowhere must not be followed for ever
    } while (!list.next_cursor.empty() && static_cast<int>(list.jobs.size()) < program.line.limit);
    return list;
}

void print_json(Program& program, const JobList& list) {
    JsonWriter writer;
    writer.begin_object().key("jobs").begin_array();
    for (const auto& job : list.jobs) writer.raw(json_text(job));
    writer.end_array().key("next_cursor");
    list.next_cursor.empty() ? writer.null() : writer.value(list.next_cursor);
    program.console.result(writer.end_object().take());
}

Table as_table(const JobList& list, TimePoint now) {
    Table table({"ID", "TYPE", "STATUS", "ERROR", "TRY", "AGE", "FILE"});
    for (const auto& job : list.jobs) {
        const auto view = view_job(job);
        if (!view) continue;
        table.add({view->id, view->type, view->status, view->error_code, std::to_string(view->attempt_count),
                   view->created_at ? human_age(now - *view->created_at) : "", view->file});
    }
    return table;
}

}  // namespace

ExitCode list_jobs(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto list = fetch_list(program, *connection->client);
    if (!list) return program.complain(list.error());
    if (program.line.json) {
        print_json(program, *list);
        return ExitCode::ok;
    }
    const auto table = as_table(*list, program.wiring.clock.now());
    const auto lines = program.line.plain ? table.plain_lines() : table.lines(program.console.table_width());
    if (table.empty()) {
        program.console.note("No jobs" +
                             std::string(program.line.statuses.empty() && program.line.type.empty()
                                             ? " yet."
                                             : " like that."));
        return ExitCode::ok;
    }
    for (const auto& line : lines) program.console.result(line);
    if (!list->next_cursor.empty()) program.console.note("There are more; --limit shows them.");
    return ExitCode::ok;
}

}  // namespace darkroom::cli
