// Chains under way: claims, ends and looks at steps by their names, for the suites of chains.
#pragma once
#include <string>
#include <vector>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {

inline const std::vector<StepPlan> three = {{"cut"}, {"grow", "cut"}, {"shop", "grow"}};

class ChainWorld {
public:
    ChainWorld(ports::JobStore& store, Samples& samples, UserId owner)
        : store_(store), samples_(samples), owner_(std::move(owner)) {}

    /// A chain whose steps have backends of their own, so that each is claimed when a test says so.
    ports::NewJob create(const std::vector<StepPlan>& steps) {
        auto request = samples_.chain(owner_, steps);
        for (auto& step : request.steps) step.backend = "only-" + step.id.str();
        EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store_.create_job(request)));
        return request;
    }

    core::Job read(const JobId& id) { return **store_.find_job(ports::Access::everyone(), id); }
    core::Job step(const ports::NewJob& chain, const std::string& name) { return read(id_of(chain, name)); }
    static JobId id_of(const ports::NewJob& chain, const std::string& name) {
        for (const auto& step : chain.steps) {
            if (step.place->step == name) return step.id;
        }
        return chain.job.id;
    }

    /// Whether it stands in no line, because what it works on is not there.
    bool waits(const ports::NewJob& chain, const std::string& name) {
        const auto job = step(chain, name);
        return job.status == core::Status::queued && job.inputs.empty();
    }
    AttemptId claim(const ports::NewJob& chain, const std::string& name) {
        auto request = claim_request(1'000, 1, tick());
        request.backend = "only-" + id_of(chain, name).str();
        request.remote = remote_plan();
        const auto claimed = *store_.claim(request);
        EXPECT_EQ(claimed.size(), 1u) << name;
        return claimed.at(0).job.attempts.back().id;
    }
    AttemptId start(const ports::NewJob& chain, const std::string& name) {
        const auto attempt = claim(chain, name);
        EXPECT_EQ(*store_.start_attempt(attempt, tick()), ports::Applied::applied);
        return attempt;
    }
    ports::Applied succeed(const ports::NewJob& chain, const std::string& name, const AttemptId& attempt) {
        return finish(attempt, samples_.success(id_of(chain, name), attempt));
    }
    ports::Applied finish(const AttemptId& attempt, const ports::AttemptEnd& end) {
        return *store_.finish_attempt(attempt, end, "backend:this-machine", tick());
    }
    /// From its claim to its success.
    void work(const ports::NewJob& chain, const std::string& name) {
        EXPECT_EQ(succeed(chain, name, start(chain, name)), ports::Applied::applied) << name;
    }
    void fail(const ports::NewJob& chain, const std::string& name) {
        EXPECT_EQ(finish(start(chain, name), failure(core::ErrorCode::no_subject)), ports::Applied::applied);
    }

    ports::CancelOutcome cancel(const JobId& id) {
        return *store_.cancel_job(ports::Access::of(owner_), id, "key:app", tick());
    }
    ports::RequeueOutcome requeue(const JobId& id) {
        return *store_.requeue_job(ports::Access::of(owner_), id, "key:app", tick());
    }

    /// "RUNNING: cut SUCCEEDED, grow QUEUED"
    std::string stand(const ports::NewJob& chain) {
        const auto job = read(chain.job.id);
        std::string words(core::to_string(job.status));
        for (const auto& step : job.steps)
            words += (&step == &job.steps.front() ? ": " : ", ") + step.name + " " +
                     std::string(core::to_string(step.status));
        return words;
    }
    /// "created start step_succeeded(cut) succeed"
    std::string story(const JobId& id) {
        std::string words;
        const auto events = **store_.list_events(ports::Access::everyone(), id, 0, 1'000);
        for (const auto& event : events) {
            words += (words.empty() ? "" : " ") + event.kind;
            const auto at = event.data_json.find(R"({"step":")");
            if (at == 0) words += "(" + event.data_json.substr(9, event.data_json.find('"', 9) - 9) + ")";
        }
        return words;
    }
    TimePoint tick() { return at(now_ += 10); }

private:
    ports::JobStore& store_;
    Samples& samples_;
    const UserId owner_;
    std::int64_t now_ = 2'000;
};

}  // namespace darkroom::conformance
