#include "imaging/pool/process_pool.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/json.h"
#include "base/log.h"
#include "core/image_header.h"
#include "imaging/pool/conversation.h"
#include "imaging/wire/packet.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;
using std::chrono::steady_clock;

JobError file_error(int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    log::error("cannot make a file for a result", {{"errno", error}});
    return plain_error(full ? ErrorCode::storage_full : ErrorCode::internal);
}

// After these a process has done nothing out of the ordinary. After others its libraries have met bytes that
// broke them, and a new process costs 50 ms.
bool stays_trusted(ErrorCode code) {
    switch (code) {
        case ErrorCode::no_subject:
        case ErrorCode::region_missing:
        case ErrorCode::region_out_of_bounds:
        case ErrorCode::region_too_large:
        case ErrorCode::mask_size_mismatch:
        case ErrorCode::compliance_failed:
        case ErrorCode::params_invalid:
        case ErrorCode::recipe_not_found:
        case ErrorCode::input_too_large:
        case ErrorCode::input_too_small:
        case ErrorCode::input_animated:
        case ErrorCode::input_unsupported_format:
            return true;
        default:
            return false;
    }
}

class FileSource final : public core::ByteSource {
public:
    explicit FileSource(int file) : file_(file) {}
    std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
        const ssize_t bytes = ::pread(file_, into.data(), into.size(), static_cast<off_t>(offset));
        return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
    }

private:
    int file_;
};

bool is_report(int file) {
    constexpr std::size_t report_bytes_max = 64u << 10;
    std::string text(report_bytes_max + 1, '\0');
    FileSource source(file);
    text.resize(source.read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    const auto parsed = parse_json(text, report_bytes_max);
    return parsed && parsed->is_object();
}

// What the process says of a file is believed only as far as the file itself says the same.
bool is_as_described(const PictureOutput& output, int file) {
    if (output.content_type == report_type) return is_report(file);
    FileSource source(file);
    const auto header = core::read_image_header(source);
    return header && core::content_type(header->format) == output.content_type &&
           header->width == output.width && header->height == output.height;
}

Result<void, PacketError> send_order(const ChildProcess& child, const PictureTask& task,
                                     const TaskFiles& files, const core::ImageLimits& limits) {
    PictureRequest request{task.operation, task.params, limits, {}, task.extras};
    std::vector<int> fds{task.input};
    for (std::size_t file = main_file; file < request_file_count; ++file)
        fds.push_back(files.fd(static_cast<RequestFile>(file)));
    for (const auto& part : task.parts) {
        request.parts.push_back(part.name);
        fds.push_back(part.file);
    }
    return send_packet(child.socket(), write_request(request), fds);
}

}  // namespace

/// A wish for a process, fulfilled by the keeper.
struct ProcessPool::StartOrder {
    std::optional<Result<std::unique_ptr<ChildProcess>, std::string>> result;
};

Result<std::unique_ptr<ProcessPool>, std::string> ProcessPool::open(PoolOptions options) {
    std::error_code error;
    // Processes are started in another folder than this one.
    options.work_dir = std::filesystem::absolute(options.work_dir, error);
    options.program = std::filesystem::absolute(imaging_program(options), error);
    if (auto prepared = prepare_work_folder(options.work_dir); !prepared) return Fail(prepared.error());
    if (::access(options.program.c_str(), X_OK) != 0) {
        return Fail("the pixel process " + options.program.string() + " is missing or cannot be run");
    }
    return std::unique_ptr<ProcessPool>(new ProcessPool(std::move(options)));
}

ProcessPool::ProcessPool(PoolOptions options) : options_(std::move(options)), keeper_([this] { keep(); }) {}

ProcessPool::~ProcessPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    keeper_wake_up_.notify_all();
    keeper_.join();
}

PoolCounts ProcessPool::counts() const {
    const std::lock_guard lock(mutex_);
    return {alive_, static_cast<int>(idle_.size()), started_};
}

// ---- taking and giving back
// --------------------------------------------------------------------------------------------------

ProcessPool::Taken ProcessPool::take_process(const CancelFlag& cancel) {
    std::unique_lock lock(mutex_);
    while (idle_.empty() && alive_ >= options_.processes_max) {
        if (cancel.is_set()) return Fail(plain_error(cancel.reason()));
        changed_.wait_for(lock, Milliseconds(50));  // a cancel flag notifies nobody here
    }
    if (idle_.empty()) {
        ++alive_;
        lock.unlock();
        return start_process();
    }
    // The one that worked last has the warmest memory; the others may go idle and end.
    std::unique_ptr<ChildProcess> child = std::move(idle_.back().child);
    idle_.pop_back();
    return child;
}

ProcessPool::Taken ProcessPool::start_process() {
    StartOrder order;
    std::unique_lock lock(mutex_);
    start_orders_.push_back(&order);
    keeper_wake_up_.notify_all();
    changed_.wait(lock, [&] { return order.result.has_value(); });
    if (*order.result) {
        ++started_;
        return std::move(**order.result);
    }
    --alive_;
    changed_.notify_all();
    log::error("no pixel process", {{"reason", order.result->error()}});
    return Fail(JobError{ErrorCode::backend_unavailable, "The pixel process could not be started."});
}

bool ProcessPool::is_worn(const ChildProcess& child) const {
    return child.jobs_done >= options_.jobs_max || child.resident_bytes() > options_.resident_bytes_max;
}

void ProcessPool::give_back(std::unique_ptr<ChildProcess> child, bool trusted) {
    const bool keep = trusted && child->jobs_done < options_.jobs_max;
    if (!keep) child.reset();  // killed and reaped before anyone counts on its place
    {
        const std::lock_guard lock(mutex_);
        if (keep) {
            idle_.push_back({std::move(child), steady_clock::now()});
        } else {
            --alive_;
        }
    }
    changed_.notify_all();
    keeper_wake_up_.notify_all();
}

// ---- one picture
// -------------------------------------------------------------------------------------------------------------

PictureResult ProcessPool::run(const PictureTask& task, const CancelFlag& cancel) {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = next_task_++;
    }
    auto files = TaskFiles::make(options_.work_dir, number);
    if (!files) return Fail(file_error(files.error()));
    for (;;) {
        auto taken = take_process(cancel);
        if (!taken) return Fail(taken.error());
        std::unique_ptr<ChildProcess> child = *std::move(taken);
        // Memory is looked at now, not when the last job ended: the process tidies up after it has answered.
        if (child->jobs_done > 0 && is_worn(*child)) {
            give_back(std::move(child), false);
            continue;
        }
        const bool used_before = child->jobs_done > 0;
        bool trusted = false, never_began = false;
        auto result = run_in(*child, task, *files, cancel, trusted, never_began);
        give_back(std::move(child), trusted);
        // An idle process can die of something else; that is not this picture's fault.
        if (!never_began || !used_before) return result;
    }
}

PictureResult ProcessPool::run_in(ChildProcess& child, const PictureTask& task, TaskFiles& files,
                                  const CancelFlag& cancel, bool& trusted, bool& never_began) const {
    if (!child.ready) {
        const auto said = hear(child, cancel, steady_clock::now() + options_.start_limit);
        if (!said) return Fail(explain_silence(said.error(), child, cancel));
        if (*said != ready_message) return Fail(explain_silence(Silence::nonsense, child, cancel));
        child.ready = true;
    }
    child.allow_cpu(options_.cpu_limit);
    const auto deadline = steady_clock::now() + std::min(task.time_limit, options_.wall_limit);
    if (const auto sent = send_order(child, task, files, options_.limits); !sent) {
        trusted = sent.error() == PacketError::malformed;  // too long: nothing was sent
        never_began = sent.error() == PacketError::closed;
        return Fail(trusted ? JobError{ErrorCode::params_invalid, "The params are too long."}
                            : plain_error(ErrorCode::worker_crashed));
    }
    const auto text = hear(child, cancel, deadline);
    if (!text) return Fail(explain_silence(text.error(), child, cancel));
    auto answer = parse_answer(*text);
    if (!answer) return Fail(explain_silence(Silence::nonsense, child, cancel));
    ++child.jobs_done;
    trusted = *answer ? true : stays_trusted(answer->error().code);
    if (!*answer) return Fail(answer->error());
    return collect(*std::move(*answer), files);
}

PictureResult ProcessPool::collect(PictureDone done, TaskFiles& files) const {
    for (const auto& output : done.outputs) {
        const RequestFile file = file_of_role(output.role);
        const std::uint64_t bytes = files.bytes(file);
        if (bytes == 0) return Fail(plain_error(ErrorCode::output_missing));
        if (bytes > options_.output_bytes_max || !is_as_described(output, files.fd(file))) {
            return Fail(plain_error(ErrorCode::output_invalid));
        }
    }
    FinishedPicture finished;
    for (const auto& output : done.outputs) {
        finished.files.push_back({output.role, files.give_away(file_of_role(output.role)),
                                  output.content_type, output.width, output.height});
    }
    finished.done = std::move(done);
    return finished;
}

// ---- the keeper
// --------------------------------------------------------------------------------------------------------------

std::list<ProcessPool::Idle> ProcessPool::take_expired(steady_clock::time_point now) {
    std::list<Idle> expired;
    while (!idle_.empty() && (stopping_ || now - idle_.front().since >= options_.idle_limit)) {
        expired.splice(expired.end(), idle_, idle_.begin());
    }
    return expired;
}

void ProcessPool::keep() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !start_orders_.empty() || !idle_.empty()) {
        if (!start_orders_.empty()) {
            StartOrder* order = start_orders_.front();
            start_orders_.pop_front();
            lock.unlock();
            auto started = ChildProcess::start(options_);
            lock.lock();
            order->result.emplace(std::move(started));
            changed_.notify_all();
            continue;
        }
        if (std::list<Idle> expired = take_expired(steady_clock::now()); !expired.empty()) {
            const int ended = static_cast<int>(expired.size());
            lock.unlock();
            expired.clear();  // kills and reaps
            lock.lock();
            alive_ -= ended;
            changed_.notify_all();
            continue;
        }
        if (idle_.empty()) {
            keeper_wake_up_.wait(lock);
        } else {
            keeper_wake_up_.wait_until(lock, idle_.front().since + options_.idle_limit);
        }
    }
}

}  // namespace darkroom::imaging
