// What database and folder disagree about, and the rounds that keep a running gateway in order.
#include <gmock/gmock.h>

#include <semaphore>
#include <thread>

#include "tests/integration/upkeep_fixture.h"
#include "upkeep/orphans.h"
#include "upkeep/rounds.h"

namespace darkroom::integration {
namespace {

using core::ObjectKey;
using ports::ObjectErrorKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

constexpr auto patience = std::chrono::seconds(30);

class Orphans : public UpkeepTest {
protected:
    struct Walk {
        std::vector<std::string> orphans;
        int looked_at = 0;
        int foreign = 0;
        int pages = 0;
    };

    /// All pages, small ones; every object is a day old unless a test made it older or younger.
    Walk walk(bool remove) {
        Walk walk;
        upkeep::OrphanQuery query;
        query.written_before = clock.now() - day;
        query.remove = remove;
        query.objects_max = 2;
        do {
            const auto page = upkeep::find_orphans(*store, *breakable, ObjectKey::prefixes(), query);
            DR_CHECK(page.ok());
            for (const auto& orphan : page->orphans) walk.orphans.push_back(orphan.key);
            walk.looked_at += page->looked_at;
            walk.foreign += page->foreign;
            query.place = page->next;
        } while (++walk.pages < 100 && !query.place.empty());
        return walk;
    }
    std::string put_old(const ObjectKey& key) {
        put(key);
        make_older(key.str(), 2 * day);
        return key.str();
    }
    void make_all_older() {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_of(""))) {
            if (entry.is_regular_file())
                make_older(std::filesystem::relative(entry.path(), path_of("")), 2 * day);
        }
    }
};

TEST_F(Orphans, AreToldPageByPageAndOnlyThen) {
    const auto job = succeeded({picture(), picture()}, hour);
    (void)picture();
    make_all_older();
    EXPECT_THAT(walk(false).orphans, IsEmpty()) << "what rows name is no orphan";

    const std::vector<std::string> orphans{
        put_old(ObjectKey::uploaded(random.id<UploadId>(), "jpg")),
        put_old(ObjectKey::uploaded(random.id<UploadId>(), "png")),
        put_old(ObjectKey::restored(job, random.id<AttemptId>(), "main", "png")),
        put_old(ObjectKey::restored(random.id<JobId>(), random.id<AttemptId>(), "mask", "png")),
        put_old(ObjectKey::thumbnail(random.id<JobId>())),
        put_old(ObjectKey::worker_input(job, "jpg")),
        put_old(ObjectKey::probe(random.id<UploadId>()))};
    put(ObjectKey::thumbnail(random.id<JobId>()));
    darkroom::testing::write_file(path_of("uploaded/holiday.jpg"), "theirs");
    make_older("uploaded/holiday.jpg", 2 * day);

    const auto found = walk(false);
    EXPECT_THAT(found.orphans, UnorderedElementsAreArray(orphans));
    EXPECT_EQ(found.foreign, 1);
    EXPECT_EQ(found.looked_at, 15);
    EXPECT_GT(found.pages, 5);
    EXPECT_EQ(objects_there(), 15) << "asking removes nothing";

    EXPECT_THAT(walk(true).orphans, UnorderedElementsAreArray(orphans));
    EXPECT_EQ(objects_there(), 8) << "what is named, what is young, and what is somebody else's";
    EXPECT_THAT(walk(true).orphans, IsEmpty());
}

TEST_F(Orphans, TheResultOfAnAttemptInFlightIsNone) {
    const auto job = kept.open({picture()});
    const auto attempt = kept.claim(job);
    put_old(ObjectKey::restored(job, attempt, "main", "png"));
    put_old(ObjectKey::thumbnail(job));
    put_old(ObjectKey::worker_input(job, "jpg"));
    EXPECT_THAT(walk(true).orphans, IsEmpty());
    kept.cancel(job, clock.now());
    EXPECT_THAT(walk(true).orphans, IsEmpty()) << "its worker may still be at it";
    ASSERT_TRUE(
        store->finish_attempt(attempt, conformance::failure(core::ErrorCode::interrupted), "x", clock.now())
            .ok());
    EXPECT_EQ(walk(true).orphans.size(), 3u);
}

TEST_F(Orphans, AStorageThatIsDownInBetweenHidesNone) {
    const auto orphan = put_old(ObjectKey::thumbnail(random.id<JobId>()));
    upkeep::OrphanQuery query;
    query.written_before = clock.now();
    query.remove = true;
    query.place = "2:";
    breakable->break_writes_with(ObjectErrorKind::unavailable);
    EXPECT_FALSE(upkeep::find_orphans(*store, *breakable, ObjectKey::prefixes(), query).ok());
    breakable->break_with(ObjectErrorKind::unavailable);
    EXPECT_FALSE(upkeep::find_orphans(*store, *breakable, ObjectKey::prefixes(), query).ok());
    breakable->mend();
    EXPECT_THAT(walk(true).orphans, ElementsAre(orphan));
}

TEST_F(Orphans, WhatRowsNameAndIsGoneIsToldJobByJob) {
    const auto whole = succeeded({picture()}, hour);
    const auto broken = succeeded({picture()}, hour);
    const auto unplaced = kept.open({kept.picture()});
    ASSERT_TRUE(files->remove(*read(broken).thumbnail).ok());
    const auto look = [&] {
        std::vector<std::string> missing;
        std::int64_t after = 0;
        int pages = 0;
        do {
            const auto page = upkeep::find_missing(*store, *breakable, after, 1);
            DR_CHECK(page.ok());
            for (const auto& [job, key] : page->missing) missing.push_back(job.str() + " " + key.str());
            after = page->next_after;
        } while (after != 0 && ++pages < 100);
        return missing;
    };
    EXPECT_THAT(look(), ElementsAre(broken.str() + " " + read(broken).thumbnail->str(),
                                    unplaced.str() + " " + read(unplaced).inputs[0].key.str()));
    breakable->break_with(ObjectErrorKind::unavailable);
    EXPECT_FALSE(upkeep::find_missing(*store, *breakable, 0, 10).ok()) << "down is not missing";
    breakable->mend();
    clock.advance(2 * day);
    (void)upkeep::apply_retention(*store, *breakable, {.inputs = hour, .outputs = hour, .jobs = {}},
                                  clock.now(), [] { return true; });
    EXPECT_THAT(look(), ElementsAre(unplaced.str() + " " + read(unplaced).inputs[0].key.str()))
        << "what retention took is not missed";
    EXPECT_TRUE(known(whole));
}

class Rounds : public UpkeepTest {
protected:
    Rounds() {
        auto folder = objects::FileObjectStore::open(folder_.path() / "volume");
        DR_CHECK(folder.ok());
        volume = *std::move(folder);
    }
    std::string put_on_volume(const ObjectKey& key, Milliseconds age) {
        put(key, *volume);
        make_older(key.str(), age, "volume");
        return key.str();
    }
    bool on_volume(const std::string& key) const { return std::filesystem::exists(path_of(key, "volume")); }
    core::Upload expired_upload() {
        auto upload = samples.upload(owner, clock.now());
        upload.direct_key = put(ObjectKey::uploaded(upload.id, "png"));
        DR_CHECK(store->create_upload(upload).ok());
        return upload;
    }

    upkeep::RoundSettings settings{.retention = {.inputs = day, .outputs = {}, .jobs = {}}};
    std::unique_ptr<objects::FileObjectStore> volume;
};

TEST_F(Rounds, InputsOfWorkersStayWhileTheirAttemptIsInFlightAndGoADayAfterTheyWereWritten) {
    const auto at_work = kept.open({picture()});
    (void)kept.claim(at_work);
    const auto ended = succeeded({picture()}, hour);
    const auto needed = put_on_volume(ObjectKey::worker_input(at_work, "jpg"), 30 * day);
    const auto left_over = put_on_volume(ObjectKey::worker_input(ended, "jpg"), 2 * day);
    const auto of_nobody = put_on_volume(ObjectKey::worker_input(random.id<JobId>(), "png"), 2 * day);
    const auto young = put_on_volume(ObjectKey::worker_input(ended, "png"), hour);
    darkroom::testing::write_file(path_of("inputs/model.safetensors", "volume"), "theirs");
    make_older("inputs/model.safetensors", 30 * day, "volume");
    const auto other_folder = put_on_volume(ObjectKey::thumbnail(random.id<JobId>()), 30 * day);

    upkeep::Rounds rounds(*store, *breakable, volume.get(), clock, settings);
    rounds.run_round();
    EXPECT_TRUE(on_volume(left_over)) << "listings are for the sweep";
    clock.advance(7 * hour);
    rounds.run_round();
    EXPECT_FALSE(on_volume(left_over) || on_volume(of_nobody));
    EXPECT_TRUE(on_volume(needed) && on_volume(young) && on_volume("inputs/model.safetensors"));
    EXPECT_TRUE(on_volume(other_folder)) << "only what workers were given is swept";
    clock.advance(day);
    rounds.run_round();
    EXPECT_FALSE(on_volume(young));
    EXPECT_TRUE(on_volume(needed));
}

TEST_F(Rounds, OutputsOfWorkersStayWhileTheirAttemptIsInFlightAndGoWhenNobodyCanWantThem) {
    const auto at_work = kept.open({picture()});
    const auto attempt = kept.claim(at_work);
    const auto output = [&](const JobId& job, const AttemptId& of) {
        return ObjectKey::worker_output(job, of, "main", "png");
    };
    const auto needed = put_on_volume(output(at_work, attempt), 30 * day);
    const auto late = put_on_volume(output(random.id<JobId>(), random.id<AttemptId>()), 2 * day);
    const auto note = put_on_volume(ObjectKey::worker_note(at_work, random.id<AttemptId>()), 2 * day);
    const auto young = put_on_volume(output(at_work, random.id<AttemptId>()), hour);
    darkroom::testing::write_file(path_of("outputs/model.safetensors", "volume"), "theirs");
    make_older("outputs/model.safetensors", 30 * day, "volume");
    const auto in_folder = put(output(random.id<JobId>(), random.id<AttemptId>()));
    make_older(in_folder.str(), 2 * day);

    upkeep::Rounds rounds(*store, *breakable, volume.get(), clock, settings);
    clock.advance(7 * hour);
    rounds.run_round();
    EXPECT_FALSE(on_volume(late) || on_volume(note));
    EXPECT_TRUE(on_volume(needed) && on_volume(young) && on_volume("outputs/model.safetensors"));
    EXPECT_FALSE(there(in_folder)) << "of earlier settings";
}

TEST_F(Rounds, AVolumeThatOnlyOneEndpointHasIsLookedAfterToo) {
    const auto left_over = put_on_volume(ObjectKey::worker_input(random.id<JobId>(), "jpg"), 2 * day);
    upkeep::Rounds rounds(*store, *breakable, nullptr, clock, settings);
    rounds.look_after(*volume);
    clock.advance(7 * hour);
    rounds.run_round();
    EXPECT_FALSE(on_volume(left_over));
}

TEST_F(Rounds, WhereTheMainStorageIsTheVolumeItIsSweptToo) {
    const auto key = put(ObjectKey::worker_input(random.id<JobId>(), "jpg"));
    make_older(key.str(), 2 * day);
    upkeep::Rounds rounds(*store, *breakable, nullptr, clock, settings);
    clock.advance(7 * hour);
    rounds.run_round();
    EXPECT_FALSE(there(key));
}

TEST_F(Rounds, EachDoesAllThatIsDueAndABrokenOneNothingButTryAgain) {
    const auto input = picture();
    (void)succeeded({input}, hour);
    clock.advance(2 * day);
    const auto upload = expired_upload();
    upkeep::Rounds rounds(*store, *breakable, volume.get(), clock, settings);
    breakable->break_with(ObjectErrorKind::unavailable);
    clock.advance(7 * hour);
    rounds.run_round();
    EXPECT_TRUE(there(input.key) && there(upload.direct_key));
    breakable->mend();
    rounds.run_round();
    EXPECT_FALSE(there(input.key) || there(upload.direct_key));
}

/// Tells of each removal.
class ToldStore : public darkroom::testing::BreakableObjectStore {
public:
    using BreakableObjectStore::BreakableObjectStore;
    std::counting_semaphore<> removals{0};
    ports::ObjectResult<void> remove_many(std::span<const ObjectKey> keys) override {
        auto removed = BreakableObjectStore::remove_many(keys);
        removals.release();
        return removed;
    }
};

TEST_F(Rounds, ComeAgainWithEachPeriodAndStopAtOnce) {
    ToldStore told(*files);
    (void)expired_upload();
    upkeep::Rounds rounds(*store, told, nullptr, clock, settings);
    std::binary_semaphore ended{0};
    std::thread running([&] {
        rounds.run();
        ended.release();
    });
    EXPECT_TRUE(told.removals.try_acquire_for(patience));
    (void)expired_upload();
    // The thread may not be at its wait yet, so time passes more than once.
    bool again = false;
    for (int i = 0; i < 1'000 && !again; ++i) {
        clock.advance(settings.period);
        again = told.removals.try_acquire_for(std::chrono::milliseconds(30));
    }
    EXPECT_TRUE(again);
    rounds.stop();
    EXPECT_TRUE(ended.try_acquire_for(patience));
    running.join();
    EXPECT_EQ(objects_there(), 0);
}

TEST_F(Rounds, WhoeverIsStoppedBeforeTheyBeginDoesNothing) {
    const auto upload = expired_upload();
    upkeep::Rounds rounds(*store, *breakable, nullptr, clock, settings);
    rounds.stop();
    rounds.run();
    EXPECT_TRUE(there(upload.direct_key));
}

}  // namespace
}  // namespace darkroom::integration
