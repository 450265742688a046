// Retention beside everything else that wants the same jobs and pictures at the same moment, and beside a
// clock that goes back: what is removed is never needed, and what is not needed is never forgotten.
#include <set>
#include <thread>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/kept_jobs.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using core::Status;
using ports::Access;
using ports::Retention;

TEST_P(JobStoreSuite, AJobThatEndsWhileTheClockIsBackIsNotForgotten) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    for (const auto what : every_kind) {
        SCOPED_TRACE(static_cast<int>(what));
        (void)kept.cancelled({kept.picture()}, at(900));
        const auto late = kept.open({kept.picture()});
        const auto retired = *store().retire_jobs(what, at(1'000), 10, long_after);
        ASSERT_GE(retired.jobs, 1);
        kept.cancel(late, at(800));  // between retiring and settling
        ASSERT_TRUE(store().settle_retired(what, retired.mark).ok());
        const auto later = kept.open({kept.picture()});
        kept.cancel(later, at(700));  // after settling
        const auto rest = *store().retire_jobs(what, at(1'000), 10, long_after);
        EXPECT_GE(rest.jobs, 2);
        for (const auto& id : {late, later}) {
            const auto job = read(id);
            EXPECT_EQ(job.inputs_removed_at.has_value(), what != Retention::outputs);
            EXPECT_EQ(job.outputs_removed_at.has_value(), what != Retention::inputs);
        }
        ASSERT_TRUE(store().settle_retired(what, rest.mark).ok());
    }
    EXPECT_EQ(store().list_jobs(Access::everyone(), {}, 0, 100)->jobs.size(), 0u);
}

// Either the owner was first and the inputs stay, or retention was and there is no other try.
TEST_P(JobStoreSuite, TryingAgainAndRetirementRacingForAJobNeverBothHaveIt) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    std::vector<JobId> jobs;
    jobs.reserve(60);
    for (int i = 0; i < 60; ++i) jobs.push_back(kept.cancelled({kept.picture()}, at(i)));
    std::set<ObjectKey> removed;
    std::set<JobId> requeued;
    {
        const std::jthread owner([&] {
            for (const auto& job : jobs) {
                const auto outcome = store().requeue_job(Access::of(ann), job, "key:app", at(5'000));
                if (outcome.ok() && std::holds_alternative<ports::JobRequeued>(*outcome))
                    requeued.insert(job);
            }
        });
        const std::jthread keeper([&] {
            for (;;) {
                const auto retired = store().retire_jobs(Retention::inputs, at(1'000), 2, long_after);
                if (!retired.ok() || retired->jobs == 0) break;
                removed.insert(retired->objects.begin(), retired->objects.end());
                EXPECT_TRUE(store().settle_retired(Retention::inputs, retired->mark).ok());
            }
        });
    }
    for (const auto& id : jobs) {
        const auto job = read(id);
        EXPECT_EQ(requeued.count(id) != 0, removed.count(job.inputs[0].key) == 0);
        EXPECT_EQ(job.status, requeued.count(id) != 0 ? Status::queued : Status::cancelled);
        EXPECT_EQ(job.inputs_removed_at.has_value(), requeued.count(id) == 0);
    }
}

// The last job that kept a picture goes while another one wants it: the picture goes, or the new job has it.
TEST_P(JobStoreSuite, NewJobsAndRetirementRacingForAPictureNeverBothHaveIt) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    std::vector<ports::NewJob> requests;
    for (int i = 0; i < 60; ++i) {
        const auto picture = kept.picture();
        (void)kept.cancelled({picture}, at(i));
        requests.push_back(kept.request({picture}));
    }
    std::set<ObjectKey> removed;
    std::set<ObjectKey> wanted;
    {
        const std::jthread owner([&] {
            for (const auto& request : requests) {
                const auto outcome = store().create_job(request);
                if (outcome.ok() && std::holds_alternative<ports::JobCreated>(*outcome))
                    wanted.insert(request.job.inputs[0].key);
            }
        });
        const std::jthread keeper([&] {
            for (;;) {
                const auto retired = store().retire_jobs(Retention::inputs, at(1'000), 2, long_after);
                if (!retired.ok() || retired->jobs == 0) break;
                removed.insert(retired->objects.begin(), retired->objects.end());
                EXPECT_TRUE(store().settle_retired(Retention::inputs, retired->mark).ok());
            }
        });
    }
    for (const auto& request : requests) {
        const auto& key = request.job.inputs[0].key;
        EXPECT_NE(wanted.count(key), removed.count(key)) << key.str();
    }
}

}  // namespace
}  // namespace darkroom::conformance
