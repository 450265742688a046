// What is removed by itself: uploads that nobody used, and what is kept no longer. Method: a real database
// and a real folder; the storage fails in between, and afterwards nothing may be lost and nothing forgotten.
#include <gmock/gmock.h>

#include "tests/integration/upkeep_fixture.h"
#include "upkeep/retention.h"
#include "upkeep/upload_expiry.h"

namespace darkroom::integration {
namespace {

using ports::Access;
using ports::ObjectErrorKind;
using upkeep::RetentionPolicy;

class Expiry : public UpkeepTest {
protected:
    int expire(bool may_go_on = true) {
        return upkeep::expire_uploads(*store, *breakable, clock.now(), [=] { return may_go_on; });
    }
    /// That a client was to put into the store itself; it is a JPEG, whatever was declared.
    core::Upload direct(Milliseconds life) {
        auto upload = samples.upload(owner, start + life);
        upload.direct_key = put(core::ObjectKey::uploaded(upload.id, "png"));
        DR_CHECK(store->create_upload(upload).ok());
        return upload;
    }
    bool remembered(const UploadId& id) { return store->find_upload(Access::of(owner), id)->has_value(); }
};

TEST_F(Expiry, WhatNobodyUsedGoesWithEveryObjectThatItMayHave) {
    const auto pending = direct(hour);
    const auto confirmed = direct(hour);
    const auto image = samples.image(confirmed.id);
    put(image.key);
    ASSERT_TRUE(store->complete_upload(Access::of(owner), confirmed.id, image, start, start + hour).ok());
    const auto younger = direct(2 * hour);
    clock.advance(hour);
    EXPECT_EQ(expire(), 2);
    EXPECT_FALSE(remembered(pending.id) || remembered(confirmed.id));
    EXPECT_FALSE(there(pending.direct_key) || there(confirmed.direct_key) || there(image.key));
    EXPECT_TRUE(remembered(younger.id) && there(younger.direct_key));
    EXPECT_EQ(expire(), 0);
}

TEST_F(Expiry, WhatAJobUsesStays) {
    const auto used = picture();
    (void)kept.open({used});
    clock.advance(10 * day);
    EXPECT_EQ(expire(), 0);
    EXPECT_TRUE(there(used.key) && remembered(kept.upload_of(used)));
}

TEST_F(Expiry, NothingIsForgottenWhoseObjectsCouldNotBeRemoved) {
    const auto upload = direct(hour);
    clock.advance(hour);
    for (const auto kind : {ObjectErrorKind::unavailable, ObjectErrorKind::denied, ObjectErrorKind::full}) {
        breakable->break_writes_with(kind);
        EXPECT_EQ(expire(), 0);
        EXPECT_TRUE(there(upload.direct_key));
        EXPECT_EQ(store->list_expired_uploads(clock.now(), 10)->size(), 1u);
        open();  // nor by the next process
        EXPECT_EQ(store->list_expired_uploads(clock.now(), 10)->size(), 1u);
    }
    breakable->mend();
    EXPECT_EQ(expire(), 1);
    EXPECT_FALSE(there(upload.direct_key) || remembered(upload.id));
}

TEST_F(Expiry, ObjectsThatACrashLeftRemovedAreNoFault) {
    const auto upload = direct(hour);
    clock.advance(hour);
    ASSERT_TRUE(files->remove(upload.direct_key).ok());  // then the process died
    EXPECT_EQ(expire(), 1);
    EXPECT_FALSE(remembered(upload.id));
}

TEST_F(Expiry, WhoeverMayNotGoOnBeginsNothing) {
    const auto upload = direct(hour);
    clock.advance(hour);
    EXPECT_EQ(expire(false), 0);
    EXPECT_TRUE(there(upload.direct_key) && remembered(upload.id));
}

class Retention : public UpkeepTest {
protected:
    RetentionPolicy policy{.inputs = day, .outputs = 3 * day, .jobs = 10 * day};

    upkeep::RetentionReport apply(bool may_go_on = true) {
        return upkeep::apply_retention(*store, *breakable, policy, clock.now(), [=] { return may_go_on; });
    }
    bool all_there(const std::vector<core::ObjectKey>& keys) const {
        return std::all_of(keys.begin(), keys.end(), [this](const auto& key) { return there(key); });
    }
    bool none_there(const std::vector<core::ObjectKey>& keys) const {
        return std::none_of(keys.begin(), keys.end(), [this](const auto& key) { return there(key); });
    }
};

TEST_F(Retention, InputsOutputsAndJobsGoEachAtTheirTime) {
    const auto input = picture();
    const auto job = succeeded({input}, hour);
    const auto outputs = outputs_of(job);
    ASSERT_EQ(outputs.size(), 3u);
    clock.advance(day);
    EXPECT_EQ(apply().jobs, 0);
    clock.advance(hour + Milliseconds(1));
    const auto report = apply();
    EXPECT_EQ(report.jobs, 1);
    EXPECT_EQ(report.objects, 1);
    EXPECT_FALSE(there(input.key));
    EXPECT_TRUE(all_there(outputs));
    EXPECT_EQ(read(job).inputs_removed_at, clock.now());
    clock.advance(2 * day);
    EXPECT_EQ(apply().objects, 3);
    EXPECT_TRUE(none_there(outputs));
    EXPECT_EQ(read(job).outputs_removed_at, clock.now());
    EXPECT_EQ(outputs_of(job), outputs) << "what they were is still told";
    clock.advance(7 * day);
    EXPECT_EQ(apply().jobs, 1);
    EXPECT_FALSE(known(job));
    EXPECT_EQ(objects_there(), 0);
    EXPECT_EQ(apply().jobs, 0);
}

TEST_F(Retention, WithItsJobGoesWhateverIsStillKept) {
    policy = {.inputs = {}, .outputs = {}, .jobs = day};
    (void)succeeded({picture(), picture()}, hour);
    clock.advance(2 * day);
    EXPECT_EQ(apply().objects, 5);
    EXPECT_EQ(objects_there(), 0);
}

TEST_F(Retention, WhatIsUnsetIsKeptForEver) {
    policy = {};
    const auto job = succeeded({picture()}, hour);
    clock.advance(40'000 * day);
    EXPECT_EQ(apply().jobs, 0);
    EXPECT_EQ(objects_there(), 4);
    EXPECT_TRUE(known(job));
}

TEST_F(Retention, AnInputStaysUntilTheLastOfItsJobsNeedsItNoMore) {
    const auto shared = picture();
    (void)succeeded({shared}, hour);
    (void)kept.cancelled({shared}, start + 5 * day);
    const auto open = kept.open({shared});
    clock.advance(2 * day);
    EXPECT_EQ(apply().jobs, 1);
    EXPECT_TRUE(there(shared.key));
    clock.advance(10 * day);
    (void)apply();
    EXPECT_TRUE(there(shared.key)) << "a job that has not ended needs it";
    kept.cancel(open, clock.now());
    clock.advance(2 * day);
    (void)apply();
    EXPECT_FALSE(there(shared.key));
}

TEST_F(Retention, AStorageThatIsDownInBetweenMeansTheSameAgainAndLosesNothing) {
    const auto input = picture();
    const auto job = succeeded({input}, hour);
    const auto outputs = outputs_of(job);
    clock.advance(20 * day);  // all of it is due
    for (const auto kind : {ObjectErrorKind::unavailable, ObjectErrorKind::denied}) {
        breakable->break_writes_with(kind);
        const auto report = apply();
        EXPECT_EQ(report.jobs + report.objects, 0);
        EXPECT_TRUE(there(input.key) && all_there(outputs));
        EXPECT_TRUE(known(job)) << "a row is the only one who knows its objects";
        open();
    }
    breakable->mend();
    (void)apply();
    EXPECT_EQ(objects_there(), 0);
    EXPECT_FALSE(known(job));
    EXPECT_TRUE(conformance::consistency_problems(*store).empty());
}

TEST_F(Retention, AFaultOfOneRoundKeepsTheYoungerOnesInLine) {
    std::vector<JobId> jobs;
    for (int i = 1; i <= 5; ++i) jobs.push_back(succeeded({picture()}, i * hour));
    policy = {.inputs = day, .outputs = {}, .jobs = {}};
    clock.advance(day + 3 * hour + Milliseconds(1));
    breakable->break_writes_with(ObjectErrorKind::unavailable);
    EXPECT_EQ(apply().jobs, 0);
    clock.advance(day);
    breakable->mend();
    EXPECT_EQ(apply().jobs, 5);
    EXPECT_EQ(objects_there(), 15);
}

TEST_F(Retention, AJobWhoseInputsAreGoneCannotBeTriedAgain) {
    const auto gone = kept.cancelled({picture()}, start + hour);
    clock.advance(2 * day);
    const auto young = kept.cancelled({picture()}, clock.now());
    (void)apply();
    const auto requeue = [&](const JobId& job) {
        return *store->requeue_job(Access::of(owner), job, "key:app", clock.now());
    };
    EXPECT_TRUE(std::holds_alternative<ports::InputsRemoved>(requeue(gone)));
    EXPECT_TRUE(std::holds_alternative<ports::JobRequeued>(requeue(young)));
    clock.advance(20 * day);
    (void)apply();
    EXPECT_TRUE(there(read(young).inputs[0].key)) << "it is open again";
}

TEST_F(Retention, WhoeverMayNotGoOnBeginsNothing) {
    const auto job = succeeded({picture()}, hour);
    clock.advance(20 * day);
    EXPECT_EQ(apply(false).jobs, 0);
    EXPECT_EQ(objects_there(), 4);
    EXPECT_FALSE(read(job).inputs_removed_at.has_value());
}

}  // namespace
}  // namespace darkroom::integration
