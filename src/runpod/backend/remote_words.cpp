#include "runpod/backend/remote_words.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "runpod/protocol/comfy_answer.h"
#include "runpod/protocol/comfy_error.h"
#include "runpod/protocol/output_path.h"
#include "runpod/protocol/submit.h"
#include "runpod/protocol/worker_error.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::JobError;
using ports::RemotePhase;

constexpr std::size_t owner_bytes_max = 300;
constexpr std::size_t worker_id_bytes_max = 64;
// Signatures and attempt tokens are longer, ids and words are shorter.
constexpr std::size_t secret_bytes_min = 40;
constexpr std::size_t searched_bytes_max = 4096;
constexpr std::array<std::string_view, 4> roles{"main", "mask", "preview", "report"};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

bool speaks_of_memory(const std::string& lower) {
    constexpr std::array<std::string_view, 7> signs{
        "out of memory", "outofmemory", "out_of_memory", "oomkilled", "oom-kill", "bad_alloc", "memoryerror"};
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return lower.find(sign) != std::string::npos; });
}

bool is_of_secrets(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '%' || c == '+' || c == '=';
}

/// A worker's words without what may be a signature or a token: some print all that they were given.
std::string for_operator(std::string_view message) {
    std::string shown;
    message = message.substr(0, searched_bytes_max);  // more than is shown: no secret is cut in two
    while (!message.empty()) {
        const auto* const other = std::find_if_not(message.begin(), message.end(), is_of_secrets);
        const auto word = static_cast<std::size_t>(other - message.begin());
        shown.append(word < secret_bytes_min ? message.substr(0, word) : "***");
        message.remove_prefix(word);
        shown.append(message.substr(0, 1));
        if (!message.empty()) message.remove_prefix(1);
    }
    return shown.substr(0, 2 * owner_bytes_max);
}

/// Of a code that Darkroom's own worker gave.
JobError told(ErrorCode code, std::string_view message) {
    // Only Darkroom itself may say that an attempt does not count: a worker that says so would go on for
    // ever.
    if (core::traits(code).retry == core::RetryRule::not_counted)
        return plain_error(ErrorCode::worker_crashed);
    auto error = plain_error(code);
    if (auto line = for_owner(message); !line.empty()) error.message = std::move(line);
    return error;
}

Failure<std::string> not_believed(const WorkFile& file, std::string_view why) {
    return Fail("a file of role " + file.role + " is not believed: " + std::string(why));
}

Result<ports::RemoteFile, std::string> believed_file(const WorkFile& file, const JobId& job,
                                                     const AttemptId& attempt) {
    const auto prefix = core::ObjectKey::worker_output_prefix(job, attempt);
    const auto text =
        file.path.empty() ? check_reported_key(file.key, prefix) : key_of_path(file.path, prefix);
    if (!text) return not_believed(file, describe(text.error()));
    const auto key = core::ObjectKey::parse(*text);
    const auto extension = core::extension_of(file.content_type);
    if (!key || !extension) return not_believed(file, "no picture has such a name or type");
    if (*key != core::ObjectKey::worker_output(job, attempt, file.role, *extension))
        return not_believed(file, "its name does not fit its role and type");
    return ports::RemoteFile{file.role, *key, "", file.content_type, file.bytes, file.sha256};
}

void tell_failure(ports::RemoteLook& look, JobError error) {
    look.phase = error.code == ErrorCode::cancelled ? RemotePhase::cancelled : RemotePhase::failed;
    look.error = std::move(error);
}

void tell_result(ports::RemoteLook& look, const WorkResult& result, const ports::RemoteTask& task) {
    if (result.duplicate) {
        look.phase = RemotePhase::duplicate;
        return;
    }
    auto files = believed(result, task.job, task.attempt);
    if (files) {
        look.phase = RemotePhase::succeeded;
        look.result = *std::move(files);
        return;
    }
    log::warning("a worker's result is refused",
                 {{"job", task.job.str()}, {"remote_id", task.remote_id}, {"why", files.error()}});
    tell_failure(look, {ErrorCode::output_invalid, "The worker named an output that is not this job's."});
}

/// False: the output is none of a foreign worker's.
bool tell_foreign_output(ports::RemoteLook& look, const std::string& output, const ports::RemoteTask& task,
                         const ForeignLayout& layout) {
    const auto answer = parse_comfy_answer(output);
    if (answer && !*answer) return false;
    if (answer) {
        auto result = foreign_result(**answer, task.job, task.attempt, layout);
        if (result) {
            look.phase = RemotePhase::succeeded;
            look.result = *std::move(result);
        } else {
            tell_failure(look, result.error());
        }
        return true;
    }
    log::warning("an answer of a foreign worker is refused",
                 {{"job", task.job.str()}, {"remote_id", task.remote_id}, {"why", answer.error().detail}});
    tell_failure(look, {ErrorCode::output_invalid,
                        "The worker's answer cannot be used: " + answer.error().detail + "."});
    return true;
}

void tell_output(ports::RemoteLook& look, const JobObject& job, const ports::RemoteTask& task,
                 const ForeignLayout& layout) {
    if (!job.output_json) {  // none, or too large to be taken: the storage knows
        look.phase = RemotePhase::succeeded;
        return;
    }
    if (tell_foreign_output(look, *job.output_json, task, layout)) return;
    const auto result = parse_work_result(*job.output_json);
    if (result) return tell_result(look, *result, task);
    log::warning("an output is no result of a Darkroom worker",
                 {{"job", task.job.str()}, {"remote_id", task.remote_id}, {"why", result.error().detail}});
    tell_failure(look, {ErrorCode::output_invalid,
                        "The endpoint's worker answered, but not as a Darkroom worker does."});
}

void tell_execution(ports::RemoteLook& look, Milliseconds execution, const Price& price) {
    // Nothing runs longer; what is told beyond is a mistake that must not become a sum of money.
    look.execution = std::clamp(execution, Milliseconds(0), policy_time_max);
    look.cost_micro_usd = cost_of(*look.execution, price);
    look.gpu = price.gpu;
}

}  // namespace

std::string for_owner(std::string_view message) {
    if (message.find("Traceback (most recent") != std::string_view::npos) return {};
    auto end = std::min(message.size(), owner_bytes_max);
    while (end > 0 && end < message.size() && (static_cast<unsigned char>(message[end]) & 0xc0u) == 0x80u)
        --end;
    std::string line(message.substr(0, end));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; },
        ' ');
    return line;
}

std::int64_t cost_of(Milliseconds execution, const Price& price) {
    return (execution.count() * price.micro_usd_per_second + 999) / 1000;
}

Result<ports::RemoteResult, std::string> believed(const WorkResult& result, const JobId& job,
                                                  const AttemptId& attempt) {
    ports::RemoteResult out;
    for (const auto& file : result.files) {
        if (file.role == "thumbnail") continue;
        if (std::find(roles.begin(), roles.end(), file.role) == roles.end())
            return not_believed(file, "there is no such role");
        auto one = believed_file(file, job, attempt);
        if (!one) return Fail(std::move(one).error());
        const auto same_role = [&](const ports::RemoteFile& other) { return other.role == file.role; };
        if (std::any_of(out.files.begin(), out.files.end(), same_role))
            return not_believed(file, "there are two of this role");
        out.files.push_back(*std::move(one));
    }
    out.execution = result.execution;
    out.measures_json = result.measures_json;
    out.warnings_json = result.warnings_json;
    return out;
}

JobError error_of(std::string_view text, std::string_view details) {
    const auto error = read_worker_error(text);
    if (const auto code = core::parse_error_code(error.type)) return told(*code, error.message);
    if (speaks_of_memory(lower_case(error.type + " " + error.message)))
        return plain_error(ErrorCode::worker_oom);
    if (const auto code = comfy_error_code(error.type + " " + error.message + " " + std::string(details)))
        return plain_error(*code);
    return plain_error(
        ErrorCode::worker_crashed);  // "job timed out after 1 retries" as well: its workers died
}

ports::RemoteLook look_of(const JobObject& job, const ports::RemoteTask& task, const Price& price,
                          const ForeignLayout& layout) {
    ports::RemoteLook look;
    if (job.delay) look.delay = std::clamp(*job.delay, Milliseconds(0), policy_time_max);
    if (job.execution) tell_execution(look, *job.execution, price);
    look.worker = for_owner(job.worker_id.value_or("")).substr(0, worker_id_bytes_max);
    switch (job.state) {
        case JobState::unknown:
            break;
        case JobState::in_queue:
            look.phase = RemotePhase::queued;
            break;
        case JobState::in_progress:
            look.phase = RemotePhase::running;
            break;
        case JobState::completed:
            tell_output(look, job, task, layout);
            break;
        case JobState::failed:
            tell_failure(look, error_of(job.error.value_or(""), job.output_json.value_or("")));
            log::info("a remote job failed", {{"job", task.job.str()},
                                              {"remote_id", task.remote_id},
                                              {"code", core::to_string(look.error->code)},
                                              {"why", for_operator(job.error.value_or(""))}});
            break;
        case JobState::timed_out:
            tell_failure(look, plain_error(ErrorCode::timeout));
            break;
        case JobState::cancelled:
            tell_failure(look, plain_error(ErrorCode::cancelled));
            break;
    }
    return look;
}

Result<ports::RemoteLook, std::string> look_of(const WorkCallback& callback, const ports::RemoteTask& task,
                                               const Price& price) {
    if (callback.job_id != task.job.str() || callback.attempt != task.attempt)
        return Fail(std::string("the report speaks of another attempt"));
    if (callback.remote_id.str() != task.remote_id)
        return Fail(std::string("the report speaks of another remote job"));
    ports::RemoteLook look;
    look.worker = callback.worker_id.substr(0, worker_id_bytes_max);
    if (callback.failure) {
        const auto& failure = *callback.failure;
        const auto code = core::parse_error_code(failure.code);
        tell_failure(look, code ? told(*code, failure.message) : plain_error(ErrorCode::worker_crashed));
    } else if (callback.result) {
        if (callback.result->execution > Milliseconds(0))
            tell_execution(look, callback.result->execution, price);
        tell_result(look, *callback.result, task);
    } else {
        return Fail(std::string("the report tells no end"));
    }
    return look;
}

}  // namespace darkroom::runpod
