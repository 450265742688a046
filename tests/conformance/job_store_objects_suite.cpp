// From objects to the rows that name them and back: what a search for orphans may remove, and what must be
// there.
#include <algorithm>
#include <limits>
#include <set>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::ObjectKey;
using core::Status;
using ports::Access;
using ports::Retention;

class Names {
public:
    explicit Names(ports::JobStore& store) : store_(store) {}

    bool named(const ObjectKey& key) { return store_.find_unnamed_objects({key})->empty(); }

    /// Page after page.
    std::set<ObjectKey> listed(int jobs_max = 2) {
        std::set<ObjectKey> keys;
        std::int64_t after = 0;
        do {
            const auto page = *store_.list_named_objects(after, jobs_max);
            for (const auto& object : page.objects)
                EXPECT_TRUE(keys.insert(object.key).second) << object.key.str();
            EXPECT_TRUE(page.next_after == 0 || page.next_after > after);
            after = page.next_after;
        } while (after != 0);
        return keys;
    }

    void retire(Retention what) {
        const auto retired = store_.retire_jobs(what, all_of_time, 100, at(1'000'000));
        EXPECT_TRUE(store_.settle_retired(what, retired->mark).ok());
    }

private:
    ports::JobStore& store_;
};

TEST_P(JobStoreSuite, AnUploadNamesItsObjectsUntilItIsForgotten) {
    Names names(store());
    auto direct = samples_.upload(ann, at(100));
    direct.direct_key = ObjectKey::uploaded(direct.id, "png");
    ASSERT_TRUE(store().create_upload(direct).ok());
    const auto image = samples_.image(direct.id);  // a .jpg
    EXPECT_TRUE(names.named(direct.direct_key));
    EXPECT_TRUE(names.named(image.key)) << "it may be on its way";
    ASSERT_TRUE(store().complete_upload(Access::of(ann), direct.id, image, at(1), at(100)).ok());
    EXPECT_TRUE(names.named(direct.direct_key));
    EXPECT_TRUE(names.named(image.key));
    EXPECT_FALSE(names.named(ObjectKey::uploaded(direct.id, "webp")));
    ASSERT_EQ(store().list_expired_uploads(at(100), 10)->size(), 1u);
    EXPECT_TRUE(names.named(image.key)) << "its removal is not done";
    ASSERT_TRUE(store().forget_uploads({direct.id}).ok());
    EXPECT_FALSE(names.named(direct.direct_key));
    EXPECT_FALSE(names.named(image.key));
    EXPECT_FALSE(names.named(ObjectKey::uploaded(random_.id<UploadId>(), "jpg")));
}

TEST_P(JobStoreSuite, AJobNamesItsInputsUntilRetentionTakesThem) {
    Names names(store());
    const auto upload = samples_.upload(ann, at(100));
    ASSERT_TRUE(store().create_upload(upload).ok());
    const auto image = samples_.image(upload.id);
    ASSERT_TRUE(store().complete_upload(Access::of(ann), upload.id, image, at(1), at(100)).ok());
    auto request = samples_.job(ann);
    const auto loose = request.job.inputs[0].key;
    request.job.inputs.push_back(image);
    request.uploads = {upload.id};
    ASSERT_TRUE(store().create_job(request).ok());
    for (const auto& key : {loose, image.key}) EXPECT_TRUE(names.named(key)) << key.str();
    ASSERT_TRUE(store().cancel_job(Access::of(ann), request.job.id, "key:app", at(200)).ok());
    names.retire(Retention::outputs);
    for (const auto& key : {loose, image.key}) EXPECT_TRUE(names.named(key)) << key.str();
    names.retire(Retention::inputs);
    for (const auto& key : {loose, image.key}) EXPECT_FALSE(names.named(key)) << key.str();
}

TEST_P(JobStoreSuite, AnAttemptNamesWhateverItMayPutWhileItIsInFlightAndItsOutputsAfterwards) {
    Names names(store());
    for (const auto status : {Status::dispatched, Status::running}) {
        const auto brought = bring_to(ann, status);
        const auto job = brought.job.id;
        const auto keys = ObjectKey::all_restored(job, *brought.attempt);
        EXPECT_TRUE(store().find_unnamed_objects(keys)->empty());
        EXPECT_TRUE(names.named(ObjectKey::thumbnail(job)));
        EXPECT_FALSE(names.named(ObjectKey::restored(job, samples_.unknown_attempt(), "main", "png")));
        const auto end = samples_.success(job, *brought.attempt);
        ASSERT_TRUE(store().finish_attempt(*brought.attempt, end, "backend:x", at(2'000)).ok());
        EXPECT_EQ(store().find_unnamed_objects(keys)->size(), keys.size() - end.outputs.size());
        for (const auto& output : end.outputs) EXPECT_TRUE(names.named(output.key));
        EXPECT_TRUE(names.named(ObjectKey::thumbnail(job)));
    }
    names.retire(Retention::inputs);
    const auto kept = *store().list_named_objects(0, 10);
    EXPECT_EQ(kept.objects.size(), 6u);
    names.retire(Retention::outputs);
    for (const auto& object : kept.objects) EXPECT_FALSE(names.named(object.key)) << object.key.str();
}

TEST_P(JobStoreSuite, AFailedOrCancelledAttemptNamesNothingOnceItsSlotIsFree) {
    Names names(store());
    const auto failed = bring_to(ann, Status::failed);
    EXPECT_FALSE(names.named(ObjectKey::restored(failed.job.id, *failed.attempt, "main", "png")));
    EXPECT_FALSE(names.named(ObjectKey::thumbnail(failed.job.id)));
    const auto stopping = bring_to(ann, Status::running);
    const auto output = ObjectKey::restored(stopping.job.id, *stopping.attempt, "main", "png");
    ASSERT_TRUE(store().cancel_job(Access::of(ann), stopping.job.id, "key:app", at(2'000)).ok());
    EXPECT_TRUE(names.named(output)) << "the backend may still be at it";
    ASSERT_TRUE(
        store()
            .finish_attempt(*stopping.attempt, failure(core::ErrorCode::timeout), "backend:x", at(3'000))
            .ok());
    EXPECT_FALSE(names.named(output));
}

TEST_P(JobStoreSuite, ACopyForAWorkerIsNamedWhileItsJobHasAnAttemptInFlight) {
    Names names(store());
    for (int s = 0; s < core::status_count; ++s) {
        const auto status = static_cast<Status>(s);
        const bool in_flight = status == Status::dispatched || status == Status::running;
        const auto job = bring_to(ann, status).job.id;
        EXPECT_EQ(names.named(ObjectKey::worker_input(job, "jpg")), in_flight) << core::to_string(status);
    }
    EXPECT_FALSE(names.named(ObjectKey::worker_input(samples_.unknown_job(), "jpg")));
}

TEST_P(JobStoreSuite, OfManyKeysTheUnnamedComeBackInTheirOrder) {
    const auto kept = bring_to(ann, Status::succeeded).job;
    std::vector<ObjectKey> keys;
    std::vector<ObjectKey> unnamed;
    for (int i = 0; i < 10'000; ++i) {
        if (i % 10 == 0) {
            keys.push_back(kept.attempts[0].outputs[0].key);
        } else {
            const auto job = samples_.unknown_job();
            const auto probe = random_.id<UploadId>();
            const ObjectKey kinds[] = {ObjectKey::probe(probe), ObjectKey::thumbnail(job),
                                       ObjectKey::uploaded(probe, "png"),
                                       ObjectKey::restored(job, samples_.unknown_attempt(), "mask", "png")};
            unnamed.push_back(kinds[i % 4]);
            keys.push_back(kinds[i % 4]);
        }
    }
    EXPECT_EQ(*store().find_unnamed_objects(keys), unnamed);
    EXPECT_TRUE(store().find_unnamed_objects({})->empty());
    EXPECT_TRUE(store().find_unnamed_objects({ObjectKey()})->empty()) << "nothing must be removed for it";
    const auto twice = ObjectKey::probe(UploadId());
    EXPECT_EQ(*store().find_unnamed_objects({twice, twice}), (std::vector{twice, twice}));
}

TEST_P(JobStoreSuite, WhatMustBeThereIsListedJobAfterJobAndIsExactlyWhatIsNamed) {
    Names names(store());
    std::set<ObjectKey> expected;
    for (const auto status :
         {Status::queued, Status::succeeded, Status::running, Status::failed, Status::succeeded}) {
        const auto job = bring_to(ann, status).job;
        for (const auto& input : job.inputs) expected.insert(input.key);
        for (const auto& attempt : job.attempts) {
            for (const auto& output : attempt.outputs) expected.insert(output.key);
        }
        if (job.thumbnail) expected.insert(*job.thumbnail);
    }
    for (const int page : {1, 2, 5, 6, std::numeric_limits<int>::max()})
        EXPECT_EQ(names.listed(page), expected);
    const auto forget_unnamed = [&] {
        const auto unnamed =
            *store().find_unnamed_objects(std::vector<ObjectKey>(expected.begin(), expected.end()));
        for (const auto& gone : unnamed) expected.erase(gone);
    };
    forget_unnamed();
    EXPECT_EQ(names.listed(), expected) << "all of it is named";
    names.retire(Retention::inputs);
    forget_unnamed();
    EXPECT_EQ(names.listed(), expected);
    names.retire(Retention::jobs);
    forget_unnamed();
    EXPECT_EQ(names.listed(), expected);
    EXPECT_EQ(expected.size(), 2u) << "the inputs of the two that have not ended";
}

TEST_P(JobStoreSuite, AListOfWhatMustBeThereTakesHostilePlacesAndCounts) {
    auto bare = samples_.job(ann);
    bare.job.inputs.clear();
    ASSERT_TRUE(store().create_job(bare).ok());
    auto twice = samples_.job(ann);
    twice.job.inputs.push_back(twice.job.inputs[0]);
    ASSERT_TRUE(store().create_job(twice).ok());
    for (const int none : {0, -1, std::numeric_limits<int>::min()}) {
        EXPECT_TRUE(store().list_named_objects(0, none)->objects.empty());
        EXPECT_EQ(store().list_named_objects(0, none)->next_after, 0);
    }
    EXPECT_EQ(store().list_named_objects(-5, 10)->objects.size(), 1u);
    const auto end = *store().list_named_objects(std::numeric_limits<std::int64_t>::max(), 10);
    EXPECT_TRUE(end.objects.empty() && end.next_after == 0);
    const auto first = *store().list_named_objects(0, 1);
    EXPECT_TRUE(first.objects.empty()) << "a job that keeps nothing";
    EXPECT_EQ(store().list_named_objects(first.next_after, 1)->objects.at(0).job, twice.job.id);
}

}  // namespace
}  // namespace darkroom::conformance
