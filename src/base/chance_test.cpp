#include "base/chance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace darkroom {
namespace {

TEST(Chance, FillsEverythingUpToTheLastByte) {
    // More than the kernel gives at once; 64 zeros in a row would be an accident of one in 2^512.
    std::vector<std::uint8_t> bytes(40'000'000);
    fill_with_chance(bytes);
    EXPECT_NE(std::count(bytes.end() - 64, bytes.end(), 0), 64);
    EXPECT_EQ(std::search_n(bytes.begin(), bytes.end(), 64, std::uint8_t{0}), bytes.end());
}

TEST(Chance, NeverGivesTheSameTwice) {
    std::set<std::array<std::uint8_t, 16>> seen;
    for (int i = 0; i < 10'000; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        fill_with_chance(bytes);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
    fill_with_chance({});
}

}  // namespace
}  // namespace darkroom
