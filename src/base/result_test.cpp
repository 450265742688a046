// What Result promises its users.
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace darkroom {
namespace {

Result<int, std::string> half(int number) {
    if (number % 2 != 0) return Fail(std::string("odd"));
    return number / 2;
}

TEST(Result, IsEitherAValueOrAFailure) {
    EXPECT_EQ(*half(4), 2);
    EXPECT_FALSE(half(3).ok());
    EXPECT_EQ(half(3).error(), "odd");
    EXPECT_EQ(half(3).value_or(7), 7);
}

TEST(Result, CarriesValuesThatCanOnlyBeMoved) {
    Result<std::unique_ptr<int>, std::string> made = std::make_unique<int>(5);
    const auto owned = *std::move(made);
    EXPECT_EQ(*owned, 5);
}

TEST(Result, OfVoidTellsWhetherTheStepHappened) {
    Result<void, int> done;
    EXPECT_TRUE(done.ok());
    done = Fail(3);
    EXPECT_EQ(done.error(), 3);
}

TEST(ResultDeathTest, ReadingTheValueOfAFailureStopsTheProcess) {
    EXPECT_DEATH({ (void)*half(3); }, "bug: ok\\(\\) does not hold");
}

}  // namespace
}  // namespace darkroom
