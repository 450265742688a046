#include "runpod/client/retry_after.h"

#include <gtest/gtest.h>

namespace darkroom::runpod {
namespace {

const TimePoint now = *parse_rfc3339("1994-11-06T08:49:37Z");

// reliability F-C02.
TEST(RetryAfter, IsObeyedBetweenOneSecondAndFiveMinutes) {
    struct Case {
        std::string_view value;
        std::optional<int> seconds;
    };
    for (const auto& [value, seconds] : {Case{"1", 1},
                                         Case{"17", 17},
                                         Case{"300", 300},
                                         Case{"0", 1},
                                         Case{"-5", 1},
                                         Case{"301", 300},
                                         Case{"1000000000", 300},
                                         Case{"99999999999999999999999999", 300},
                                         Case{"Sun, 06 Nov 1994 08:50:37 GMT", 60},
                                         Case{"Sun, 06 Nov 1994 08:49:37 GMT", 1},
                                         Case{"Fri, 01 Jan 1971 00:00:00 GMT", 1},
                                         Case{"Sat, 31 Dec 9999 23:59:59 GMT", 300},
                                         Case{"Sun, 31 Feb 1994 08:50:37 GMT", {}},
                                         Case{"Sun, 06 Nov 1994 25:50:37 GMT", {}},
                                         Case{"Sun, 06 Nov 1994 08:50:37 UTC", {}},
                                         Case{"Sunday, 06-Nov-94 08:49:37 GMT", {}},
                                         Case{"", {}},
                                         Case{"-", {}},
                                         Case{"soon", {}},
                                         Case{"1.5", {}},
                                         Case{"0x10", {}},
                                         Case{" 5", {}},
                                         Case{"5s", {}}}) {
        const auto wait = parse_retry_after(value, now);
        ASSERT_EQ(wait.has_value(), seconds.has_value()) << value;
        if (wait) {
            EXPECT_EQ(*wait, std::chrono::seconds(*seconds)) << value;
        }
    }
}

TEST(RetryAfter, IsFoundWhateverItsCase) {
    EXPECT_EQ(retry_after_of({{"Date", "x"}, {"RETRY-after", "7"}}, now), Milliseconds(7000));
    EXPECT_EQ(retry_after_of({{"Retry-Afte", "7"}, {"Retry-After2", "7"}}, now), std::nullopt);
}

}  // namespace
}  // namespace darkroom::runpod
