// What retention takes of chains: all of one at once, after its end, and nothing that a living one needs.
#include <algorithm>
#include <set>

#include "tests/conformance/chain_world.h"
#include "tests/conformance/kept_jobs.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using core::Status;
using ports::Access;
using ports::Applied;
using ports::Retention;

std::set<ObjectKey> results_of(ChainWorld& world, const ports::NewJob& chain) {
    std::set<ObjectKey> keys;
    for (const auto& step : chain.steps) {
        const auto job = world.read(step.id);
        for (const auto& attempt : job.attempts) {
            for (const auto& output : attempt.outputs) keys.insert(output.key);
            if (attempt.thumbnail) keys.insert(*attempt.thumbnail);
        }
    }
    return keys;
}

std::vector<ObjectKey> listed(const std::set<ObjectKey>& keys) { return {keys.begin(), keys.end()}; }

TEST_P(JobStoreSuite, NothingOfALivingChainIsRetiredHoweverLongAgoItsFirstStepEnded) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    world.work(chain, "cut");
    const auto grow = world.start(chain, "grow");
    for (const auto what : every_kind) {
        const auto retired = *store().retire_jobs(what, all_of_time, 10, at(9'000));
        EXPECT_EQ(retired.jobs, 0);
        ASSERT_TRUE(store().settle_retired(what, {all_of_time, 0}).ok());
    }
    const auto cut = world.step(chain, "cut");
    EXPECT_FALSE(cut.inputs_removed_at || cut.outputs_removed_at);
    EXPECT_TRUE(store().find_unnamed_objects(listed(results_of(world, chain)))->empty());
    EXPECT_TRUE(store().find_unnamed_objects({chain.job.inputs[0].key})->empty());
    ASSERT_EQ(world.succeed(chain, "grow", grow), Applied::applied);
    world.work(chain, "shop");
    EXPECT_EQ(world.read(chain.job.id).status, Status::succeeded);
}

TEST_P(JobStoreSuite, AChainAndItsStepsRetireAsOneJob) {
    ChainWorld world(store(), samples_, ann);
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    auto request = samples_.chain(ann, three);
    const auto picture = kept.picture();
    request.job.inputs = {picture};
    request.uploads = {kept.upload_of(picture)};
    for (auto& step : request.steps) step.backend = "only-" + step.id.str();
    ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
    for (const auto& step : request.steps) world.work(request, step.place->step);
    const auto results = results_of(world, request);
    ASSERT_EQ(results.size(), 9u);

    auto retired = *store().retire_jobs(Retention::inputs, all_of_time, 1, at(9'000));
    EXPECT_EQ(retired.jobs, 1);
    EXPECT_EQ(retired.objects, std::vector{picture.key}) << "what steps made for each other is no input";
    for (const auto& step : request.steps) EXPECT_EQ(world.read(step.id).inputs_removed_at, at(9'000));
    ASSERT_TRUE(store().settle_retired(Retention::inputs, retired.mark).ok());
    EXPECT_TRUE(store().find_unnamed_objects(listed(results))->empty());

    retired = *store().retire_jobs(Retention::outputs, all_of_time, 1, at(9'000));
    EXPECT_EQ(retired.jobs, 1);
    EXPECT_EQ(retired.objects, listed(results));
    EXPECT_EQ(store().find_unnamed_objects(listed(results))->size(), results.size());
    EXPECT_EQ(store().retire_jobs(Retention::outputs, all_of_time, 1, at(9'500))->objects, retired.objects)
        << "until it is settled";
    ASSERT_TRUE(store().settle_retired(Retention::outputs, retired.mark).ok());
    EXPECT_EQ(world.read(request.job.id).outputs.size(), 2u) << "what they were is still told";

    retired = *store().retire_jobs(Retention::jobs, all_of_time, 1, at(9'000));
    EXPECT_EQ(retired.jobs, 1);
    ASSERT_TRUE(store().settle_retired(Retention::jobs, retired.mark).ok());
    EXPECT_FALSE(store().find_job(Access::everyone(), request.job.id)->has_value());
    for (const auto& step : request.steps) {
        EXPECT_FALSE(store().find_job(Access::everyone(), step.id)->has_value());
        EXPECT_FALSE(store().list_events(Access::everyone(), step.id, 0, 10)->has_value());
    }
    EXPECT_TRUE(remote().list_remote_jobs(0, 10)->remote_jobs.empty());
}

TEST_P(JobStoreSuite, AChainsObjectsAreListedOnce) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    for (const auto& step : chain.steps) world.work(chain, step.place->step);
    auto expected = results_of(world, chain);
    expected.insert(chain.job.inputs[0].key);
    std::vector<ObjectKey> found;
    const auto named = *store().list_named_objects(0, 100);
    for (const auto& object : named.objects) found.push_back(object.key);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, listed(expected));
}

TEST_P(JobStoreSuite, AFailedChainCannotBeTriedAgainWithoutWhatItNeeds) {
    ChainWorld world(store(), samples_, ann);
    const auto half_done = world.create(three);
    world.work(half_done, "cut");
    world.fail(half_done, "grow");
    const auto not_begun = world.create(three);
    world.fail(not_begun, "cut");
    ASSERT_EQ(store().retire_jobs(Retention::outputs, all_of_time, 10, at(9'000))->jobs, 2);
    EXPECT_TRUE(std::holds_alternative<ports::InputsRemoved>(world.requeue(half_done.job.id)))
        << "what the next step works on is gone";
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(world.requeue(not_begun.job.id)));
    for (const auto& step : not_begun.steps) {
        EXPECT_FALSE(world.read(step.id).outputs_removed_at.has_value());
        world.work(not_begun, step.place->step);
    }
    EXPECT_EQ(world.read(not_begun.job.id).status, Status::succeeded);
    EXPECT_FALSE(world.read(not_begun.job.id).outputs_removed_at.has_value());

    const auto without_inputs = world.create(three);
    world.fail(without_inputs, "cut");
    ASSERT_GE(store().retire_jobs(Retention::inputs, all_of_time, 10, at(9'000))->jobs, 1);
    EXPECT_TRUE(std::holds_alternative<ports::InputsRemoved>(world.requeue(without_inputs.job.id)));
}

TEST_P(JobStoreSuite, ALateResultIsNoUseToAChainWhoseObjectsAreGone) {
    ChainWorld world(store(), samples_, ann);
    const auto chain = world.create(three);
    const auto cut = world.start(chain, "cut");
    ASSERT_EQ(world.finish(cut, failure(core::ErrorCode::timeout)), Applied::applied);
    ASSERT_EQ(store().retire_jobs(Retention::inputs, all_of_time, 10, at(9'000))->jobs, 1);
    const auto before = everything_in_words(store());
    EXPECT_EQ(*store().succeed_late(cut, samples_.success(chain.steps[0].id, cut), "backend:x", world.tick()),
              Applied::stale);
    EXPECT_EQ(everything_in_words(store()), before);
}

}  // namespace
}  // namespace darkroom::conformance
