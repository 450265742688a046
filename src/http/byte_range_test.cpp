#include "http/byte_range.h"

#include <gtest/gtest.h>

namespace darkroom::http {
namespace {

using Kind = ByteRange::Kind;

ports::HttpRequest asking(ports::HttpFields headers) {
    ports::HttpRequest request;
    request.headers = std::move(headers);
    return request;
}

TEST(ByteRange, ChoosesWhatTheRangeSays) {
    struct Case {
        const char* range;
        Kind kind;
        std::uint64_t first, bytes;
    };
    const Case cases[] = {
        {"bytes=0-0", Kind::part, 0, 1},
        {"bytes=0-", Kind::part, 0, 100},
        {"bytes=10-19", Kind::part, 10, 10},
        {"bytes=99-", Kind::part, 99, 1},
        {"bytes=10-1000", Kind::part, 10, 90},
        {"bytes=-1", Kind::part, 99, 1},
        {"bytes=-100", Kind::part, 0, 100},
        {"bytes=-1000", Kind::part, 0, 100},
        {"bytes=100-", Kind::unsatisfiable, 0, 0},
        {"bytes=-0", Kind::unsatisfiable, 0, 0},
        {"bytes=0-99999999999999999999999", Kind::part, 0, 100},
        {"bytes=99999999999999999999999-", Kind::unsatisfiable, 0, 0},
        // Malformed, foreign or several: as if it were not there.
        {"bytes=5-4", Kind::whole, 0, 100},
        {"bytes=", Kind::whole, 0, 100},
        {"bytes=-", Kind::whole, 0, 100},
        {"bytes=a-b", Kind::whole, 0, 100},
        {"bytes=1-x", Kind::whole, 0, 100},
        {"bytes=+1-2", Kind::whole, 0, 100},
        {"bytes=0-1,3-4", Kind::whole, 0, 100},
        {"lines=0-1", Kind::whole, 0, 100},
        {"bytes 0-1", Kind::whole, 0, 100},
        {"bytes=1--2", Kind::whole, 0, 100},
    };
    for (const auto& row : cases) {
        const auto range = choose_range(asking({{"Range", row.range}}), 100, "\"e\"");
        EXPECT_EQ(range.kind, row.kind) << row.range;
        EXPECT_EQ(range.first, row.first) << row.range;
        EXPECT_EQ(range.bytes, row.bytes) << row.range;
    }
    EXPECT_EQ(choose_range(asking({{"Range", "bytes=0-"}}), 0, "").kind, Kind::unsatisfiable);
    EXPECT_EQ(choose_range(asking({{"Range", "bytes=-5"}}), 0, "").kind, Kind::unsatisfiable);
}

TEST(ByteRange, HoldsOnlyForTheVersionThatIfRangeNames) {
    const auto kind = [](const char* condition, const char* etag) {
        return choose_range(asking({{"Range", "bytes=0-0"}, {"If-Range", condition}}), 100, etag).kind;
    };
    EXPECT_EQ(kind("\"e\"", "\"e\""), Kind::part);
    EXPECT_EQ(kind("\"old\"", "\"e\""), Kind::whole);
    EXPECT_EQ(kind("W/\"e\"", "\"e\""), Kind::whole);
    EXPECT_EQ(kind("", ""), Kind::whole);
    EXPECT_EQ(kind("Sun, 06 Nov 1994 08:49:37 GMT", "\"e\""), Kind::whole);
}

TEST(ByteRange, KnowsWhichVersionsTheClientHas) {
    EXPECT_TRUE(client_has(asking({{"If-None-Match", "\"a\", W/\"e\""}}), "\"e\""));
    EXPECT_TRUE(client_has(asking({{"If-None-Match", "*"}}), "\"e\""));
    EXPECT_FALSE(client_has(asking({{"If-None-Match", "\"a\""}}), "\"e\""));
    EXPECT_FALSE(client_has(asking({{"If-None-Match", "*"}}), ""));
    EXPECT_FALSE(client_has(asking({}), "\"e\""));
}

}  // namespace
}  // namespace darkroom::http
