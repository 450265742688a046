// What each user keeps, added up over a real database.
#include "upkeep/storage_sums.h"

#include <gmock/gmock.h>

#include "tests/integration/upkeep_fixture.h"

namespace darkroom::integration {
namespace {

using ::testing::SizeIs;

class StorageSumsTest : public UpkeepTest {
protected:
    upkeep::StorageSums sums_of(int users_max, std::size_t known_max = 100) {
        upkeep::StorageSumSettings settings;
        settings.users_max = users_max;
        settings.users_known_max = known_max;
        return {*store, clock, settings};
    }
    /// A job with one input of so many bytes.
    void keep(const std::string& user, std::uint64_t bytes) {
        auto request = samples.job(conformance::user(user));
        request.uploads.clear();
        request.job.inputs.resize(1);
        request.job.inputs[0].bytes = bytes;
        DR_CHECK(store->create_job(request).ok());
    }
    std::int64_t bytes_of(const core::Job& job) {
        std::int64_t bytes = 0;
        for (const auto& input : job.inputs) bytes += static_cast<std::int64_t>(input.bytes);
        for (const auto& attempt : job.attempts) {
            for (const auto& output : attempt.outputs) bytes += static_cast<std::int64_t>(output.bytes);
        }
        return bytes;
    }
};

TEST_F(StorageSumsTest, TheLargestAreNamedAndTheRestIsOne) {
    keep("ann", 100);
    keep("ann", 50);
    keep("ben", 400);
    keep("cleo", 7);
    keep("dan", 3);
    auto counting = sums_of(2);
    EXPECT_FALSE(counting.sums());
    ASSERT_TRUE(counting.run_round());
    const auto told = *counting.sums();
    ASSERT_THAT(told.largest, SizeIs(2));
    EXPECT_EQ(told.largest[0].user, "ben");
    EXPECT_EQ(told.largest[0].bytes, 400);
    EXPECT_EQ(told.largest[1].user, "ann");
    EXPECT_EQ(told.largest[1].bytes, 150);
    EXPECT_EQ(told.others, 10);
}

TEST_F(StorageSumsTest, ResultsCountUntilRetentionHasTakenThem) {
    const auto job = succeeded({picture()}, hour);
    auto counting = sums_of(5);
    ASSERT_TRUE(counting.run_round());
    const auto expected = bytes_of(read(job));
    ASSERT_GT(expected, 0);
    ASSERT_THAT(counting.sums()->largest, SizeIs(1));
    EXPECT_EQ(counting.sums()->largest[0].bytes, expected);
    for (const auto what : {ports::Retention::inputs, ports::Retention::outputs}) {
        ASSERT_TRUE(store->retire_jobs(what, clock.now() + 100 * day, 10, clock.now() + 100 * day));
    }
    ASSERT_TRUE(counting.run_round());
    EXPECT_THAT(counting.sums()->largest, SizeIs(0));
}

TEST_F(StorageSumsTest, MoreUsersThanAreKnownAreToldAsOne) {
    for (int i = 0; i < 20; ++i) keep("user-" + std::to_string(i), 10);
    auto counting = sums_of(5, 8);
    ASSERT_TRUE(counting.run_round());
    EXPECT_THAT(counting.sums()->largest, SizeIs(5));
    EXPECT_EQ(counting.sums()->others, 150);
}

TEST_F(StorageSumsTest, AStoppedCountTellsNothingHalf) {
    keep("ann", 100);
    auto counting = sums_of(5);
    counting.stop();
    EXPECT_FALSE(counting.run_round());
    EXPECT_FALSE(counting.sums());
}

}  // namespace
}  // namespace darkroom::integration
