// Chains: steps that begin when what they work on is there, a parent that follows them, and what its owner
// may do.
#include <algorithm>

#include "tests/conformance/chain_world.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::Applied;

const std::vector<StepPlan> fork = {{"cut"}, {"grow", "cut"}, {"shop", "cut"}};

TEST_P(JobStoreSuite, AChainIsDoneStepAfterStepAndShowsWhatItPromised) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    EXPECT_EQ(world.stand(chain), "QUEUED: cut QUEUED, grow QUEUED, shop QUEUED");
    EXPECT_EQ(world.step(chain, "cut").inputs, chain.job.inputs);
    EXPECT_TRUE(world.waits(chain, "grow"));
    EXPECT_EQ(store().count_queue()->ready, 1);
    const auto cut = world.claim(chain, "cut");
    EXPECT_EQ(world.stand(chain), "QUEUED: cut DISPATCHED, grow QUEUED, shop QUEUED");
    ASSERT_EQ(*store().start_attempt(cut, world.tick()), Applied::applied);
    EXPECT_EQ(world.stand(chain), "RUNNING: cut RUNNING, grow QUEUED, shop QUEUED");
    EXPECT_TRUE(world.read(chain.job.id).started_at.has_value());
    ASSERT_EQ(world.succeed(chain, "cut", cut), Applied::applied);
    const auto grow = world.step(chain, "grow");
    ASSERT_EQ(grow.inputs.size(), 1u);
    const auto made = world.step(chain, "cut").outputs.at(0);
    EXPECT_EQ(grow.inputs[0].key, made.key);
    EXPECT_EQ(grow.inputs[0].name, "cut.main");
    EXPECT_EQ(grow.inputs[0].bytes, made.bytes);
    EXPECT_EQ(grow.inputs[0].width, made.width);
    EXPECT_EQ(grow.inputs[0].sha256, made.sha256);
    EXPECT_EQ(grow.inputs[0].content_type, made.content_type);
    EXPECT_TRUE(world.waits(chain, "shop"));
    reopen();
    ChainWorld again(store(), samples_, ann);
    again.work(chain, "grow");
    EXPECT_EQ(again.stand(chain), "RUNNING: cut SUCCEEDED, grow SUCCEEDED, shop QUEUED");
    EXPECT_TRUE(again.read(chain.job.id).outputs.empty());
    again.work(chain, "shop");
    EXPECT_EQ(again.stand(chain), "SUCCEEDED: cut SUCCEEDED, grow SUCCEEDED, shop SUCCEEDED");
    const auto done = again.read(chain.job.id);
    const auto shop = again.step(chain, "shop");
    ASSERT_EQ(done.outputs.size(), 2u);
    EXPECT_EQ(done.outputs[0], shop.outputs[0]);
    EXPECT_EQ(done.outputs[1].role, "cut.mask");
    EXPECT_EQ(done.outputs[1].key, again.step(chain, "cut").outputs[1].key);
    EXPECT_EQ(done.thumbnail, shop.thumbnail);
    EXPECT_EQ(done.finished_at, shop.finished_at);
    EXPECT_EQ(again.story(chain.job.id),
              "created start step_succeeded(cut) step_succeeded(grow) step_succeeded(shop) succeed");
}

TEST_P(JobStoreSuite, AStepIsAJobOfItsOwnThatKnowsItsPlace) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create({{"cut"}, {"mask", "cut", "mask"}});
    const auto step = world.step(chain, "mask");
    EXPECT_EQ(step.place, (core::ChainPlace{chain.job.id, "mask", "cut", "mask"}));
    EXPECT_EQ(step.user, ann);
    EXPECT_EQ(step.priority, chain.job.priority);
    EXPECT_EQ(step.type, chain.steps[1].type);
    EXPECT_EQ(step.params_effective_json, chain.steps[1].params_effective_json);
    EXPECT_EQ(step.recipe_digest, chain.steps[1].recipe_digest);
    EXPECT_EQ(step.models_json, chain.steps[1].models_json);
    EXPECT_FALSE(step.webhook_url.has_value());
    EXPECT_FALSE(world.read(chain.job.id).place.has_value());
    world.work(chain, "cut");
    EXPECT_EQ(world.step(chain, "mask").inputs.at(0).key, world.step(chain, "cut").outputs.at(1).key);
}

TEST_P(JobStoreSuite, StepsAreNotListedAmongJobsButByTheirChainForItsOwner) {
    ChainWorld world(store(), samples_, ann);
    const auto alone = samples_.job(ann);
    ASSERT_TRUE(store().create_job(alone).ok());
    const auto chain = world.create(three);
    world.fail(chain, "cut");
    for (const auto& access : {Access::of(ann), Access::everyone()}) {
        const auto jobs = *store().list_jobs(access, {}, 0, 10);
        ASSERT_EQ(jobs.jobs.size(), 2u);
        EXPECT_EQ(in_words(jobs.jobs[0]), in_words(world.read(chain.job.id)));
        ports::JobFilter badly;
        badly.statuses = {Status::failed, Status::cancelled};
        EXPECT_EQ(store().list_jobs(access, badly, 0, 10)->jobs.size(), 1u);
        ports::JobFilter steps;
        steps.chain = chain.job.id;
        const auto first = *store().list_jobs(access, steps, 0, 2);
        ASSERT_EQ(first.jobs.size(), 2u);
        EXPECT_EQ(first.jobs[0].id, chain.steps[2].id);
        const auto rest = *store().list_jobs(access, steps, first.next_before, 2);
        ASSERT_EQ(rest.jobs.size(), 1u);
        EXPECT_EQ(rest.jobs[0].id, chain.steps[0].id);
        EXPECT_EQ(rest.next_before, 0);
        steps.statuses = {Status::cancelled};
        EXPECT_EQ(store().list_jobs(access, steps, 0, 10)->jobs.size(), 2u);
        steps.chain = alone.job.id;
        EXPECT_TRUE(store().list_jobs(access, steps, 0, 10)->jobs.empty());
        steps.chain = samples_.unknown_job();
        EXPECT_TRUE(store().list_jobs(access, steps, 0, 10)->jobs.empty());
    }
    ports::JobFilter steps;
    steps.chain = chain.job.id;
    EXPECT_TRUE(store().list_jobs(Access::of(eve), steps, 0, 10)->jobs.empty());
    EXPECT_FALSE(store().find_job(Access::of(eve), chain.steps[0].id)->has_value());
}

TEST_P(JobStoreSuite, AChainIsCreatedOnceForItsIdempotencyKey) {
    auto request = samples_.chain(ann, three);
    request.idempotency = idempotency("k", "one", at(9'000'000));
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
    auto repeat = samples_.chain(ann, three);
    repeat.idempotency = request.idempotency;
    EXPECT_EQ(std::get<ports::JobAlreadyCreated>(*store().create_job(repeat)).job, request.job.id);
    EXPECT_FALSE(store().find_job(Access::everyone(), repeat.steps[0].id)->has_value());
    auto gone = samples_.chain(ann, three);
    gone.uploads = {random_.id<UploadId>()};
    EXPECT_TRUE(std::holds_alternative<ports::UploadGone>(*store().create_job(gone)));
    EXPECT_FALSE(store().find_job(Access::everyone(), gone.steps[0].id)->has_value());
}

TEST_P(JobStoreSuite, AStepThatFailsForGoodFailsItsChainAndARetryRepeatsThatStepAlone) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    world.work(chain, "cut");
    const auto cut = in_words(world.step(chain, "cut"));
    const auto first = world.start(chain, "grow");
    ASSERT_EQ(world.finish(first, failure(core::ErrorCode::timeout, at(1))), Applied::applied);
    EXPECT_EQ(world.stand(chain), "RUNNING: cut SUCCEEDED, grow QUEUED, shop QUEUED") << "its own retry";
    world.fail(chain, "grow");
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow FAILED, shop CANCELLED");
    const auto failed = world.read(chain.job.id);
    EXPECT_EQ(failed.error->code, core::ErrorCode::no_subject);
    EXPECT_EQ(failed.error->message, "step 'grow': because \"of\" this\n");
    EXPECT_EQ(failed.steps.at(1).error, world.step(chain, "grow").error);
    EXPECT_TRUE(failed.finished_at.has_value());
    EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(world.cancel(chain.job.id)));

    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(chain.job.id)));
    EXPECT_EQ(world.stand(chain), "QUEUED: cut SUCCEEDED, grow QUEUED, shop QUEUED");
    EXPECT_FALSE(world.read(chain.job.id).error.has_value());
    EXPECT_TRUE(world.waits(chain, "shop"));
    EXPECT_EQ(world.step(chain, "grow").attempts_forgiven, 2);
    world.work(chain, "grow");
    world.work(chain, "shop");
    EXPECT_EQ(world.stand(chain), "SUCCEEDED: cut SUCCEEDED, grow SUCCEEDED, shop SUCCEEDED");
    EXPECT_EQ(in_words(world.step(chain, "cut")), cut) << "it was not done again";
    EXPECT_EQ(
        world.story(chain.job.id),
        "created start step_succeeded(cut) step_failed(grow) give_up requeue start step_succeeded(grow) "
        "step_succeeded(shop) succeed");
}

TEST_P(JobStoreSuite, AChainWaitsForWhatIsAtWorkBeforeItFailsAndKeepsItsResult) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create({{"cut"}, {"grow", "cut"}, {"shop", "cut"}, {"last", "shop"}});
    world.work(chain, "cut");
    const auto grow = world.start(chain, "grow");
    world.fail(chain, "shop");
    EXPECT_EQ(world.stand(chain), "RUNNING: cut SUCCEEDED, grow RUNNING, shop FAILED, last CANCELLED");
    ASSERT_EQ(world.succeed(chain, "grow", grow), Applied::applied);
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow SUCCEEDED, shop FAILED, last CANCELLED");
    EXPECT_EQ(world.read(chain.job.id).error->message.substr(0, 11), "step 'shop'");
}

TEST_P(JobStoreSuite, WhatWouldBeTriedAgainOfAFailingChainIsCancelled) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(fork);
    world.work(chain, "cut");
    const auto grow = world.start(chain, "grow");
    world.fail(chain, "shop");
    ASSERT_EQ(world.finish(grow, failure(core::ErrorCode::timeout, at(90'000))), Applied::applied);
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow CANCELLED, shop FAILED");
    EXPECT_EQ(store().count_queue()->delayed, 0);
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(chain.job.id)));
    EXPECT_EQ(store().count_queue()->ready, 2) << "what they work on is still there";
    world.work(chain, "shop");
    const auto taken_back = world.claim(chain, "grow");
    (void)taken_back;
    EXPECT_EQ(world.stand(chain), "RUNNING: cut SUCCEEDED, grow DISPATCHED, shop SUCCEEDED");
}

TEST_P(JobStoreSuite, AStepThatIsGivenBackToAFailingChainIsCancelled) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(fork);
    world.work(chain, "cut");
    const auto grow = world.claim(chain, "grow");
    world.fail(chain, "shop");
    EXPECT_EQ(*store().give_back(grow, std::nullopt, "busy", world.tick()), Applied::applied);
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow CANCELLED, shop FAILED");
}

TEST_P(JobStoreSuite, CancellingAChainCancelsAllThatHasNotEndedAndTellsWhatToStop) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create({{"cut"}, {"grow", "cut"}, {"shop", "cut"}, {"last", "shop"}});
    world.work(chain, "cut");
    const auto grow = world.start(chain, "grow");
    const auto shop = world.claim(chain, "shop");
    const auto cancelled = std::get<ports::JobCancelled>(world.cancel(chain.job.id));
    EXPECT_EQ(cancelled.stop, (std::vector{grow, shop}));
    EXPECT_EQ(world.stand(chain), "CANCELLED: cut SUCCEEDED, grow CANCELLED, shop CANCELLED, last CANCELLED");
    const auto inflight = *store().list_inflight("this-machine");
    for (const auto& row : inflight) EXPECT_TRUE(row.stopping);
    EXPECT_EQ(world.succeed(chain, "grow", grow), Applied::stale);
    EXPECT_EQ(world.finish(shop, failure(core::ErrorCode::cancelled)), Applied::stale);
    EXPECT_EQ(world.stand(chain), "CANCELLED: cut SUCCEEDED, grow CANCELLED, shop CANCELLED, last CANCELLED");
    EXPECT_EQ(store().count_queue()->inflight, 0);
    EXPECT_EQ(world.story(chain.job.id), "created start step_succeeded(cut) cancel");
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(chain.job.id)));
    for (const std::string step : {"shop", "grow", "last"}) world.work(chain, step);
    EXPECT_EQ(world.read(chain.job.id).status, Status::succeeded);
}

TEST_P(JobStoreSuite, AChainCanBeCancelledBeforeAnythingOfItHasBegun) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    EXPECT_TRUE(std::get<ports::JobCancelled>(world.cancel(chain.job.id)).stop.empty());
    EXPECT_EQ(world.stand(chain), "CANCELLED: cut CANCELLED, grow CANCELLED, shop CANCELLED");
    EXPECT_EQ(store().count_queue()->ready, 0);
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(chain.job.id)));
    EXPECT_EQ(store().count_queue()->ready, 1);
    for (const std::string step : {"cut", "grow", "shop"}) world.work(chain, step);
    EXPECT_EQ(world.read(chain.job.id).status, Status::succeeded);
}

TEST_P(JobStoreSuite, AStepIsItsChainsAndNothingIsAskedOfItAlone) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    world.work(chain, "cut");
    world.fail(chain, "grow");
    const auto before = everything_in_words(store());
    for (const auto& step : chain.steps) {
        EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(world.cancel(step.id)));
        EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(world.requeue(step.id)));
        EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(
            *store().rerun_job(Access::of(ann), step.id, samples_.plan(), "key:app", world.tick())));
    }
    EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(
        *store().rerun_job(Access::of(ann), chain.job.id, samples_.plan(), "key:app", world.tick())));
    EXPECT_TRUE(std::holds_alternative<ports::NoSuchAttempt>(*store().select_attempt(
        Access::of(ann), chain.job.id, samples_.unknown_attempt(), "key:app", world.tick())));
    const auto stranger = Access::of(eve);
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().cancel_job(stranger, chain.job.id, "key:e", world.tick())));
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(
        *store().requeue_job(stranger, chain.job.id, "key:e", world.tick())));
    EXPECT_EQ(everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, AStepWhoseSourceMadeNothingForItFailsWithItsChain) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create({{"cut"}, {"grow", "cut", "preview"}, {"shop", "grow"}});
    world.work(chain, "cut");
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow FAILED, shop CANCELLED");
    const auto grow = world.step(chain, "grow");
    EXPECT_EQ(grow.error->code, core::ErrorCode::input_missing);
    EXPECT_TRUE(grow.attempts.empty());
    EXPECT_TRUE(grow.finished_at.has_value());
    EXPECT_EQ(world.story(grow.id), "created give_up");
    EXPECT_EQ(world.read(chain.job.id).error->code, core::ErrorCode::input_missing);
    EXPECT_EQ(world.story(chain.job.id), "created start step_succeeded(cut) step_failed(grow) give_up");
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(chain.job.id)));
    EXPECT_EQ(world.stand(chain), "FAILED: cut SUCCEEDED, grow FAILED, shop CANCELLED")
        << "it still made none";
}

TEST_P(JobStoreSuite, AChainThatNamesASourceNobodyIsOrThatComesLaterFailsInsteadOfWaitingForEver) {
    ChainWorld world(store(), samples_, ann);
    for (const std::string source : {"nobody", "grow", "shop"}) {
        SCOPED_TRACE(source);
        const auto chain = world.create({{"cut"}, {"grow", source}, {"shop", "grow"}});
        EXPECT_EQ(world.stand(chain), "FAILED: cut CANCELLED, grow FAILED, shop CANCELLED");
    }
}

TEST_P(JobStoreSuite, ALateResultOfAFailedStepBringsItsChainBackToWork) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    const auto cut = world.start(chain, "cut");
    ASSERT_EQ(world.finish(cut, failure(core::ErrorCode::timeout)), Applied::applied);
    EXPECT_EQ(world.stand(chain), "FAILED: cut FAILED, grow CANCELLED, shop CANCELLED");
    EXPECT_EQ(*store().succeed_late(cut, samples_.success(chain.steps[0].id, cut), "backend:x", world.tick()),
              Applied::applied);
    EXPECT_EQ(world.stand(chain), "RUNNING: cut SUCCEEDED, grow QUEUED, shop QUEUED");
    EXPECT_FALSE(world.read(chain.job.id).error || world.read(chain.job.id).finished_at);
    world.work(chain, "grow");
    world.work(chain, "shop");
    EXPECT_EQ(world.story(chain.job.id),
              "created start step_failed(cut) give_up step_succeeded(cut) succeed_late step_succeeded(grow) "
              "step_succeeded(shop) succeed");
}

TEST_P(JobStoreSuite, ALateResultOfTheLastStepEndsItsChain) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create({{"cut"}});
    const auto cut = world.start(chain, "cut");
    ASSERT_EQ(world.finish(cut, failure(core::ErrorCode::timeout)), Applied::applied);
    EXPECT_EQ(*store().succeed_late(cut, samples_.success(chain.steps[0].id, cut), "backend:x", world.tick()),
              Applied::applied);
    EXPECT_EQ(world.stand(chain), "SUCCEEDED: cut SUCCEEDED");
    EXPECT_EQ(world.read(chain.job.id).outputs.size(), 2u);
}

TEST_P(JobStoreSuite, ALateResultDoesNotRouseAChainThatItsOwnerCancelled) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(fork);
    world.work(chain, "cut");
    (void)world.start(chain, "grow");
    const auto shop = world.start(chain, "shop");
    ASSERT_EQ(world.finish(shop, failure(core::ErrorCode::timeout)), Applied::applied);
    ASSERT_TRUE(std::holds_alternative<ports::JobCancelled>(world.cancel(chain.job.id)));
    const auto before = everything_in_words(store());
    EXPECT_EQ(
        *store().succeed_late(shop, samples_.success(chain.steps[2].id, shop), "backend:x", world.tick()),
        Applied::stale);
    EXPECT_EQ(everything_in_words(store()), before);
}

struct ChangesHeard : ports::StoreListener {
    void jobs_ready() override { ++ready; }
    void job_changed(const JobId& job) override { changed.push_back(job); }
    bool heard(const JobId& job) {
        const bool found = std::find(changed.begin(), changed.end(), job) != changed.end();
        changed.clear();
        return found;
    }
    int ready = 0;
    std::vector<JobId> changed;
};

TEST_P(JobStoreSuite, WhoWatchesAChainHearsOfEveryChangeOfItsSteps) {
    ChainWorld world(store(), samples_, ann);
    ChangesHeard listener;
    store().set_listener(&listener);
    const auto chain = world.create(three);
    EXPECT_TRUE(listener.heard(chain.job.id));
    const auto cut = world.claim(chain, "cut");
    EXPECT_TRUE(listener.heard(chain.job.id));
    ASSERT_EQ(*store().start_attempt(cut, world.tick()), Applied::applied);
    EXPECT_TRUE(listener.heard(chain.job.id));
    listener.ready = 0;
    ASSERT_EQ(world.succeed(chain, "cut", cut), Applied::applied);
    EXPECT_GT(listener.ready, 0) << "the next step can be claimed";
    EXPECT_TRUE(listener.heard(chain.job.id));
    const auto grow = world.claim(chain, "grow");
    ASSERT_EQ(world.finish(grow, failure(core::ErrorCode::timeout, at(90'000))), Applied::applied);
    EXPECT_TRUE(listener.heard(chain.job.id));
    ASSERT_TRUE(std::holds_alternative<ports::JobCancelled>(world.cancel(chain.job.id)));
    EXPECT_TRUE(listener.heard(chain.steps[2].id));
    store().set_listener(nullptr);
}

}  // namespace
}  // namespace darkroom::conformance
