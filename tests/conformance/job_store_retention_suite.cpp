// What is kept for how long: inputs, outputs and whole jobs go in the order of their ends, are named until
// they are settled, and never under a job that still needs them.
#include <algorithm>
#include <atomic>
#include <limits>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/kept_jobs.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using ports::Access;
using ports::Retention;

struct ReadyCounter : ports::StoreListener {
    void jobs_ready() override { ++count; }
    void job_changed(const JobId&) override {}
    std::atomic<int> count{0};
};

std::vector<ObjectKey> sorted(std::vector<ObjectKey> keys) {
    std::sort(keys.begin(), keys.end());
    return keys;
}

std::vector<ObjectKey> outputs_of(const core::Job& job) {
    std::vector<ObjectKey> keys;
    for (const auto& attempt : job.attempts) {
        for (const auto& output : attempt.outputs) keys.push_back(output.key);
    }
    if (job.thumbnail) keys.push_back(*job.thumbnail);
    return sorted(keys);
}

TEST_P(JobStoreSuite, InputsAreRetiredInTheOrderOfTheEndsOfTheirJobsAFewAtATime) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto open = kept.open({kept.picture()});
    std::vector<JobId> jobs;
    for (const int ended : {300, 100, 200, 200, 400})
        jobs.push_back(kept.succeeded({kept.picture()}, at(ended)));
    std::vector<JobId> order{jobs[1], jobs[2], jobs[3], jobs[0]};
    for (std::size_t i = 0; i < order.size(); i += 2) {
        const auto retired = *store().retire_jobs(Retention::inputs, at(400), 2, long_after);
        ASSERT_EQ(retired.jobs, 2);
        EXPECT_EQ(retired.objects, sorted({read(order[i]).inputs[0].key, read(order[i + 1]).inputs[0].key}));
        EXPECT_EQ(read(order[i]).inputs_removed_at, long_after);
        EXPECT_FALSE(read(order[i]).outputs_removed_at.has_value());
        EXPECT_EQ(read(order[i]).updated_at, read(order[i]).finished_at) << "it is not the job's own news";
        EXPECT_EQ(retired.mark.finished_at, read(order[i + 1]).finished_at);
        ASSERT_TRUE(store().settle_retired(Retention::inputs, retired.mark).ok());
    }
    EXPECT_EQ(store().retire_jobs(Retention::inputs, at(400), 2, long_after)->jobs, 0);
    EXPECT_FALSE(read(jobs[4]).inputs_removed_at.has_value()) << "ended_before is exclusive";
    EXPECT_FALSE(read(open).inputs_removed_at.has_value());
}

TEST_P(JobStoreSuite, WhatIsRetiredIsNamedAgainUntilItIsSettledAlsoByTheNextProcess) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    for (const auto what : every_kind) {
        SCOPED_TRACE(static_cast<int>(what));
        const auto job = kept.succeeded({kept.picture(), kept.picture()}, at(500));
        const auto before = read(job);
        std::vector<ObjectKey> expected;
        if (what != Retention::outputs) expected = {before.inputs[0].key, before.inputs[1].key};
        if (what != Retention::inputs)
            for (const auto& key : outputs_of(before)) expected.push_back(key);
        const auto first = *store().retire_jobs(what, at(501), 10, long_after);
        EXPECT_EQ(first.objects, sorted(expected));
        reopen();
        const auto again = *store().retire_jobs(what, at(501), 10, at(2'000'000));
        EXPECT_EQ(again.objects, first.objects);
        EXPECT_EQ(again.jobs, first.jobs);
        EXPECT_EQ(again.mark.seq, first.mark.seq);
        EXPECT_EQ(read(job).inputs_removed_at.has_value(), what != Retention::outputs);
        EXPECT_EQ(read(job).outputs_removed_at.has_value(), what != Retention::inputs);
        EXPECT_EQ(read(job).inputs_removed_at.value_or(long_after), long_after) << "the first date stays";
        EXPECT_EQ(outputs_of(read(job)), outputs_of(before)) << "what they were is still told";
        ASSERT_TRUE(store().settle_retired(what, again.mark).ok());
        ASSERT_TRUE(store().settle_retired(what, again.mark).ok()) << "twice is safe";
        EXPECT_EQ(store().retire_jobs(what, at(501), 10, long_after)->jobs, 0);
        // The other kinds go past it, so that the next round begins clean.
        for (const auto other : every_kind)
            ASSERT_TRUE(store()
                            .settle_retired(other, store().retire_jobs(other, at(501), 10, long_after)->mark)
                            .ok());
    }
}

TEST_P(JobStoreSuite, HostileCountsDatesAndMarksRetireNothingThatIsNotDue) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto job = kept.succeeded({kept.picture()}, at(500));
    for (const auto what : every_kind) {
        for (const int none : {0, -1, std::numeric_limits<int>::min()})
            EXPECT_EQ(store().retire_jobs(what, long_after, none, long_after)->jobs, 0);
        for (const auto& early : {TimePoint(Milliseconds::min()), TimePoint(), at(500)})
            EXPECT_EQ(store().retire_jobs(what, early, 10, long_after)->jobs, 0);
        // Settling what was never retired forgets nothing.
        for (const auto seq :
             {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
            ASSERT_TRUE(store().settle_retired(what, {all_of_time, seq}).ok());
            ASSERT_TRUE(store().settle_retired(what, {TimePoint(Milliseconds::min()), seq}).ok());
        }
    }
    EXPECT_FALSE(read(job).inputs_removed_at || read(job).outputs_removed_at);
    for (const auto what : every_kind)
        EXPECT_EQ(store().retire_jobs(what, all_of_time, std::numeric_limits<int>::max(), long_after)->jobs,
                  1);
}

TEST_P(JobStoreSuite, AnInputThatAYoungerOrOpenJobUsesTooIsLeftForThatOne) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto shared = kept.picture();
    const auto own = kept.picture();
    (void)kept.cancelled({shared, own, shared}, at(100));
    (void)kept.cancelled({shared}, at(200));
    const auto open = kept.open({shared});
    const auto retire = [&](TimePoint ended_before) {
        const auto retired = *store().retire_jobs(Retention::inputs, ended_before, 10, long_after);
        EXPECT_TRUE(store().settle_retired(Retention::inputs, retired.mark).ok());
        return retired.objects;
    };
    EXPECT_EQ(retire(at(150)), std::vector{own.key});
    EXPECT_TRUE(retire(at(250)).empty());
    EXPECT_TRUE(store().find_upload(Access::of(ann), kept.upload_of(shared))->has_value());
    kept.cancel(open, at(300));
    EXPECT_EQ(retire(at(350)), std::vector{shared.key});
    EXPECT_FALSE(store().find_upload(Access::of(ann), kept.upload_of(shared))->has_value());
}

TEST_P(JobStoreSuite, JobsThatShareAnInputAndGoTogetherNameItOnce) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto shared = kept.picture();
    for (const int ended : {100, 200, 300}) (void)kept.cancelled({shared}, at(ended));
    EXPECT_EQ(store().retire_jobs(Retention::inputs, at(400), 10, long_after)->objects,
              std::vector{shared.key});
    EXPECT_EQ(store().retire_jobs(Retention::inputs, at(400), 10, long_after)->objects,
              std::vector{shared.key});
}

TEST_P(JobStoreSuite, AnInputThatCameWithoutItsUploadIsLeftForTheLastJobThatNamesItToo) {
    const auto image = samples_.image(random_.id<UploadId>());
    std::vector<JobId> jobs;
    for (int i = 0; i < 2; ++i) {
        auto request = samples_.job(ann);
        request.job.inputs = {image};
        ASSERT_TRUE(store().create_job(request).ok());
        jobs.push_back(request.job.id);
    }
    ASSERT_TRUE(store().cancel_job(Access::of(ann), jobs[0], "key:app", at(100)).ok());
    EXPECT_TRUE(store().retire_jobs(Retention::inputs, at(400), 10, long_after)->objects.empty());
    ASSERT_TRUE(store().cancel_job(Access::of(ann), jobs[1], "key:app", at(200)).ok());
    EXPECT_EQ(store().retire_jobs(Retention::inputs, at(400), 10, long_after)->objects,
              std::vector{image.key});
}

TEST_P(JobStoreSuite, AnUploadGoesWithTheInputsOfItsLastJobAndLeavesNoObjectBehind) {
    auto upload = samples_.upload(ann, at(10'000));
    upload.direct_key =
        ObjectKey::uploaded(upload.id, "png");  // where it was put; it turned out to be a JPEG
    ASSERT_TRUE(store().create_upload(upload).ok());
    const auto image = samples_.image(upload.id);
    ASSERT_TRUE(store().complete_upload(Access::of(ann), upload.id, image, at(1), at(10'000)).ok());
    auto request = samples_.job(ann);
    request.job.inputs = {image};
    request.uploads = {upload.id};
    ASSERT_TRUE(store().create_job(request).ok());
    ASSERT_TRUE(store().cancel_job(Access::of(ann), request.job.id, "key:app", at(100)).ok());
    EXPECT_EQ(store().retire_jobs(Retention::inputs, at(200), 10, long_after)->objects,
              sorted({image.key, upload.direct_key}));
    EXPECT_FALSE(store().find_upload(Access::of(ann), upload.id)->has_value());
    EXPECT_TRUE(store().list_expired_uploads(long_after, 10)->empty());
    auto late = samples_.job(ann);
    late.uploads = {upload.id};
    EXPECT_EQ(std::get<ports::UploadGone>(*store().create_job(late)).upload, upload.id);
}

TEST_P(JobStoreSuite, AJobWithoutItsInputsCannotBeTriedAgain) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto cancelled = kept.cancelled({kept.picture()}, at(100));
    const auto succeeded = kept.succeeded({kept.picture()}, at(100));
    ASSERT_EQ(store().retire_jobs(Retention::inputs, at(200), 10, long_after)->jobs, 2);
    const auto before = everything_in_words(store());
    const auto requeue = [&](const Access& access, const JobId& job) {
        return *store().requeue_job(access, job, "key:app", at(2'000'000));
    };
    EXPECT_TRUE(std::holds_alternative<ports::InputsRemoved>(requeue(Access::of(ann), cancelled)));
    EXPECT_TRUE(std::holds_alternative<ports::NotFound>(requeue(Access::of(eve), cancelled)));
    EXPECT_TRUE(std::holds_alternative<ports::NotAllowedNow>(requeue(Access::of(ann), succeeded)));
    EXPECT_EQ(everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, AJobThatIsTriedAgainLeavesTheWalkAndComesBackWithItsNewEnd) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto job = kept.cancelled({kept.picture()}, at(100));
    const auto retired = *store().retire_jobs(Retention::outputs, at(200), 10, long_after);
    ASSERT_EQ(retired.jobs, 1);
    EXPECT_TRUE(read(job).outputs_removed_at.has_value());
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        *store().requeue_job(Access::of(ann), job, "key:app", at(250))));
    EXPECT_FALSE(read(job).outputs_removed_at.has_value()) << "it will have new ones";
    ASSERT_TRUE(store().settle_retired(Retention::outputs, retired.mark).ok());
    for (const auto what : every_kind)
        EXPECT_EQ(store().retire_jobs(what, all_of_time, 10, long_after)->jobs, 0);
    const auto attempt = kept.claim(job);
    ASSERT_TRUE(store().finish_attempt(attempt, samples_.success(job, attempt), "backend:x", at(300)).ok());
    EXPECT_EQ(store().retire_jobs(Retention::outputs, at(301), 10, long_after)->objects,
              outputs_of(read(job)));
}

TEST_P(JobStoreSuite, ARetiredJobIsGoneWithEverythingThatHungOnItOnceItIsSettled) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    auto request = kept.request({kept.picture()});
    request.idempotency = idempotency("k", "one", at(9'000'000));
    ASSERT_TRUE(store().create_job(request).ok());
    const auto id = request.job.id;
    const auto attempt = kept.claim(id);
    ASSERT_TRUE(store().finish_attempt(attempt, samples_.success(id, attempt), "backend:x", at(100)).ok());
    const auto younger = kept.succeeded({kept.picture()}, at(900));
    const auto others = in_words(read(younger));
    const auto retired = *store().retire_jobs(Retention::jobs, at(200), 10, long_after);
    ASSERT_EQ(retired.jobs, 1);
    EXPECT_TRUE(read(id).inputs_removed_at && read(id).outputs_removed_at) << "there until it is settled";
    EXPECT_TRUE(store().find_earlier_request(ann, "k", long_after)->has_value());
    ASSERT_TRUE(store().settle_retired(Retention::jobs, retired.mark).ok());
    EXPECT_FALSE(store().find_job(Access::everyone(), id)->has_value());
    EXPECT_FALSE(store().list_events(Access::everyone(), id, 0, 10)->has_value());
    EXPECT_EQ(store().list_jobs(Access::everyone(), {}, 0, 10)->jobs.size(), 1u);
    EXPECT_EQ(*store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "backend:x", long_after),
              ports::Applied::stale);
    EXPECT_FALSE(store().find_earlier_request(ann, "k", long_after)->has_value());
    auto another = samples_.job(ann);
    another.idempotency = idempotency("k", "two", at(9'000'000));
    EXPECT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(another)));
    EXPECT_EQ(in_words(read(younger)), others);
}

TEST_P(JobStoreSuite, AJobNamesOnlyWhatIsStillKept) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto job = kept.succeeded({kept.picture()}, at(100));
    const auto outputs = outputs_of(read(job));
    const auto inputs = *store().retire_jobs(Retention::inputs, at(200), 10, long_after);
    ASSERT_TRUE(store().settle_retired(Retention::inputs, inputs.mark).ok());
    EXPECT_EQ(store().retire_jobs(Retention::jobs, at(200), 10, at(2'000'000))->objects, outputs);
    EXPECT_EQ(read(job).inputs_removed_at, long_after);
    ASSERT_TRUE(store()
                    .settle_retired(Retention::outputs,
                                    store().retire_jobs(Retention::outputs, at(200), 10, long_after)->mark)
                    .ok());
    const auto rest = *store().retire_jobs(Retention::jobs, at(200), 10, long_after);
    EXPECT_EQ(rest.jobs, 1);
    EXPECT_TRUE(rest.objects.empty());
}

TEST_P(JobStoreSuite, TheSlotOfABackendThatNeverSaidThatItStoppedGoesWithItsJob) {
    KeptJobs kept(
        ann, [this]() -> ports::JobStore& { return store(); }, samples_);
    const auto job = kept.open({kept.picture()});
    const auto attempt = kept.claim(job);
    kept.cancel(job, at(100));
    EXPECT_EQ(store().count_queue()->inflight, 1);
    const auto retired = *store().retire_jobs(Retention::jobs, at(200), 10, long_after);
    EXPECT_EQ(store().count_queue()->inflight, 1);
    ReadyCounter counter;
    store().set_listener(&counter);
    ASSERT_TRUE(store().settle_retired(Retention::jobs, retired.mark).ok());
    store().set_listener(nullptr);
    EXPECT_EQ(counter.count, 1) << "the endpoint may take another job";
    EXPECT_EQ(store().count_queue()->inflight, 0);
    EXPECT_TRUE(store().list_inflight("this-machine")->empty());
    EXPECT_EQ(*store().finish_attempt(attempt, samples_.success(job, attempt), "backend:x", long_after),
              ports::Applied::stale);
}

}  // namespace
}  // namespace darkroom::conformance
