#include "cli/job_steps.h"

#include <boost/json/value.hpp>

#include "base/json_writer.h"
#include "cli/json_text.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;
using Kind = CallFailure::Kind;

constexpr int transfer_tries_max = 4;
constexpr Milliseconds held_answer_extra{15'000};  // beyond the wait, for the answer to arrive

StepFailure not_understood(const std::string& what) {
    return {"server_not_understood", "the server's answer lacks " + what + ": is this a Darkroom server?"};
}

struct UploadTicket {
    std::string id;
    std::string url;
    ports::HttpFields headers;
};

Result<UploadTicket, StepFailure> ask_for_upload(GatewayClient& client, const InputFile& file) {
    JsonWriter body;
    body.begin_object()
        .member("filename", file.path.filename().string())
        .member("bytes", file.bytes)
        .end_object();
    const auto answer = client.call({ports::HttpMethod::post, "/api/v1/uploads", body.take(), {}});
    if (!answer) return Fail(as_step_failure(answer.error()));
    const auto* upload = answer->if_object();
    if (upload == nullptr) return Fail(not_understood("the upload"));
    UploadTicket ticket{text_member(*upload, "id"), text_member(*upload, "url"), {}};
    if (ticket.id.empty() || ticket.url.empty()) return Fail(not_understood("the upload's address"));
    if (const auto* headers = object_member(*upload, "headers")) {
        for (const auto& [name, value] : *headers) {
            if (value.is_string())
                ticket.headers.emplace_back(std::string(name), std::string(value.get_string()));
        }
    }
    return ticket;
}

/// A cut connection and a store that is busy may get better; what the server says about this very file does
/// not.
bool may_get_better(const CallFailure& failure) {
    if (failure.kind == Kind::unreachable) return true;
    return failure.kind == Kind::refused && (failure.problem.status == 429 || failure.problem.status >= 500);
}

/// After a break it is unknown whether the first upload is complete, so a new one is asked for each time.
Result<std::string, StepFailure> upload(GatewayClient& client, const InputFile& file,
                                        const std::function<void(std::uint64_t)>& on_progress) {
    for (int tries = 1;; ++tries) {
        const auto ticket = ask_for_upload(client, file);
        if (!ticket) return Fail(ticket.error());
        const auto put = client.put_file({ticket->url, ticket->headers, file.path, file.bytes, on_progress});
        if (put) return ticket->id;
        if (!may_get_better(put.error()) || tries == transfer_tries_max)
            return Fail(as_step_failure(put.error()));
        const auto pause = client.pause_before_repeat(tries, Milliseconds(0), std::nullopt);
        if (!pause || !client.stop().pause(*pause)) return Fail(as_step_failure(put.error()));
        if (on_progress) on_progress(0);
    }
}

Result<json::object, StepFailure> as_job(Result<json::value, CallFailure> answer) {
    if (!answer) return Fail(as_step_failure(answer.error()));
    auto* job = answer->if_object();
    if (job == nullptr || !view_job(*job)) return Fail(not_understood("the job"));
    return std::move(*job);
}

}  // namespace

StepFailure as_step_failure(const CallFailure& failure) {
    StepFailure step;
    step.message = failure.sentence();
    step.exit_code = failure.exit_code();
    step.stopped = failure.kind == Kind::stopped;
    switch (failure.kind) {
        case Kind::refused:
            step.code = failure.by_storage             ? "storage_refused"
                        : failure.problem.code.empty() ? "http_" + std::to_string(failure.problem.status)
                                                       : failure.problem.code;
            step.ends_run = failure.problem.concerns_every_file();
            break;
        case Kind::unreachable:
            step.code = "server_unreachable";
            step.ends_run = true;  // it was waited for long enough already
            break;
        case Kind::not_understood:
            step.code = "server_not_understood";
            break;
        case Kind::stopped:
            step.code = "stopped";
            break;
    }
    return step;
}

Result<json::object, StepFailure> send_picture(GatewayClient& client, const SendOrder& order) {
    const auto upload_id = upload(client, order.file, order.on_progress);
    if (!upload_id) return Fail(upload_id.error());
    std::string mask_id;
    if (order.mask) {
        auto sent = upload(client, *order.mask, {});
        if (!sent) return Fail(sent.error());
        mask_id = *std::move(sent);
    }
    JsonWriter body;
    body.begin_object().member("type", order.type);
    if (order.steps.empty()) {
        body.raw_member("params", json_text(order.params));
    } else {
        body.raw_member("steps", json_text(order.steps));
    }
    if (!order.backend.empty()) body.member("backend", order.backend);
    body.key("inputs").begin_array().begin_object().member("upload", *upload_id).end_object();
    if (order.mask) body.begin_object().member("upload", mask_id).member("name", "mask").end_object();
    body.end_array();
    body.key("metadata").begin_object().member("cli_file", order.file.path.filename().string()).end_object();
    body.end_object();
    return as_job(client.call({ports::HttpMethod::post,
                               "/api/v1/jobs",
                               body.take(),
                               {{"Idempotency-Key", order.idempotency_key}}}));
}

Result<json::object, StepFailure> wait_for_job(GatewayClient& client, const std::string& id,
                                               Milliseconds wait) {
    Call call;
    call.path = "/api/v1/jobs/" + id;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    if (seconds > 0) call.headers.emplace_back("Prefer", "wait=" + std::to_string(seconds));
    call.timeout = wait + held_answer_extra;
    return as_job(client.call(call));
}

namespace {

/// One try. The failure of a transfer that may work with a fresh link or another try says so in `again`.
Result<std::filesystem::path, StepFailure> fetch_once(GatewayClient& client, const OutputView& output,
                                                      const std::filesystem::path& path, bool& again) {
    again = false;
    auto file = OutputFile::create(path, client.random().number());
    if (!file) return Fail(StepFailure{"file_not_written", file.error()});
    bool too_long = false;
    const auto fetched = client.download(output.url, output.bytes, [&](std::string_view piece) {
        too_long = output.bytes > 0 && file->bytes() + piece.size() > output.bytes;
        return !too_long && !client.stop().asked() && file->write(piece);
    });
    if (!file->error().empty()) return Fail(StepFailure{"file_not_written", file->error()});
    if (!fetched && !too_long) {
        const auto status = fetched.error().kind == Kind::refused ? fetched.error().problem.status : 0;
        again = may_get_better(fetched.error()) || status == 401 || status == 403 || status == 404 ||
                status == 410;
        auto failure = as_step_failure(fetched.error());
        failure.ends_run = false;
        return Fail(std::move(failure));
    }
    const bool whole = !too_long && (output.bytes == 0 || file->bytes() == output.bytes);
    if (!whole || (!output.sha256.empty() && file->digest() != output.sha256)) {
        again = true;
        return Fail(StepFailure{"download_damaged", "the result did not arrive as the server described it"});
    }
    if (const auto kept = file->keep(); !kept) return Fail(StepFailure{"file_not_written", kept.error()});
    return path;
}

}  // namespace

Result<std::filesystem::path, StepFailure> fetch_result(GatewayClient& client, const JobView& job,
                                                        const std::string& file, OutputNames& names) {
    if (!job.main_output) return Fail(not_understood("the result"));
    if (job.outputs_removed_at) {
        return Fail(StepFailure{
            "outputs_removed",
            "the results were kept until " + format_rfc3339(*job.outputs_removed_at) + "; they are gone"});
    }
    auto output = *job.main_output;
    const auto path = names.claim(file.empty() ? job.id : file, job.type, output.content_type);
    for (int tries = 1;; ++tries) {
        bool again = false;
        auto fetched = fetch_once(client, output, path, again);
        if (fetched || !again || tries == transfer_tries_max) return fetched;
        const auto pause = client.pause_before_repeat(tries, Milliseconds(0), std::nullopt);
        if (!pause || !client.stop().pause(*pause)) return fetched;
        const auto fresh = wait_for_job(client, job.id, Milliseconds(0));
        if (!fresh) return Fail(fresh.error());
        if (const auto view = view_job(*fresh); view->main_output) output.url = view->main_output->url;
    }
}

}  // namespace darkroom::cli
