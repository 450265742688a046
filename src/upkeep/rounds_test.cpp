// Rounds and orphans against stores that fail or lead in circles; what they do to real ones is tested where
// these are at hand (tests/integration).
#include "upkeep/rounds.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <thread>

#include "tests/support/manual_clock.h"
#include "tests/support/played_nodes.h"
#include "tests/support/seeded_random.h"
#include "tests/support/unused_object_store.h"
#include "tests/support/upload_memory.h"
#include "upkeep/orphans.h"
#include "upkeep/upkeep_memory.h"

namespace darkroom::upkeep {
namespace {

using darkroom::testing::ManualClock;
using darkroom::testing::SeededRandom;
using ports::ObjectErrorKind;
using Bucket = fakes::BucketOf<darkroom::testing::UnusedObjectStore>;
using Rows = fakes::RowsOf<darkroom::testing::UploadMemory>;

constexpr std::array<std::string_view, 2> prefixes{"inputs/", "probe/"};
constexpr Milliseconds day{24 * 3'600'000};

class Orphans : public ::testing::Test {
protected:
    Rows rows;
    Bucket bucket;
    ManualClock clock;
    SeededRandom random{3};

    core::ObjectKey put_input() {
        auto key = core::ObjectKey::worker_input(random.id<JobId>(), "jpg");
        bucket.objects[key.str()] = "pixels";
        return key;
    }
    Result<OrphanPage, Trouble> find(bool remove, const std::string& place = "") {
        OrphanQuery query;
        query.place = place;
        query.remove = remove;
        query.written_before = clock.now();
        return find_orphans(rows, bucket, prefixes, query);
    }
    void sweep_once() {
        Rounds rounds(rows, bucket, nullptr, clock, {});
        clock.advance(2 * day);
        rounds.run_round();
    }
};

TEST_F(Orphans, WhereTheRowsCannotBeAskedNothingIsRemoved) {
    put_input();
    rows.broken = true;
    const auto page = find(true);
    ASSERT_FALSE(page.ok());
    EXPECT_TRUE(std::holds_alternative<ports::StoreError>(page.error()));
    EXPECT_EQ(bucket.objects.size(), 1u);
    sweep_once();
    EXPECT_EQ(bucket.objects.size(), 1u);
}

TEST_F(Orphans, AStoreThatDoesNotListOrRemoveIsToldAsItIs) {
    put_input();
    for (const auto* function : {"list", "remove"}) {
        bucket.broken = {{function, ObjectErrorKind::denied}};
        const auto page = find(true);
        ASSERT_FALSE(page.ok()) << function;
        EXPECT_EQ(std::get<ports::ObjectError>(page.error()).kind, ObjectErrorKind::denied);
        sweep_once();
        EXPECT_EQ(bucket.objects.size(), 1u);
    }
    bucket.broken = {{"remove_unfinished", ObjectErrorKind::unavailable}};
    sweep_once();
    EXPECT_TRUE(bucket.objects.empty()) << "one fault does not keep the rest from its turn";
}

TEST_F(Orphans, PlacesThatNobodyGaveAreRefused) {
    for (const auto* place : {"2:", "-1:", "x:", ":", "0", "99999999999999999999999:", "0x1:", " 0:", "00 :"})
        EXPECT_TRUE(std::holds_alternative<NoSuchPlace>(find(false, place).error())) << place;
    EXPECT_TRUE(find(false, "1:").ok());
}

TEST_F(Orphans, TheirPagesWalkThroughAllPrefixes) {
    const auto page = find(false);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->next, "1:");
    EXPECT_EQ(find(false, page->next)->next, "");
    bucket.on_list = [](const auto&, auto found) { return ports::ObjectPage{found.objects, "a:b"}; };
    EXPECT_EQ(find(false)->next, "0:a:b") << "a store's own pages may hold anything";
}

TEST_F(Orphans, NamesThatDarkroomDoesNotMakeAreCountedAndNeverTouched) {
    const std::string foreign[] = {"inputs/holiday.jpg",
                                   "inputs/job_.jpg",
                                   "inputs/../uploaded/x.jpg",
                                   "inputs/",
                                   "inputs/job_3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f.exe",
                                   std::string("inputs/\0\xff", 9) + std::string(5'000, 'n')};
    for (const auto& name : foreign) bucket.objects[name] = "theirs";
    const auto ours = put_input();
    const auto page = find(true);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->foreign, 6);
    EXPECT_EQ(page->looked_at, 7);
    ASSERT_EQ(page->orphans.size(), 1u);
    EXPECT_EQ(page->orphans[0].key, ours.str());
    EXPECT_EQ(bucket.objects.size(), 6u);
}

TEST_F(Orphans, AListingThatLeadsInCirclesEndsTheSweep) {
    put_input();
    bucket.on_list = [](const auto&, auto) { return ports::ObjectPage{{}, "again"}; };
    sweep_once();
    EXPECT_LE(bucket.listings, 4) << "twice each for inputs and outputs";
}

TEST_F(Orphans, AListingThatLeadsInAWideCircleEndsTheSweepAsWell) {
    put_input();
    constexpr int patience = 50;
    bucket.on_list = [this](const auto& page, auto) {
        if (bucket.listings > patience) return ports::ObjectPage{};
        return ports::ObjectPage{{}, page == "a" ? "b" : page == "b" ? "c" : "a"};
    };
    sweep_once();
    EXPECT_LE(bucket.listings, 8);
}

// A listing whose times cannot be read says nothing of what was written a moment ago.
TEST_F(Orphans, ObjectsOfUnknownAgeAreLeftAlone) {
    put_input();
    bucket.modified_at = TimePoint{};
    const auto page = find(true);
    ASSERT_TRUE(page.ok());
    EXPECT_EQ(page->looked_at, 1);
    EXPECT_TRUE(page->orphans.empty());
    EXPECT_EQ(bucket.objects.size(), 1u);
}

TEST_F(Orphans, OutputsInABucketWaitLongerThanAnyRemoteJobLives) {
    const auto output =
        core::ObjectKey::worker_output(random.id<JobId>(), random.id<AttemptId>(), "main", "png");
    bucket.objects[output.str()] = "pixels";
    Rounds rounds(rows, bucket, nullptr, clock, {});
    bucket.modified_at = clock.now();
    clock.advance(7 * day);
    rounds.run_round();
    EXPECT_EQ(bucket.objects.size(), 1u);
    clock.advance(2 * day);
    rounds.run_round();
    EXPECT_TRUE(bucket.objects.empty());
    bucket.presigns = false;  // a volume, or a folder: nobody else's
    bucket.objects[output.str()] = "pixels";
    bucket.modified_at = clock.now();
    clock.advance(2 * day);
    rounds.run_round();
    EXPECT_TRUE(bucket.objects.empty());
}

TEST_F(Orphans, SweepsAreRareAndTheFirstIsNotAtTheStart) {
    put_input();
    Rounds rounds(rows, bucket, nullptr, clock, {});
    for (int i = 0; i < 5; ++i) rounds.run_round();
    EXPECT_EQ(bucket.listings, 0);
    clock.advance(day);
    for (int i = 0; i < 5; ++i) rounds.run_round();
    EXPECT_EQ(bucket.listings, 2) << "inputs and outputs of workers";
    rounds.stop();
    clock.advance(day);
    rounds.run_round();
    EXPECT_EQ(bucket.listings, 2) << "who was stopped begins nothing";
}

TEST_F(Orphans, WhoDoesNotLeadRemovesNothingAndBeginsSoonOnceItDoes) {
    put_input();
    darkroom::testing::PlayedNodes nodes(random);
    nodes.let_lead(false);
    std::atomic<int> listings{0};
    bucket.on_list = [&](const std::string&, ports::ObjectPage page) {
        ++listings;
        return page;
    };
    RoundSettings settings;
    settings.nodes = &nodes;
    settings.period = 7 * day;
    Rounds rounds(rows, bucket, nullptr, clock, settings);
    clock.advance(2 * day);
    rounds.run_round();
    EXPECT_EQ(listings, 0);
    std::thread runner([&] { rounds.run(); });
    nodes.let_lead(true);
    const auto began = clock.monotonic();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (listings == 0 && std::chrono::steady_clock::now() < deadline) {
        clock.pass(Milliseconds(100));
    }
    rounds.stop();
    runner.join();
    EXPECT_EQ(bucket.objects.size(), 0u);
    EXPECT_LT(clock.monotonic(), began + day);
}

}  // namespace
}  // namespace darkroom::upkeep
