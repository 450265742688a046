// A remote side that the test plays: remote jobs by id with their phases, outputs in a storage of its own,
// lost replies, refusals and troubles. It outlives whatever gateway is built over it, as the real one would.
// Safe to use from many threads at once.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ports/remote_backend.h"
#include "tests/support/memory_object_store.h"

namespace darkroom::testing {

/// What becomes of one submit.
struct SubmitPlay {
    bool queued = true;                             // it exists there afterwards
    bool reply_lost = false;                        // and the caller is not told
    std::optional<ports::SubmitRefused> refused{};  // instead
    std::string remote_id{};                        // empty = the next one
};

inline ports::RemoteLook look_of(ports::RemotePhase phase) {
    ports::RemoteLook look;
    look.phase = phase;
    return look;
}

struct PlayedJob {
    std::string remote_id;
    ports::RemoteOrder order;
    ports::RemoteLook look = look_of(ports::RemotePhase::queued);
    int looks = 0;
    int cancels = 0;
};

class ScriptedRemoteBackend : public ports::RemoteBackend {
public:
    explicit ScriptedRemoteBackend(int inflight_max = 2, const std::string& name = "far", int weight = 1)
        : endpoint_{.backend = "serverless", .name = name, .inflight_max = inflight_max, .weight = weight},
          target_("scripted|" + name) {}

    /// Like a pod: it tells nothing by itself. Before anything runs.
    void make_polled() { polled_ = true; }
    bool is_polled() const override { return polled_; }

    // What the test says of the next calls.
    static SubmitPlay taken() { return {}; }
    static SubmitPlay taken_as(std::string remote_id) { return {.remote_id = std::move(remote_id)}; }
    static SubmitPlay taken_but_reply_lost() { return {.reply_lost = true}; }
    static SubmitPlay lost_on_the_way() { return {.queued = false, .reply_lost = true}; }
    static SubmitPlay refused(ports::RefusalRule rule, Milliseconds retry_after = Milliseconds(0)) {
        ports::SubmitRefused refusal{.rule = rule,
                                     .error = {core::ErrorCode::backend_unavailable, "Refused by the test."},
                                     .why = "refused by the test",
                                     .retry_after = retry_after};
        return {.queued = false, .refused = std::move(refusal)};
    }
    /// One play for each of the next submits; afterwards they are taken.
    void play_next_submit(SubmitPlay play) {
        const std::lock_guard lock(mutex_);
        plays_.push_back(std::move(play));
    }
    /// Decides about every submit instead; called without any lock.
    void play_submits(std::function<SubmitPlay(const ports::RemoteOrder&)> decide) {
        decide_ = std::move(decide);
    }
    /// Called without any lock at the begin of a submit, before it may be sent.
    void before_send(std::function<void()> hook) { before_send_ = std::move(hook); }
    /// Called without any lock after a submit was queued and before its answer returns.
    void before_answer(std::function<void(const ports::RemoteOrder&, const std::string& remote_id)> hook) {
        before_answer_ = std::move(hook);
    }
    /// Called without any lock at the begin of each look() and cancel().
    void before_look(std::function<void(const ports::RemoteTask&)> hook) { before_look_ = std::move(hook); }
    /// Every look, cancel and search for outputs ends so until mend().
    void trouble_everything(ports::RemoteTrouble trouble) {
        const std::lock_guard lock(mutex_);
        trouble_ = std::move(trouble);
    }
    /// Only looks and cancels end so; the storage can be searched.
    void play_look_trouble(ports::RemoteTrouble trouble) {
        const std::lock_guard lock(mutex_);
        look_trouble_ = std::move(trouble);
    }
    void mend() {
        const std::lock_guard lock(mutex_);
        trouble_.reset();
        look_trouble_.reset();
    }
    void set_endpoint_trouble(std::optional<std::string> trouble) {
        const std::lock_guard lock(mutex_);
        endpoint_trouble_ = std::move(trouble);
    }

    // What the remote side does.
    void set_phase(const std::string& remote_id, ports::RemotePhase phase) {
        change(remote_id, [&](PlayedJob& job) { job.look.phase = phase; });
    }
    void change(const std::string& remote_id, const std::function<void(PlayedJob&)>& how) {
        const std::lock_guard lock(mutex_);
        const auto found = jobs_.find(remote_id);
        DR_CHECK(found != jobs_.end());
        how(found->second);
    }
    /// As a worker that puts its outputs into the storage; nobody is told yet.
    ports::RemoteResult worker_puts(const std::string& remote_id, const std::string& bytes,
                                    const std::vector<std::string>& roles = {"main"}) {
        const auto order = job(remote_id).order;
        for (const auto& role : roles) {
            auto content = bytes;
            if (role != "main") content.insert(0, role);
            outputs_.client_puts(
                core::ObjectKey::worker_output(order.work.job, order.work.attempt, role, "png"),
                std::move(content));
        }
        return *stored_result(order.work.job, order.work.attempt);
    }
    /// The whole end of a good one: outputs, phase and figures.
    void succeed(const std::string& remote_id, const std::string& bytes = "pixels",
                 const std::vector<std::string>& roles = {"main"}) {
        const auto result = worker_puts(remote_id, bytes, roles);
        change(remote_id, [&](PlayedJob& job) {
            job.look = {.phase = ports::RemotePhase::succeeded,
                        .delay = Milliseconds(800),
                        .execution = Milliseconds(3'000),
                        .cost_micro_usd = 930,
                        .gpu = "RTX 4090",
                        .worker = "w1",
                        .waiting_for = "",
                        .result = result,
                        .error = std::nullopt};
        });
    }
    void fail(const std::string& remote_id, core::ErrorCode code) {
        change(remote_id, [&](PlayedJob& job) {
            job.look.phase = ports::RemotePhase::failed;
            job.look.execution = Milliseconds(1'000);
            job.look.cost_micro_usd = 310;
            job.look.error = core::JobError{code, "Failed by the test."};
        });
    }
    /// As after the retention: nothing is known of it any more.
    void forget(const std::string& remote_id) {
        const std::lock_guard lock(mutex_);
        forgotten_.insert(remote_id);
    }

    // What the test sees.
    std::vector<PlayedJob> jobs() const {
        const std::lock_guard lock(mutex_);
        std::vector<PlayedJob> jobs;
        for (const auto& id : order_of_ids_) jobs.push_back(jobs_.at(id));
        return jobs;
    }
    PlayedJob job(const std::string& remote_id) const {
        const std::lock_guard lock(mutex_);
        const auto found = jobs_.find(remote_id);
        DR_CHECK(found != jobs_.end());
        return found->second;
    }
    /// All that were sent, queued or not.
    std::vector<ports::RemoteOrder> orders() const {
        const std::lock_guard lock(mutex_);
        return orders_;
    }
    MemoryObjectStore& outputs() { return outputs_; }
    std::set<AttemptId> cleared() const {
        const std::lock_guard lock(mutex_);
        return cleared_;
    }
    bool stopped() const { return stopped_; }

    // The port.
    const ports::EndpointInfo& endpoint() const override { return endpoint_; }
    const std::string& target() const override { return target_; }

    ports::SubmitAnswer submit(const ports::RemoteOrder& order) override {
        if (before_send_) before_send_();
        if (order.may_send && !order.may_send())
            return *refused(ports::RefusalRule::again_later, Milliseconds(60'000)).refused;
        const auto play = next_play(order);
        {
            const std::lock_guard lock(mutex_);
            orders_.push_back(order);
        }
        if (play.refused) return *play.refused;
        std::string remote_id;
        if (play.queued) remote_id = queue(order, play.remote_id);
        if (play.queued && before_answer_) before_answer_(order, remote_id);
        if (play.reply_lost) return ports::SubmitUnclear{"the reply was lost by the test"};
        return ports::SubmitTaken{remote_id};
    }

    Result<ports::RemoteLook, ports::RemoteTrouble> look(const ports::RemoteTask& task) override {
        if (before_look_) before_look_(task);
        const std::lock_guard lock(mutex_);
        if (trouble_) return Fail(*trouble_);
        if (look_trouble_) return Fail(*look_trouble_);
        const auto found = jobs_.find(task.remote_id);
        if (found == jobs_.end() || forgotten_.count(task.remote_id) > 0)
            return look_of(ports::RemotePhase::gone);
        ++found->second.looks;
        return found->second.look;
    }

    Result<ports::RemoteLook, ports::RemoteTrouble> cancel(const ports::RemoteTask& task) override {
        if (before_look_) before_look_(task);
        const std::lock_guard lock(mutex_);
        if (trouble_) return Fail(*trouble_);
        if (look_trouble_) return Fail(*look_trouble_);
        const auto found = jobs_.find(task.remote_id);
        if (found == jobs_.end() || forgotten_.count(task.remote_id) > 0)
            return look_of(ports::RemotePhase::gone);
        ++found->second.cancels;
        auto& phase = found->second.look.phase;
        if (!ports::is_end(phase)) phase = ports::RemotePhase::cancelled;
        return found->second.look;
    }

    /// Bodies of the test's own: "succeeded" (with what lies in the storage), "failed <code>", "duplicate".
    Result<ports::RemoteLook, ports::RemoteTrouble> read_report(const ports::RemoteTask& task,
                                                                std::string_view body) const override {
        ports::RemoteLook look;
        if (body == "duplicate") {
            look.phase = ports::RemotePhase::duplicate;
        } else if (body == "succeeded") {
            look.phase = ports::RemotePhase::succeeded;
            look.result = stored_result(task.job, task.attempt);
        } else if (const auto code =
                       core::parse_error_code(body.substr(0, 7) == "failed " ? body.substr(7) : "")) {
            look.phase = ports::RemotePhase::failed;
            look.error = core::JobError{*code, "Reported by the test."};
        } else {
            return Fail(ports::RemoteTrouble{ports::RemoteTroubleKind::refused, "no report"});
        }
        return look;
    }

    Result<std::optional<ports::RemoteResult>, ports::RemoteTrouble> find_outputs(
        const JobId& job, const AttemptId& attempt) override {
        {
            const std::lock_guard lock(mutex_);
            if (trouble_) return Fail(*trouble_);
        }
        return stored_result(job, attempt);
    }

    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open_output(
        const ports::RemoteFile& file) override {
        return outputs_.open(file.key);
    }

    void clear(const JobId& job, const AttemptId& attempt) override {
        for (const auto& key : core::ObjectKey::all_worker_outputs(job, attempt)) (void)outputs_.remove(key);
        const std::lock_guard lock(mutex_);
        cleared_.insert(attempt);
    }

    std::optional<std::string> trouble() const override {
        const std::lock_guard lock(mutex_);
        return endpoint_trouble_;
    }
    void stop() override { stopped_ = true; }

private:
    SubmitPlay next_play(const ports::RemoteOrder& order) {
        if (decide_) return decide_(order);
        const std::lock_guard lock(mutex_);
        if (plays_.empty()) return taken();
        auto play = std::move(plays_.front());
        plays_.pop_front();
        return play;
    }

    std::string queue(const ports::RemoteOrder& order, const std::string& wanted_id) {
        const std::lock_guard lock(mutex_);
        auto remote_id =
            wanted_id.empty() ? endpoint_.name + "-" + std::to_string(++ids_) + "-u1" : wanted_id;
        PlayedJob job;
        job.remote_id = remote_id;
        job.order = order;
        if (jobs_.insert({remote_id, std::move(job)}).second) order_of_ids_.push_back(remote_id);
        return remote_id;
    }

    std::optional<ports::RemoteResult> stored_result(const JobId& job, const AttemptId& attempt) const {
        ports::RemoteResult result;
        for (const auto* role : {"main", "mask", "preview"}) {
            const auto key = core::ObjectKey::worker_output(job, attempt, role, "png");
            if (outputs_.holds(key)) result.files.push_back({role, key, "", "image/png", 0, ""});
        }
        if (result.files.empty() || result.files.front().role != "main") return std::nullopt;
        result.execution = Milliseconds(3'000);
        return result;
    }

    const ports::EndpointInfo endpoint_;
    bool polled_ = false;
    const std::string target_;
    MemoryObjectStore outputs_;
    std::function<SubmitPlay(const ports::RemoteOrder&)> decide_;
    std::function<void()> before_send_;
    std::function<void(const ports::RemoteOrder&, const std::string&)> before_answer_;
    std::function<void(const ports::RemoteTask&)> before_look_;
    std::atomic<bool> stopped_{false};
    mutable std::mutex mutex_;
    std::deque<SubmitPlay> plays_;
    std::map<std::string, PlayedJob> jobs_;
    std::vector<std::string> order_of_ids_;
    std::set<std::string> forgotten_;
    std::vector<ports::RemoteOrder> orders_;
    std::set<AttemptId> cleared_;
    std::optional<ports::RemoteTrouble> trouble_;
    std::optional<ports::RemoteTrouble> look_trouble_;
    std::optional<std::string> endpoint_trouble_;
    int ids_ = 0;
};

}  // namespace darkroom::testing
