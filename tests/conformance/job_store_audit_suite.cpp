// The audit: every attempt with what it was done with, in pages, since a date.
#include <limits>

#include "tests/conformance/chain_world.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;

const TimePoint ever{};

std::vector<ports::AuditRow> audit(ports::JobStore& store, TimePoint since, int count_max) {
    std::vector<ports::AuditRow> rows;
    std::int64_t after = 0;
    do {
        const auto page = *store.list_audit(since, after, count_max);
        rows.insert(rows.end(), page.rows.begin(), page.rows.end());
        EXPECT_TRUE(page.next_after == 0 || page.next_after > after);
        after = page.next_after;
    } while (after != 0);
    return rows;
}

TEST_P(JobStoreSuite, AnAuditTellsEveryAttemptWithItsRecipeAndModels) {
    const auto failed = bring_to(ann, Status::failed);
    const auto bob = user("bob");
    const auto running = bring_to(bob, Status::running);
    (void)bring_to(ann, Status::queued);
    const auto rows = audit(store(), ever, 100);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].job, failed.job.id);
    EXPECT_EQ(rows[0].attempt, *failed.attempt);
    EXPECT_EQ(rows[0].number, 1);
    EXPECT_EQ(rows[0].user, ann);
    EXPECT_EQ(rows[0].type, failed.job.type);
    EXPECT_EQ(rows[0].backend, failed.job.backend);
    EXPECT_EQ(rows[0].endpoint, "this-machine");
    EXPECT_EQ(rows[0].status, Status::failed);
    EXPECT_EQ(rows[0].recipe, failed.job.recipe);
    EXPECT_EQ(rows[0].recipe_digest, failed.job.recipe_digest);
    EXPECT_EQ(rows[0].models_json, failed.job.models_json);
    EXPECT_EQ(rows[0].created_at, at(1'000));
    EXPECT_EQ(rows[1].job, running.job.id);
    EXPECT_EQ(rows[1].user, bob);
    EXPECT_EQ(rows[1].status, Status::running);
}

TEST_P(JobStoreSuite, AnAuditTellsWhatAnAttemptWasDoneWithNotWhatItsJobIsDoneWithNow) {
    const auto brought = bring_to(ann, Status::succeeded);
    const auto plan = samples_.plan(brought.job.backend);
    ASSERT_TRUE(store().rerun_job(Access::of(ann), brought.job.id, plan, "key:app", at(2'000)).ok());
    auto request = claim_request(1'000, 1, at(5'000));
    request.backend = plan.backend;
    ASSERT_EQ(store().claim(request)->size(), 1u);
    const auto rows = audit(store(), ever, 100);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].recipe_digest, brought.job.recipe_digest);
    EXPECT_EQ(rows[1].recipe_digest, plan.recipe_digest);
    EXPECT_EQ(rows[1].models_json, plan.models_json);
    EXPECT_EQ(rows[1].number, 2);
    const auto since = audit(store(), at(5'000), 100);
    ASSERT_EQ(since.size(), 1u) << "the first attempt was before";
    EXPECT_EQ(since[0].number, 2);
    EXPECT_TRUE(audit(store(), at(5'001), 100).empty());
}

TEST_P(JobStoreSuite, AnAuditComesInPagesOfWholeJobsAndTellsEachAttemptOnce) {
    ChainWorld world(store(), samples_, ann);
    for (int i = 0; i < 5; ++i) {
        const auto chain = world.create({{"cut"}, {"grow", "cut"}});
        for (int attempt = 0; attempt < 3; ++attempt) {
            ASSERT_EQ(world.finish(world.start(chain, "cut"), failure(core::ErrorCode::timeout, at(0))),
                      ports::Applied::applied);
        }
        world.work(chain, "cut");
        world.work(chain, "grow");
    }
    const auto whole = audit(store(), ever, 1'000);
    ASSERT_EQ(whole.size(), 25u);
    for (const int page : {1, 2, 3, 7, 24, 25, std::numeric_limits<int>::max()}) {
        const auto rows = audit(store(), ever, page);
        ASSERT_EQ(rows.size(), whole.size()) << page;
        for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].attempt, whole[i].attempt);
    }
    EXPECT_EQ(store().list_audit(ever, 0, 1)->rows.size(), 4u) << "a job is never torn";
}

TEST_P(JobStoreSuite, AnAuditTakesHostileCountsPlacesAndDates) {
    (void)bring_to(ann, Status::succeeded);
    for (const int none : {0, -1, std::numeric_limits<int>::min()}) {
        EXPECT_TRUE(store().list_audit(ever, 0, none)->rows.empty());
        EXPECT_EQ(store().list_audit(ever, 0, none)->next_after, 0);
    }
    EXPECT_EQ(store().list_audit(TimePoint(Milliseconds::min()), -5, 10)->rows.size(), 1u);
    EXPECT_TRUE(store().list_audit(TimePoint(Milliseconds::max()), 0, 10)->rows.empty());
    EXPECT_TRUE(store().list_audit(ever, std::numeric_limits<std::int64_t>::max(), 10)->rows.empty());
}

}  // namespace
}  // namespace darkroom::conformance
