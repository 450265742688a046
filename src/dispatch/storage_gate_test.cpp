// The gate while somebody looks: what the others are told, and when they come again.
#include "dispatch/storage_gate.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/manual_clock.h"
#include "tests/support/unused_object_store.h"

namespace darkroom::dispatch {
namespace {

class Storage : public darkroom::testing::UnusedObjectStore {
public:
    std::function<void()> while_asked = [] {};
    ports::ObjectErrorKind answer = ports::ObjectErrorKind::missing;

    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey&) override {
        while_asked();
        return Fail(ports::ObjectError{answer, "as the test says"});
    }
};

class StorageGateTest : public ::testing::Test {
protected:
    darkroom::testing::ManualClock clock_;
    Storage storage_;
    StorageGate gate_{storage_, clock_};
};

// A storage that accepts connections and says nothing holds the one who looks for minutes: a dispatcher that
// came again at once would ask the database without a pause for as long.
TEST_F(StorageGateTest, WhoFindsAnotherLookingComesAgainLaterAndNotAtOnce) {
    storage_.while_asked = [&] {
        ASSERT_TRUE(gate_.next_look());
        EXPECT_GT(*gate_.next_look(), clock_.monotonic());
    };
    EXPECT_TRUE(gate_.open());
    EXPECT_FALSE(gate_.next_look());
    gate_.doubt();
    EXPECT_LE(*gate_.next_look(), clock_.monotonic());
    EXPECT_TRUE(gate_.open());
}

TEST_F(StorageGateTest, IsClosedToOthersUntilTheFirstLookIsOver) {
    storage_.while_asked = [&] { EXPECT_FALSE(gate_.open()); };
    EXPECT_TRUE(gate_.open());
    // Later on a doubt is only that: the others go on with what was known.
    storage_.while_asked = [&] { EXPECT_TRUE(gate_.open()); };
    gate_.doubt();
    storage_.answer = ports::ObjectErrorKind::unavailable;
    EXPECT_FALSE(gate_.open());
    EXPECT_TRUE(gate_.trouble());
}

}  // namespace
}  // namespace darkroom::dispatch
