#include "runpod/protocol/worker_urls.h"

#include "base/percent.h"
#include "runpod/protocol/object_reader.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t url_bytes_max = 4096;
constexpr std::string_view take_part = "/job-take/";
constexpr std::string_view job_placeholder = "$ID";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

// Everything that does not depend on a job: worker, kind of GPU, and a query to append to.
std::string prepared(const std::string& url, const WorkerIdentity& identity) {
    if (url.empty()) return url;
    auto text = replaced(url, "$RUNPOD_POD_ID", percent_encode(identity.worker_id));
    text = replaced(std::move(text), "$RUNPOD_GPU_TYPE_ID", percent_encode(identity.gpu_type_id));
    if (text.find('?') == std::string::npos) text.push_back('?');
    return text;
}

std::string with_query(std::string url, std::string_view query) {
    if (!url.ends_with('?') && !url.ends_with('&')) url.push_back('&');
    url += query;
    return url;
}

std::string derived(const std::string& take, std::string_view part) {
    const auto at = take.substr(0, take.find('?')).rfind(take_part);
    if (at == std::string::npos) return {};
    return std::string(take).replace(at, take_part.size(), part);
}

bool usable(const std::string& url) {
    return url.size() <= url_bytes_max && is_http_url(url) && url.find('#') == std::string::npos;
}

}  // namespace

Result<WorkerUrls, ProtocolError> WorkerUrls::make(const WorkerUrlTemplates& templates,
                                                   const WorkerIdentity& identity) {
    if (identity.worker_id.empty()) return Fail(ProtocolError{"the worker has no id (RUNPOD_POD_ID)"});
    WorkerUrls urls;
    urls.take_ =
        replaced(prepared(templates.get_job, identity), job_placeholder, percent_encode(identity.worker_id));
    urls.done_ = prepared(templates.post_output, identity);
    urls.stream_ = prepared(templates.post_stream, identity);
    urls.ping_ =
        replaced(prepared(templates.ping, identity), job_placeholder, percent_encode(identity.worker_id));
    if (!usable(urls.take_)) return Fail(ProtocolError{"RUNPOD_WEBHOOK_GET_JOB is no usable URL"});
    if (!usable(urls.done_)) return Fail(ProtocolError{"RUNPOD_WEBHOOK_POST_OUTPUT is no usable URL"});
    if (!urls.stream_.empty() && !usable(urls.stream_))
        return Fail(ProtocolError{"RUNPOD_WEBHOOK_POST_STREAM is no usable URL"});
    if (!urls.ping_.empty() && !usable(urls.ping_))
        return Fail(ProtocolError{"RUNPOD_WEBHOOK_PING is no usable URL"});
    urls.batch_ = derived(urls.take_, "/job-take-batch/");
    urls.stop_ = derived(urls.take_, "/job-stop/");
    return urls;
}

std::string WorkerUrls::take(bool job_in_progress) const {
    return with_query(take_, job_in_progress ? "job_in_progress=1" : "job_in_progress=0");
}

std::optional<std::string> WorkerUrls::take_batch(int batch_size, bool job_in_progress) const {
    if (batch_.empty()) return std::nullopt;
    return with_query(batch_, "batch_size=" + std::to_string(batch_size) +
                                  (job_in_progress ? "&job_in_progress=1" : "&job_in_progress=0"));
}

std::optional<std::string> WorkerUrls::stop() const {
    if (stop_.empty()) return std::nullopt;
    return stop_;
}

std::string WorkerUrls::done(const RemoteJobId& job, bool is_stream) const {
    return with_query(replaced(done_, job_placeholder, job.str()),
                      is_stream ? "isStream=true" : "isStream=false");
}

std::optional<std::string> WorkerUrls::stream(const RemoteJobId& job) const {
    if (stream_.empty()) return std::nullopt;
    return with_query(replaced(stream_, job_placeholder, job.str()), "isStream=false");
}

std::optional<std::string> WorkerUrls::ping(std::string_view query) const {
    if (ping_.empty()) return std::nullopt;
    return with_query(ping_, query);
}

}  // namespace darkroom::runpod
