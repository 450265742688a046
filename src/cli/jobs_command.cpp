// `darkroom jobs get|watch|cancel|retry`: jobs that are known by their ids.
#include <boost/json/value.hpp>

#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/job_card.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

std::string job_path(const std::string& id) { return "/api/v1/jobs/" + id; }

json::object object_or_empty(Result<json::value, CallFailure> answer) {
    if (!answer || !answer->is_object()) return {};
    return std::move(answer->get_object());
}

/// Posts to each job in turn and prints what it is now; goes on after a refusal.
ExitCode post_to_each(Program& program, const std::string& action) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    std::vector<ExitCode> codes;
    std::vector<std::string> documents;
    for (const auto& id : program.line.ids) {
        Call call;
        call.method = ports::HttpMethod::post;
        call.path = job_path(id) + "/" + action;
        call.repeat_is_safe = false;  // the second answer would be that the job is not in that state any more
        const auto answer = connection->client->call(call);
        if (!answer) {
            const bool one = program.line.ids.size() == 1;
            if (!one) program.console.problem(id + ":");
            codes.push_back(program.complain(answer.error()));
            if (codes.back() == ExitCode::not_authorised || codes.back() == ExitCode::unreachable) break;
            continue;
        }
        codes.push_back(ExitCode::ok);
        documents.push_back(json_text(*answer));
        const auto view = answer->is_object() ? view_job(answer->get_object()) : std::nullopt;
        if (!program.line.json) program.console.result(id + "  " + printable(view ? view->status : "done"));
    }
    if (program.line.json) {
        std::string text = "[";
        for (const auto& document : documents) text += (text.size() == 1 ? "\n" : ",\n") + document;
        program.console.result(text + "\n]");
    }
    return combined(codes);
}

}  // namespace

ExitCode show_job(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto& id = program.line.ids.front();
    Call call;
    call.path = job_path(id);
    const auto job = connection->client->call(call);
    if (!job) return program.complain(job.error());
    if (program.line.json) {
        program.console.result(json_text(*job));
        return ExitCode::ok;
    }
    if (!job->is_object() || !view_job(job->get_object())) {
        return program.complain("the answer is not a job: is this a Darkroom server?", ExitCode::failed);
    }
    call.path += "/events";
    const auto events = object_or_empty(connection->client->call(call));
    for (const auto& line : job_card(job->get_object(), events, program.wiring.clock.now()))
        program.console.result(line);
    return ExitCode::ok;
}

ExitCode watch_jobs(Program& program) {
    std::optional<OutputNames> names;
    if (program.line.out_dir) {
        const std::filesystem::path folder = *program.line.out_dir;
        if (const auto prepared = prepare_output_folder(folder); !prepared)
            return program.complain(prepared.error(), ExitCode::usage);
        names.emplace(folder, std::set<FileIdentity>{});
    }
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    std::vector<Picture> pictures;
    for (const auto& id : program.line.ids) {
        Picture picture;
        picture.shown = id;
        picture.job_id = id;
        pictures.push_back(std::move(picture));
    }
    CrewPlan plan;
    plan.names = names ? &*names : nullptr;
    return follow(program, *connection, std::move(plan), std::move(pictures));
}

ExitCode cancel_jobs(Program& program) { return post_to_each(program, "cancel"); }

ExitCode retry_jobs(Program& program) {
    const auto code = post_to_each(program, "retry");
    if (code == ExitCode::ok && !program.line.json) {
        std::string ids;
        for (const auto& id : program.line.ids) ids += " " + id;
        program.console.note("To watch: darkroom jobs watch" + ids + program.server_flags());
    }
    return code;
}

}  // namespace darkroom::cli
