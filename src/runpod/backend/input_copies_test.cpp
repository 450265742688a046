#include "runpod/backend/input_copies.h"

#include <gmock/gmock.h>

#include "runpod/backend/backend_fixture.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::ObjectErrorKind;
using ports::RefusalRule;
using testing::FakeStore;
using ::testing::HasSubstr;
using testing::SampleJob;

class InputCopiesTest : public ::testing::Test {
protected:
    FakeStore main{testing::bucket_can};
    FakeStore volume{testing::volume_can};
    SampleJob sample{main};
    InputCopies copies{main, volume};
    core::ObjectKey key = core::ObjectKey::worker_input(sample.job, "jpg");
    AttemptId second = darkroom::testing::SeededRandom(7).id<AttemptId>();

    auto place() { return copies.place(sample.job, sample.attempt, sample.image); }
    std::size_t puts() const {
        return static_cast<std::size_t>(
            std::count_if(volume.asked.begin(), volume.asked.end(),
                          [](const auto& one) { return one.starts_with("put "); }));
    }
};

TEST_F(InputCopiesTest, AnInputIsCopiedOnceAndRemovedWithTheAttempt) {
    const auto placed = place();
    ASSERT_TRUE(placed.ok());
    EXPECT_EQ(*placed, key);
    EXPECT_EQ(volume.objects[key.str()], "pixels of a shoe");
    ASSERT_TRUE(place().ok());
    EXPECT_EQ(puts(), 1u);
    copies.release(sample.job, sample.attempt);
    EXPECT_FALSE(volume.holds(key));
}

TEST_F(InputCopiesTest, ACopyOfAnotherSizeIsHalfACopyAndReplaced) {
    volume.hold(key, "pix");
    ASSERT_TRUE(place().ok());
    EXPECT_EQ(volume.objects[key.str()], "pixels of a shoe");
}

// The order at an end is: finish the attempt, then clear it. Meanwhile the job's next attempt may have begun.
TEST_F(InputCopiesTest, AnAttemptThatEndsLateTakesNothingFromTheNextOne) {
    ASSERT_TRUE(place().ok());
    ASSERT_TRUE(copies.place(sample.job, second, sample.image).ok());
    copies.release(sample.job, sample.attempt);
    EXPECT_TRUE(volume.holds(key));
    copies.release(sample.job, second);
    EXPECT_FALSE(volume.holds(key));
}

TEST_F(InputCopiesTest, WhatIsJustBeingRemovedIsNotTakenForACopy) {
    ASSERT_TRUE(place().ok());
    std::optional<ports::SubmitRefused> refused;
    volume.before_remove = [&] {
        const auto placed = copies.place(sample.job, second, sample.image);
        if (!placed) refused = placed.error();
    };
    copies.release(sample.job, sample.attempt);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->rule, RefusalRule::again_later);
    EXPECT_GT(refused->retry_after, Milliseconds(0));
    volume.before_remove = nullptr;
    ASSERT_TRUE(copies.place(sample.job, second, sample.image).ok());
    EXPECT_TRUE(volume.holds(key));
}

TEST_F(InputCopiesTest, WhatAnEarlierProcessPlacedIsLeftToUpkeep) {
    volume.hold(key, "pixels of a shoe");
    copies.release(sample.job, sample.attempt);
    EXPECT_TRUE(volume.holds(key)) << "another attempt may be reading it";
}

TEST_F(InputCopiesTest, ACopyThatCannotBeRemovedHoldsUpNothing) {
    ASSERT_TRUE(place().ok());
    volume.broken = {{"remove", ObjectErrorKind::unavailable}};
    copies.release(sample.job, sample.attempt);
    EXPECT_TRUE(volume.holds(key));
    EXPECT_TRUE(copies.place(sample.job, second, sample.image).ok());
}

TEST_F(InputCopiesTest, AMissingOrChangedInputEndsTheAttempt) {
    main.objects[sample.image.key.str()] = "pixels of a boot";
    auto placed = place();
    ASSERT_FALSE(placed.ok());
    EXPECT_EQ(placed.error().rule, RefusalRule::give_up);
    EXPECT_EQ(placed.error().error.code, ErrorCode::input_changed);
    main.objects.clear();
    placed = place();
    ASSERT_FALSE(placed.ok());
    EXPECT_EQ(placed.error().rule, RefusalRule::give_up);
    EXPECT_EQ(placed.error().error.code, ErrorCode::input_missing);
    EXPECT_FALSE(volume.holds(key));
}

TEST_F(InputCopiesTest, BytesThatAreNotThoseThatWereHashedDoNotStay) {
    sample.image.version.clear();  // as of a store that has none
    main.objects[sample.image.key.str()] = "pixels of a boot";
    const auto placed = place();
    ASSERT_FALSE(placed.ok());
    EXPECT_EQ(placed.error().error.code, ErrorCode::input_changed);
    EXPECT_FALSE(volume.holds(key));
}

TEST_F(InputCopiesTest, TroubleWithAStorageOnlyPutsTheOrderOff) {
    struct Case {
        FakeStore& store;
        std::string function;
        ObjectErrorKind kind;
        ErrorCode code;
    };
    for (const auto& one : {Case{main, "open", ObjectErrorKind::unavailable, ErrorCode::storage_unavailable},
                            Case{main, "read", ObjectErrorKind::unavailable, ErrorCode::storage_unavailable},
                            Case{main, "open", ObjectErrorKind::denied, ErrorCode::storage_unavailable},
                            Case{volume, "head", ObjectErrorKind::denied, ErrorCode::storage_unavailable},
                            Case{volume, "put", ObjectErrorKind::full, ErrorCode::storage_full},
                            Case{volume, "put", ObjectErrorKind::missing, ErrorCode::storage_unavailable}}) {
        SCOPED_TRACE(one.function);
        one.store.broken = {{one.function, one.kind}};
        const auto placed = place();
        ASSERT_FALSE(placed.ok());
        EXPECT_EQ(placed.error().rule, RefusalRule::again_later);
        EXPECT_EQ(placed.error().error.code, one.code);
        EXPECT_THAT(placed.error().why, HasSubstr("broken by the test"));
        EXPECT_GE(placed.error().retry_after, Milliseconds(5'000));
        one.store.broken.clear();
    }
}

TEST_F(InputCopiesTest, AVolumeThatIsTheMainStorageCopiesWithoutMovingBytes) {
    InputCopies on_it(main, main);
    ASSERT_TRUE(on_it.place(sample.job, sample.attempt, sample.image).ok());
    EXPECT_EQ(main.objects[key.str()], "pixels of a shoe");
    EXPECT_THAT(main.asked, ::testing::Contains("copy " + sample.image.key.str()));
    on_it.release(sample.job, sample.attempt);
    main.objects[sample.image.key.str()] = "pixels of a boot";
    const auto placed = on_it.place(sample.job, sample.attempt, sample.image);
    ASSERT_FALSE(placed.ok());
    EXPECT_EQ(placed.error().error.code, ErrorCode::input_changed);
}

}  // namespace
}  // namespace darkroom::runpod
