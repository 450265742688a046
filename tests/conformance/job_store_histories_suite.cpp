// Random lives of a few jobs, against a model that fits on a page: the order of claims, limits, statuses,
// attempts and what a job shows must be exactly what core's table and "by priority, then age" say, also when
// the store is closed and opened in between.
#include <algorithm>
#include <random>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::Effect;
using core::JobEventKind;
using core::Status;
using ports::Access;
using ports::Applied;

struct ModelAttempt {
    AttemptId id;
    Status status = Status::dispatched;
    bool in_flight = true;
};

struct ModelJob {
    JobId id;
    int priority = 0;
    Status status = Status::queued;
    std::optional<TimePoint> due;  // waiting for its date
    std::vector<ModelAttempt> attempts;
    std::optional<AttemptId> selected;
    int events = 1;
};

class Model {
public:
    std::vector<ModelJob> jobs;  // oldest first
    TimePoint now = at(1'000);

    int in_flight() const {
        int count = 0;
        for (const auto& job : jobs) {
            for (const auto& attempt : job.attempts) count += attempt.in_flight ? 1 : 0;
        }
        return count;
    }

    std::vector<ModelJob*> line() {
        std::vector<ModelJob*> waiting;
        for (auto& job : jobs) {
            if (job.status == Status::queued && !job.due) waiting.push_back(&job);
        }
        std::stable_sort(waiting.begin(), waiting.end(),
                         [](auto* a, auto* b) { return a->priority > b->priority; });
        return waiting;
    }

    static bool happen(ModelJob& job, JobEventKind event) {
        const auto transition = core::next(job.status, event, job.selected.has_value());
        if (!transition) return false;
        job.status = transition->job;
        if (has(transition->effects, Effect::dequeue)) job.due.reset();
        if (transition->attempt) job.attempts.back().status = *transition->attempt;
        if (has(transition->effects, Effect::free_slot)) job.attempts.back().in_flight = false;
        if (has(transition->effects, Effect::select_attempt)) job.selected = job.attempts.back().id;
        ++job.events;
        return true;
    }
};

class History {
public:
    History(JobStoreUnderTest& under_test, std::uint64_t seed)
        : under_test_(under_test), dice_(seed), random_(seed + 1), samples_(random_) {}

    void step() {
        model_.now += Milliseconds(below(50));
        switch (below(11)) {
            case 0:
            case 1:
                return create();
            case 2:
            case 3:
                return claim();
            case 4:
                return start();
            case 5:
                return finish();
            case 6:
                return cancel();
            case 7:
                return below(2) == 0 ? requeue() : promote();
            case 8:
                return rerun();
            case 9:
                return select();
            default:
                if (below(8) == 0) under_test_.reopen();
        }
    }

    void compare() {
        int in_flight = 0;
        for (const auto& expected : model_.jobs) {
            const auto job = **store().find_job(Access::of(ann), expected.id);
            ASSERT_EQ(job.status, expected.status);
            ASSERT_EQ(job.attempts.size(), expected.attempts.size());
            ASSERT_EQ(job.selected_attempt, expected.selected);
            for (std::size_t i = 0; i < job.attempts.size(); ++i) {
                ASSERT_EQ(job.attempts[i].id, expected.attempts[i].id);
                ASSERT_EQ(job.attempts[i].status, expected.attempts[i].status);
                in_flight += expected.attempts[i].in_flight ? 1 : 0;
            }
            ASSERT_EQ((*store().list_events(Access::of(ann), expected.id, 0, 10'000))->size(),
                      static_cast<std::size_t>(expected.events));
        }
        ASSERT_EQ(static_cast<int>(store().list_inflight("this-machine")->size()), in_flight);
        ASSERT_EQ(store().count_queue()->ready, static_cast<std::int64_t>(model_.line().size()));
        ASSERT_EQ(under_test_.row_problems(), std::vector<std::string>());
    }

private:
    ports::JobStore& store() { return under_test_.store(); }
    int below(int n) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(n)); }
    ModelJob* some_job() {
        return model_.jobs.empty()
                   ? nullptr
                   : &model_.jobs[static_cast<std::size_t>(below(static_cast<int>(model_.jobs.size())))];
    }

    void create() {
        const auto request = samples_.job(ann, below(3));
        ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
        model_.jobs.push_back({.id = request.job.id,
                               .priority = request.job.priority,
                               .due = {},
                               .attempts = {},
                               .selected = {}});
    }

    void claim() {
        const int limit = below(8);
        const int jobs_max = below(5);
        const auto line = model_.line();
        const auto count = std::clamp(
            std::min({limit - model_.in_flight(), jobs_max, static_cast<int>(line.size())}), 0, 100);
        const auto claimed = *store().claim(claim_request(limit, jobs_max, model_.now));
        ASSERT_EQ(static_cast<int>(claimed.size()), count);
        for (std::size_t i = 0; i < claimed.size(); ++i) {
            ASSERT_EQ(claimed[i].job.id, line[i]->id);
            line[i]->attempts.push_back({.id = claimed[i].job.attempts.back().id});
            ASSERT_TRUE(Model::happen(*line[i], JobEventKind::claim));
        }
    }

    /// Any attempt of any job, also one that ended long ago.
    std::pair<ModelJob*, ModelAttempt*> some_attempt() {
        auto* const job = some_job();
        if (job == nullptr || job->attempts.empty()) return {nullptr, nullptr};
        return {job, &job->attempts[static_cast<std::size_t>(below(static_cast<int>(job->attempts.size())))]};
    }

    static bool current(const ModelJob& job, const ModelAttempt& attempt) {
        return attempt.in_flight && &attempt == &job.attempts.back();
    }

    void start() {
        const auto [job, attempt] = some_attempt();
        if (job == nullptr) return;
        const bool applied = current(*job, *attempt) && Model::happen(*job, JobEventKind::start);
        ASSERT_EQ(*store().start_attempt(attempt->id, model_.now),
                  applied ? Applied::applied : Applied::stale);
    }

    void finish() {
        const auto [job, attempt] = some_attempt();
        if (job == nullptr) return;
        ports::AttemptEnd end = samples_.success(job->id, attempt->id);
        auto event = JobEventKind::succeed;
        std::optional<TimePoint> due;
        if (const int kind = below(4); kind == 1) {
            end = failure(core::ErrorCode::no_subject);
            event = JobEventKind::give_up;
        } else if (kind > 1) {
            const auto retry_at = model_.now + Milliseconds(kind == 2 ? 0 : 100);
            if (retry_at > model_.now) due = retry_at;
            end = failure(core::ErrorCode::timeout, retry_at);
            event = JobEventKind::retry_later;
        }
        const bool applied = current(*job, *attempt) && Model::happen(*job, event);
        if (applied && event == JobEventKind::retry_later) job->due = due;
        attempt->in_flight = false;
        ASSERT_EQ(*store().finish_attempt(attempt->id, end, "backend:this-machine", model_.now),
                  applied ? Applied::applied : Applied::stale);
    }

    void cancel() {
        auto* const job = some_job();
        if (job == nullptr) return;
        const auto status = job->status;
        const bool at_work = status == Status::dispatched || status == Status::running;
        const auto outcome = *store().cancel_job(Access::of(ann), job->id, "key:app", model_.now);
        if (Model::happen(*job, JobEventKind::cancel)) {
            std::vector<AttemptId> expected;
            if (at_work) expected.push_back(job->attempts.back().id);
            ASSERT_EQ(std::get<ports::JobCancelled>(outcome).stop, expected);
        } else {
            ASSERT_EQ(std::get<ports::NotAllowedNow>(outcome).status, status);
        }
    }

    void requeue() {
        auto* const job = some_job();
        if (job == nullptr) return;
        const auto outcome = *store().requeue_job(Access::everyone(), job->id, "key:app", model_.now);
        ASSERT_EQ(std::holds_alternative<ports::JobRequeued>(outcome),
                  Model::happen(*job, JobEventKind::requeue));
    }

    void rerun() {
        auto* const job = some_job();
        if (job == nullptr) return;
        const auto outcome =
            *store().rerun_job(Access::of(ann), job->id, samples_.plan(), "key:app", model_.now);
        ASSERT_EQ(std::holds_alternative<ports::JobRequeued>(outcome),
                  Model::happen(*job, JobEventKind::rerun));
    }

    void select() {
        const auto [job, attempt] = some_attempt();
        if (job == nullptr) return;
        const auto outcome =
            *store().select_attempt(Access::of(ann), job->id, attempt->id, "key:app", model_.now);
        const bool selectable = attempt->status == Status::succeeded;
        ASSERT_EQ(std::holds_alternative<ports::AttemptSelected>(outcome), selectable);
        if (!selectable || job->selected == attempt->id) return;
        job->selected = attempt->id;
        ++job->events;
    }

    void promote() {
        int expected = 0;
        for (auto& job : model_.jobs) {
            if (!job.due || *job.due > model_.now) continue;
            job.due.reset();
            ++expected;
        }
        ASSERT_EQ(store().promote_due(model_.now, 1'000)->promoted, expected);
    }

    JobStoreUnderTest& under_test_;
    std::mt19937_64 dice_;
    darkroom::testing::SeededRandom random_;
    Samples samples_;
    Model model_;
};

TEST_P(JobStoreSuite, RandomHistoriesEndAsTheModelSays) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto under_test = GetParam()();
        History history(*under_test, seed);
        for (int step = 0; step < 150; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            history.step();
            if (HasFatalFailure()) return;
            if (step % 10 == 9) history.compare();
            if (HasFatalFailure()) return;
        }
        ASSERT_EQ(consistency_problems(under_test->store()), std::vector<std::string>());
    }
}

}  // namespace
}  // namespace darkroom::conformance
