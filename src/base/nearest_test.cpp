// Which word was meant.
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace darkroom {
namespace {

constexpr std::array<std::string_view, 4> words{"tolerance", "softness", "despill", "v"};

TEST(Nearest, ASlipOfTheFingersIsUnderstood) {
    EXPECT_EQ(nearest_word("tolerence", words), "tolerance");
    EXPECT_EQ(nearest_word("sotfness", words), "softness");
    EXPECT_EQ(nearest_word("Despil", words), "despill");
}

TEST(Nearest, AnotherWordIsNotGuessed) {
    EXPECT_FALSE(nearest_word("colour", words));
    EXPECT_FALSE(nearest_word("", words));
    EXPECT_FALSE(nearest_word("x", words));
    EXPECT_FALSE(nearest_word(std::string(10'000, 't'), words));
}

}  // namespace
}  // namespace darkroom
