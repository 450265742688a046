// What goes into a URL says what it said before.
#include "base/percent.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(Percent, KeepsUnreservedCharactersAndEncodesAllOthers) {
    EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
    EXPECT_EQ(percent_encode("a b+c%&=?#"), "a%20b%2Bc%25%26%3D%3F%23");
    EXPECT_EQ(percent_encode("\xc3\xa4"), "%C3%A4");
    EXPECT_EQ(percent_encode(std::string("\0\r\n", 3)), "%00%0D%0A");
    EXPECT_EQ(percent_encode(""), "");
}

TEST(Percent, KeepsTheSlashOnDemand) {
    EXPECT_EQ(percent_encode("a/b"), "a%2Fb");
    EXPECT_EQ(percent_encode("a/b", true), "a/b");
}

}  // namespace
}  // namespace darkroom
