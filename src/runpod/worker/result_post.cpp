#include "runpod/worker/result_post.h"

#include <algorithm>
#include <fstream>

#include "base/log.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

/// Gone when the report is delivered or given up.
class BodyFile {
public:
    explicit BodyFile(const std::filesystem::path& path) : path_(path) {}
    BodyFile(const BodyFile&) = delete;
    BodyFile& operator=(const BodyFile&) = delete;
    ~BodyFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    bool end_with(std::string_view text) const {
        std::ofstream out(path_, std::ios::binary | std::ios::app);
        out << text;
        out.close();
        return out.good();
    }

private:
    const std::filesystem::path& path_;
};

}  // namespace

Delivery ResultPost::deliver(const RemoteJobId& job, const JobReport& report, Interruptible& halt) {
    const Instant deadline = clock_.monotonic() + limits_.done_patience;
    int status = 0;
    auto delivery = deliver_within(job, report, deadline, halt, status);
    if (delivery == Delivery::refused && (status == 400 || status == 413)) {
        log::warning("the endpoint refused a result; saying the essential only", {{"job", job.str()}});
        delivery = send_until(job, request_for(job, write_done_report(report.small)), deadline, halt, status);
    }
    switch (delivery) {
        case Delivery::delivered:
            log::info("job reported", {{"job", job.str()}});
            break;
        case Delivery::gone:
            log::info("the endpoint does not know this job any more", {{"job", job.str()}});
            break;
        case Delivery::refused:
            log::error("the endpoint refused the end of a job", {{"job", job.str()}, {"status", status}});
            break;
        case Delivery::unreachable:
            log::error("the end of a job could not be delivered", {{"job", job.str()}});
            break;
        case Delivery::stopped:
            break;
    }
    return delivery;
}

Delivery ResultPost::deliver_within(const RemoteJobId& job, const JobReport& report, Instant deadline,
                                    Interruptible& halt, int& last_status) {
    if (report.body_file.empty()) {
        auto body = write_done_report(report.whole);
        if (body.size() > limits_.done_bytes_max) body = write_done_report(report.small);
        return send_until(job, request_for(job, std::move(body)), deadline, halt, last_status);
    }
    const BodyFile file(report.body_file);
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(report.body_file, failed);
    if (failed || bytes > limits_.done_file_bytes_max ||
        !file.end_with(report.whole.stop_worker ? R"(,"stopPod":true})" : "}"))
        return send_until(job, request_for(job, write_done_report(report.small)), deadline, halt,
                          last_status);
    auto request = request_for(job, {});
    request.body_file = ports::FileSlice{report.body_file, 0, std::nullopt};
    return send_until(job, std::move(request), deadline, halt, last_status);
}

ports::OutgoingRequest ResultPost::request_for(const RemoteJobId& job, std::string body) const {
    auto request = platform_request(settings_, ports::HttpMethod::post, urls_.done(job));
    request.headers.emplace_back("X-Request-ID", job.str());
    request.body = std::move(body);
    return request;
}

Delivery ResultPost::send_until(const RemoteJobId& job, ports::OutgoingRequest request, Instant deadline,
                                Interruptible& halt, int& last_status) {
    Backoff backoff(random_);
    request.stop_fd = halt.stop_fd();
    for (;;) {
        if (halt.is_stopped()) return Delivery::stopped;
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
        const auto wait = request.body_file ? limits_.file_post_wait : limits_.post_wait;
        request.total_timeout = std::clamp(left, Milliseconds(1'000), wait);
        const auto answer = http_.fetch(request);
        if (answer) last_status = answer->status;
        if (answer && is_success(answer->status)) return Delivery::delivered;
        if (answer && answer->status == 404) return Delivery::gone;
        if (!is_worth_another_try(answer)) return halt.is_stopped() ? Delivery::stopped : Delivery::refused;
        const auto pause = backoff.next();
        if (clock_.monotonic() + pause >= deadline) return Delivery::unreachable;
        log::info("the end of a job was not taken; trying again",
                  {{"job", job.str()}, {"pause_ms", static_cast<std::int64_t>(pause.count())}});
        if (!halt.pause(pause)) return Delivery::stopped;
    }
}

}  // namespace darkroom::runpod::worker
