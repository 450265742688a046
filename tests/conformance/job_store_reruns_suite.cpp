// Several results of one job: attempts on request, what a failed one leaves, which one is shown, fallbacks,
// and what retention does to them.
#include <set>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using core::Status;
using ports::Access;
using ports::Applied;
using ports::Retention;

class Runner {
public:
    Runner(ports::JobStore& store, Samples& samples) : store_(store), samples_(samples) {}

    ports::RequeueOutcome rerun(const core::Job& job, const ports::WorkPlan& plan, TimePoint now) {
        return *store_.rerun_job(Access::of(ann), job.id, plan, "key:app", now);
    }

    core::Attempt claim(const std::string& backend, TimePoint now) {
        auto request = claim_request(1'000, 1, now);
        request.backend = backend;
        request.remote = remote_plan();
        const auto claimed = *store_.claim(request);
        EXPECT_EQ(claimed.size(), 1u);
        return claimed.at(0).job.attempts.back();
    }

    Applied succeed(const core::Job& job, const AttemptId& attempt, TimePoint now) {
        auto end = samples_.success(job.id, attempt);
        end.thumbnail = ObjectKey::thumbnail(job.id, attempt);
        return *store_.finish_attempt(attempt, end, "backend:this-machine", now);
    }

    /// A second attempt that succeeds.
    AttemptId succeed_again(const core::Job& job, TimePoint now) {
        const auto plan = samples_.plan(job.backend);
        EXPECT_TRUE(std::holds_alternative<ports::JobRequeued>(rerun(job, plan, now)));
        const auto attempt = claim(job.backend, now).id;
        EXPECT_EQ(succeed(job, attempt, now), Applied::applied);
        return attempt;
    }

    ports::SelectOutcome select(const JobId& job, const AttemptId& attempt, TimePoint now = at(9'000)) {
        return *store_.select_attempt(Access::of(ann), job, attempt, "key:app", now);
    }

private:
    ports::JobStore& store_;
    Samples& samples_;
};

std::set<ObjectKey> objects_of(const core::Job& job) {
    std::set<ObjectKey> keys;
    for (const auto& attempt : job.attempts) {
        for (const auto& output : attempt.outputs) keys.insert(output.key);
        if (attempt.thumbnail) keys.insert(*attempt.thumbnail);
    }
    return keys;
}

std::string words_of(const core::Attempt& attempt) {
    core::Job job;
    job.attempts = {attempt};
    return in_words(job);
}

TEST_P(JobStoreSuite, AnAttemptTellsTheRecipeItsModelsAndItsThumbnail) {
    const auto brought = bring_to(ann, Status::succeeded);
    const auto& attempt = brought.job.attempts.at(0);
    EXPECT_FALSE(brought.job.recipe_digest.empty());
    EXPECT_EQ(attempt.recipe_digest, brought.job.recipe_digest);
    EXPECT_EQ(attempt.models_json, brought.job.models_json);
    EXPECT_EQ(attempt.thumbnail, ObjectKey::thumbnail(brought.job.id));
    EXPECT_EQ(brought.job.outputs, attempt.outputs);
}

TEST_P(JobStoreSuite, ARerunIsDoneByItsPlanAndShowsTheNewestSuccess) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    const auto plan = samples_.plan("elsewhere-" + job.id.str());
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(runner.rerun(job, plan, at(2'000))));
    auto now = read(job.id);
    EXPECT_EQ(now.status, Status::queued);
    EXPECT_EQ(now.backend, plan.backend);
    EXPECT_EQ(now.params_json, plan.params_json);
    EXPECT_EQ(now.params_effective_json, plan.params_effective_json);
    EXPECT_EQ(now.recipe, plan.recipe);
    EXPECT_FALSE(now.finished_at.has_value());
    EXPECT_EQ(now.selected_attempt, job.selected_attempt) << "until there is something younger to show";
    EXPECT_EQ(now.outputs, job.outputs);
    EXPECT_EQ(now.attempts_forgiven, 1);
    EXPECT_EQ(events(job.id, 4, 10).at(0).kind, "rerun");
    EXPECT_EQ(events(job.id, 4, 10).at(0).data_json,
              R"({"backend":")" + plan.backend + R"(","recipe":")" + plan.recipe + R"("})");
    const auto attempt = runner.claim(plan.backend, at(2'100));
    EXPECT_EQ(attempt.number, 2);
    EXPECT_EQ(attempt.params_json, plan.params_effective_json);
    EXPECT_EQ(attempt.recipe, plan.recipe);
    EXPECT_EQ(attempt.recipe_digest, plan.recipe_digest);
    EXPECT_EQ(attempt.models_json, plan.models_json);
    ASSERT_EQ(runner.succeed(job, attempt.id, at(2'200)), Applied::applied);
    reopen();
    now = read(job.id);
    EXPECT_EQ(now.status, Status::succeeded);
    EXPECT_EQ(now.selected_attempt, attempt.id);
    EXPECT_EQ(now.thumbnail, ObjectKey::thumbnail(job.id, attempt.id));
    EXPECT_EQ(now.finished_at, at(2'200));
    EXPECT_EQ(words_of(now.attempts.at(0)), words_of(job.attempts.at(0))) << "what was made before stays";
}

TEST_P(JobStoreSuite, ARerunThatFailsOrIsCancelledLeavesTheJobShowingWhatItShowed) {
    Runner runner(store(), samples_);
    for (const std::string how : {"fails", "is cancelled", "is cancelled at work", "is cancelled waiting"}) {
        SCOPED_TRACE(how);
        const auto job = bring_to(ann, Status::succeeded).job;
        ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
            runner.rerun(job, samples_.plan(job.backend), at(2'000))));
        std::optional<AttemptId> attempt;
        if (how != "is cancelled") attempt = runner.claim(job.backend, at(2'100)).id;
        const auto end = [&](const ports::AttemptFailed& failed) {
            ASSERT_EQ(*store().finish_attempt(*attempt, failed, "backend:this-machine", at(2'200)),
                      Applied::applied);
        };
        if (how == "fails") end(failure(core::ErrorCode::no_subject));
        if (how == "is cancelled waiting") end(failure(core::ErrorCode::timeout, at(9'000)));
        if (how != "fails") {
            const auto cancelled = std::get<ports::JobCancelled>(
                *store().cancel_job(Access::of(ann), job.id, "key:app", at(2'200)));
            EXPECT_EQ(cancelled.stop.size(), how == "is cancelled at work" ? 1u : 0u);
        }
        const auto now = read(job.id);
        EXPECT_EQ(now.status, Status::succeeded);
        EXPECT_FALSE(now.error.has_value());
        EXPECT_EQ(now.finished_at, at(2'200));
        EXPECT_EQ(now.selected_attempt, job.selected_attempt);
        EXPECT_EQ(now.outputs, job.outputs);
        EXPECT_EQ(now.thumbnail, job.thumbnail);
        const auto last = events(job.id, 0, 100).back();
        EXPECT_EQ(last.kind, how == "fails" ? "give_up" : "cancel");
        EXPECT_EQ(last.status, Status::succeeded);
        if (how == "fails") {
            EXPECT_EQ(now.attempts.at(1).error->code, core::ErrorCode::no_subject);
        }
    }
}

TEST_P(JobStoreSuite, AJobWithoutAResultThatIsRerunFailsLikeAnyOther) {
    Runner runner(store(), samples_);
    for (const auto status : {Status::failed, Status::cancelled}) {
        const auto job = bring_to(ann, status).job;
        ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
            runner.rerun(job, samples_.plan(job.backend), at(2'000))));
        EXPECT_FALSE(read(job.id).error.has_value());
        const auto attempt = runner.claim(job.backend, at(2'100)).id;
        ASSERT_EQ(*store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "backend:x", at(2'200)),
                  Applied::applied);
        EXPECT_EQ(read(job.id).status, Status::failed);
    }
}

TEST_P(JobStoreSuite, OnlyItsOwnerRerunsOrSelectsAndOnlyWhatIsThere) {
    Runner runner(store(), samples_);
    const auto brought = bring_to(ann, Status::succeeded);
    const auto& job = brought.job;
    const auto stranger = Access::of(eve);
    const auto before = everything_in_words(store());
    const auto plan = samples_.plan(job.backend);
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().rerun_job(stranger, job.id, plan, "key:e", at(2'000))));
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().rerun_job(Access::everyone(), samples_.unknown_job(), plan, "key:e", at(2'000))));
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().select_attempt(stranger, job.id, *brought.attempt, "key:e", at(2'000))));
    EXPECT_TRUE(
        std::holds_alternative<ports::NoSuchAttempt>(runner.select(job.id, samples_.unknown_attempt())));
    const auto other = bring_to(ann, Status::succeeded);
    EXPECT_TRUE(std::holds_alternative<ports::NoSuchAttempt>(runner.select(job.id, *other.attempt)))
        << "another job's";
    const auto failed = bring_to(ann, Status::failed);
    EXPECT_TRUE(
        std::holds_alternative<ports::AttemptWithoutResult>(runner.select(failed.job.id, *failed.attempt)));
    const auto at_work = bring_to(ann, Status::running);
    EXPECT_TRUE(
        std::holds_alternative<ports::AttemptWithoutResult>(runner.select(at_work.job.id, *at_work.attempt)));
    EXPECT_TRUE(std::holds_alternative<ports::AttemptSelected>(runner.select(job.id, *brought.attempt)));
    EXPECT_EQ(in_words(read(job.id)), in_words(job)) << "it was shown already";
    EXPECT_EQ(events(job.id, 0, 100).size(), 4u);
    EXPECT_NE(everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, AnEarlierAttemptCanBeChosenAlsoWhileAnotherIsAtWorkAndAYoungerSuccessTakesOver) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    const auto first = *job.selected_attempt;
    const auto second = runner.succeed_again(job, at(2'000));
    ASSERT_TRUE(std::holds_alternative<ports::AttemptSelected>(runner.select(job.id, first, at(3'000))));
    auto now = read(job.id);
    EXPECT_EQ(now.selected_attempt, first);
    EXPECT_EQ(now.outputs, job.outputs);
    EXPECT_EQ(now.thumbnail, ObjectKey::thumbnail(job.id));
    EXPECT_EQ(now.updated_at, at(3'000));
    const auto told = events(job.id, 0, 100).back();
    EXPECT_EQ(told.kind, "select");
    EXPECT_EQ(told.status, Status::succeeded);
    EXPECT_EQ(told.attempt, 1);
    EXPECT_EQ(told.actor, "key:app");

    ASSERT_TRUE(
        std::holds_alternative<ports::JobRequeued>(runner.rerun(job, samples_.plan(job.backend), at(4'000))));
    const auto third = runner.claim(job.backend, at(4'100)).id;
    ASSERT_TRUE(std::holds_alternative<ports::AttemptSelected>(runner.select(job.id, second, at(4'200))));
    EXPECT_EQ(read(job.id).status, Status::dispatched);
    EXPECT_EQ(read(job.id).selected_attempt, second);
    ASSERT_EQ(runner.succeed(job, third, at(4'300)), Applied::applied);
    now = read(job.id);
    EXPECT_EQ(now.selected_attempt, third);
    ASSERT_EQ(now.attempts.size(), 3u);
    for (const auto& attempt : now.attempts) EXPECT_EQ(attempt.outputs.size(), 2u);
}

TEST_P(JobStoreSuite, AnAttemptOfAnEarlierPlanCannotEndARerunLate) {
    Runner runner(store(), samples_);
    const auto failed = bring_to(ann, Status::failed);
    const auto late = [&] {
        return *store().succeed_late(*failed.attempt, samples_.success(failed.job.id, *failed.attempt),
                                     "backend:this-machine", at(5'000));
    };
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        runner.rerun(failed.job, samples_.plan(failed.job.backend), at(2'000))));
    EXPECT_EQ(late(), Applied::stale) << "it waits for other params";
    const auto attempt = runner.claim(failed.job.backend, at(2'100)).id;
    ASSERT_EQ(*store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "backend:x", at(2'200)),
              Applied::applied);
    EXPECT_EQ(late(), Applied::stale);
    EXPECT_EQ(
        *store().succeed_late(attempt, samples_.success(failed.job.id, attempt), "backend:x", at(6'000)),
        Applied::applied)
        << "this one was made for the plan that counts";
    EXPECT_EQ(read(failed.job.id).selected_attempt, attempt);
}

TEST_P(JobStoreSuite, AFallbackTakesTheJobToItsOwnRecipeAndBackendAtOnce) {
    Runner runner(store(), samples_);
    const auto brought = bring_to(ann, Status::running);
    auto end = failure(core::ErrorCode::model_unavailable, at(2'000));
    end.retry_as = samples_.plan("fallback-" + brought.job.id.str());
    ASSERT_EQ(*store().finish_attempt(*brought.attempt, end, "backend:this-machine", at(2'000)),
              Applied::applied);
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::queued);
    EXPECT_EQ(job.backend, end.retry_as->backend);
    EXPECT_EQ(job.recipe, end.retry_as->recipe);
    EXPECT_EQ(job.recipe_digest, end.retry_as->recipe_digest);
    EXPECT_EQ(job.models_json, end.retry_as->models_json);
    EXPECT_EQ(job.params_json, brought.job.params_json) << "params stay";
    EXPECT_EQ(job.params_effective_json, brought.job.params_effective_json);
    EXPECT_EQ(job.attempts.at(0).recipe, brought.job.recipe);
    const auto told = events(job.id, 0, 100).back();
    EXPECT_EQ(told.kind, "retry_later");
    EXPECT_NE(told.data_json.find(R"("retry_as":{"backend":")" + end.retry_as->backend + R"(","recipe":")" +
                                  end.retry_as->recipe + R"("})"),
              std::string::npos)
        << told.data_json;
    const auto attempt = runner.claim(end.retry_as->backend, at(2'100));
    EXPECT_EQ(attempt.recipe, end.retry_as->recipe);
    EXPECT_EQ(attempt.params_json, brought.job.params_effective_json);
    ASSERT_EQ(runner.succeed(job, attempt.id, at(2'200)), Applied::applied);
}

TEST_P(JobStoreSuite, AFallbackWithoutARetryChangesNothing) {
    const auto brought = bring_to(ann, Status::running);
    auto end = failure(core::ErrorCode::model_unavailable);
    end.retry_as = samples_.plan("nowhere");
    ASSERT_EQ(*store().finish_attempt(*brought.attempt, end, "backend:x", at(2'000)), Applied::applied);
    EXPECT_EQ(read(brought.job.id).status, Status::failed);
    EXPECT_EQ(read(brought.job.id).recipe, brought.job.recipe);
}

TEST_P(JobStoreSuite, AllResultsOfAJobAreNamedAndRetiredTogether) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    const auto second = runner.succeed_again(job, at(2'000));
    const auto keys = objects_of(read(job.id));
    ASSERT_EQ(keys.size(), 6u);
    EXPECT_TRUE(keys.contains(ObjectKey::thumbnail(job.id)));
    EXPECT_TRUE(keys.contains(ObjectKey::thumbnail(job.id, second)));
    const std::vector<ObjectKey> list(keys.begin(), keys.end());
    EXPECT_TRUE(store().find_unnamed_objects(list)->empty());
    EXPECT_EQ(
        store().find_unnamed_objects({ObjectKey::thumbnail(job.id, samples_.unknown_attempt())})->size(), 1u);
    std::set<ObjectKey> listed;
    const auto named = *store().list_named_objects(0, 10);
    for (const auto& object : named.objects) listed.insert(object.key);
    for (const auto& key : keys) EXPECT_TRUE(listed.contains(key)) << key.str();
    EXPECT_EQ(store().retire_jobs(Retention::outputs, all_of_time, 10, at(9'000))->objects, list);
    EXPECT_EQ(store().find_unnamed_objects(list)->size(), list.size());
    EXPECT_TRUE(
        std::holds_alternative<ports::AttemptWithoutResult>(runner.select(job.id, *job.selected_attempt)));
}

TEST_P(JobStoreSuite, AnAttemptAtWorkNamesTheThumbnailThatItMayMake) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    ASSERT_TRUE(
        std::holds_alternative<ports::JobRequeued>(runner.rerun(job, samples_.plan(job.backend), at(2'000))));
    const auto attempt = runner.claim(job.backend, at(2'100)).id;
    const auto thumbnail = ObjectKey::thumbnail(job.id, attempt);
    EXPECT_TRUE(store().find_unnamed_objects({thumbnail})->empty());
    ASSERT_TRUE(
        store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "backend:x", at(2'200)).ok());
    EXPECT_EQ(*store().find_unnamed_objects({thumbnail}), std::vector{thumbnail});
}

TEST_P(JobStoreSuite, ARerunOfAJobWhoseOutputsAreGoneForgetsThemAndCannotFallBackOnThem) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    const auto keys = objects_of(job);
    const auto retired = *store().retire_jobs(Retention::outputs, all_of_time, 10, at(1'500));
    ASSERT_TRUE(store().settle_retired(Retention::outputs, retired.mark).ok());
    ASSERT_TRUE(
        std::holds_alternative<ports::JobRequeued>(runner.rerun(job, samples_.plan(job.backend), at(2'000))));
    auto now = read(job.id);
    EXPECT_FALSE(now.outputs_removed_at.has_value()) << "it will have new ones";
    EXPECT_FALSE(now.selected_attempt || now.thumbnail);
    EXPECT_TRUE(now.outputs.empty() && now.attempts.at(0).outputs.empty())
        << "they must not seem to be there";
    const auto named = *store().list_named_objects(0, 10);
    for (const auto& object : named.objects) EXPECT_FALSE(keys.contains(object.key));
    const auto attempt = runner.claim(job.backend, at(2'100)).id;
    ASSERT_EQ(*store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "backend:x", at(2'200)),
              Applied::applied);
    EXPECT_EQ(read(job.id).status, Status::failed) << "it has nothing to show";
    EXPECT_TRUE(
        std::holds_alternative<ports::AttemptWithoutResult>(runner.select(job.id, *job.selected_attempt)));
}

TEST_P(JobStoreSuite, NothingIsRerunOnceItsInputsAreGone) {
    Runner runner(store(), samples_);
    const auto job = bring_to(ann, Status::succeeded).job;
    ASSERT_EQ(store().retire_jobs(Retention::inputs, all_of_time, 10, at(1'500))->jobs, 1);
    const auto before = everything_in_words(store());
    EXPECT_TRUE(std::holds_alternative<ports::InputsRemoved>(
        runner.rerun(job, samples_.plan(job.backend), at(2'000))));
    EXPECT_EQ(everything_in_words(store()), before);
}

}  // namespace
}  // namespace darkroom::conformance
