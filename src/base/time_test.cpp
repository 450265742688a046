// RFC 3339 both ways.
#include "base/time.h"

#include <gtest/gtest.h>

namespace darkroom {
namespace {

TEST(Time, IsWrittenInUtcWithMilliseconds) {
    EXPECT_EQ(format_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_rfc3339(from_unix_ms(1'767'323'045'678)), "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(format_rfc3339(from_unix_ms(2'147'483'648'000)), "2038-01-19T03:14:08.000Z");
}

TEST(Time, ReadsBackWhatItWritesAndOffsets) {
    for (const std::int64_t ms : {0LL, 1'767'323'045'678LL, 2'147'483'648'001LL, 951'782'400'000LL}) {
        EXPECT_EQ(parse_rfc3339(format_rfc3339(from_unix_ms(ms))), from_unix_ms(ms));
    }
    EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05Z"), parse_rfc3339("2026-01-02T05:04:05+02:00"));
    EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.6Z"), parse_rfc3339("2026-01-02T03:04:05.600999Z"));
}

TEST(Time, WhatIsNoDateIsRefused) {
    for (const auto* text :
         {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
          "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
          "2026-01-01T00:61:00Z", "2026-01-01T00:00:00+25:00"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

}  // namespace
}  // namespace darkroom
