// Ids are exact: one text form, no look-alikes.
#include "base/ids.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(Ids, AUuidReadsBackAsWritten) {
    const auto id = JobId::parse("3f0e1d2c-4b5a-4978-8695-a4b3c2d1e0ff");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->str(), "3f0e1d2c-4b5a-4978-8695-a4b3c2d1e0ff");
    EXPECT_EQ(JobId::parse("3F0E1D2C-4B5A-4978-8695-A4B3C2D1E0FF"), id);
}

TEST(Ids, RandomBytesBecomeVersion4) {
    UuidBytes ones;
    ones.fill(0xff);
    EXPECT_EQ(JobId::from_random(ones).str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    EXPECT_EQ(JobId::from_random(UuidBytes{}).str(), "00000000-0000-4000-8000-000000000000");
}

TEST(Ids, WhatIsNotExactlyAUuidIsRefused) {
    for (const auto* text :
         {"", "3f0e", "3f0e1d2c4b5a49788695a4b3c2d1e0ff", "{3f0e1d2c-4b5a-4978-8695-a4b3c2d1e0f}",
          "3f0e1d2c-4b5a-4978-8695-a4b3c2d1e0fg", "3f0e1d2c-4b5a-4978-8695-a4b3c2d1e0ff ",
          "3f0e1d2c_4b5a-4978-8695-a4b3c2d1e0ff", "../1d2c-4b5a-4978-8695-a4b3c2d1e0fff"}) {
        EXPECT_FALSE(JobId::parse(text)) << text;
    }
}

TEST(Ids, AUserIdIsAShortPlainWord) {
    EXPECT_TRUE(UserId::parse("anna@example.com"));
    EXPECT_TRUE(UserId::parse(std::string(128, 'a')));
    EXPECT_FALSE(UserId::parse(""));
    EXPECT_FALSE(UserId::parse(std::string(129, 'a')));
    EXPECT_FALSE(UserId::parse("a b"));
    EXPECT_FALSE(UserId::parse("a/b"));
    EXPECT_FALSE(UserId::parse(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace darkroom
