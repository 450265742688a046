// `darkroom jobs attempt|select`: another attempt with other params, and which attempt a job shows.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/ids.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/param_flags.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

std::string job_path(const Program& program) { return "/api/v1/jobs/" + program.line.ids.front(); }

Result<json::object, ExitCode> call_for_job(Program& program, GatewayClient& client, const Call& call) {
    auto answer = client.call(call);
    if (!answer) return Fail(program.complain(answer.error()));
    if (!answer->is_object() || !view_job(answer->get_object()))
        return Fail(
            program.complain("the answer is not a job: is this a Darkroom server?", ExitCode::failed));
    return std::move(answer->get_object());
}

/// What -p says, over the params that the job was sent with; or --params alone.
Result<json::object, ExitCode> wanted_params(Program& program, const json::object& flags,
                                             GatewayClient& client) {
    if (program.line.params_json) {
        auto parsed = parse_json(*program.line.params_json);
        if (!parsed || !parsed->is_object())
            return Fail(program.complain("--params takes a JSON object, as in '{\"denoise\": 0.5}'",
                                         ExitCode::usage));
        return std::move(parsed->get_object());
    }
    Call call;
    call.path = job_path(program);
    const auto job = call_for_job(program, client, call);
    if (!job) return Fail(job.error());
    json::object params;
    if (const auto* sent = object_member(*job, "params")) params = *sent;
    merge_params(params, flags);
    return params;
}

/// The id of an attempt that was named by its number.
Result<std::string, ExitCode> attempt_id(Program& program, GatewayClient& client) {
    const auto& name = program.line.attempt;
    if (const auto id = AttemptId::parse(name)) return id->str();
    Call call;
    call.path = job_path(program);
    const auto job = call_for_job(program, client, call);
    if (!job) return Fail(job.error());
    const auto* attempts = array_member(*job, "attempts");
    for (const auto& entry : attempts != nullptr ? *attempts : json::array()) {
        const auto* attempt = entry.if_object();
        if (attempt != nullptr && std::to_string(number_member(*attempt, "number")) == name)
            return text_member(*attempt, "id");
    }
    const auto count = attempts != nullptr ? attempts->size() : 0;
    return Fail(program.complain("the job has no attempt " + name + "; it has " + counted(count, "attempt"),
                                 ExitCode::not_found));
}

}  // namespace

ExitCode attempt_job(Program& program) {
    const auto flags = params_from_flags(program.line.params);
    if (!flags) return program.complain(flags.error(), ExitCode::usage);
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto params = wanted_params(program, *flags, *connection->client);
    if (!params) return params.error();
    JsonWriter body;
    body.begin_object().raw_member("params", json_text(*params));
    if (!program.line.backend.empty()) body.member("backend", program.line.backend);
    body.end_object();
    Call call{ports::HttpMethod::post, job_path(program) + "/attempts", body.take(), {}};
    call.repeat_is_safe = false;  // the second one would be refused, or be another attempt
    const auto job = call_for_job(program, *connection->client, call);
    if (!job) return job.error();
    const auto& id = program.line.ids.front();
    program.console.result(program.line.json ? json_text(*job)
                                             : id + "  " + printable(text_member(*job, "status")));
    if (!program.line.json)
        program.console.note("To watch: darkroom jobs watch " + id + program.server_flags());
    return ExitCode::ok;
}

ExitCode select_attempt(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto attempt = attempt_id(program, *connection->client);
    if (!attempt) return attempt.error();
    JsonWriter body;
    body.begin_object().member("attempt_id", *attempt).end_object();
    const auto job =
        call_for_job(program, *connection->client,
                     {ports::HttpMethod::put, job_path(program) + "/selected_attempt", body.take(), {}});
    if (!job) return job.error();
    program.console.result(program.line.json
                               ? json_text(*job)
                               : program.line.ids.front() + "  shows attempt " + program.line.attempt);
    return ExitCode::ok;
}

}  // namespace darkroom::cli
