// Header fields as servers write them, and as they do not.
#include "objects/s3/s3_headers.h"

#include <gtest/gtest.h>

namespace darkroom::objects {
namespace {

TEST(S3Headers, DatesAreReadInTheFormThatIsSent) {
    EXPECT_EQ(format_rfc3339(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")), "1994-11-06T08:49:37.000Z");
    EXPECT_EQ(format_rfc3339(*parse_http_date("Thu, 31 Dec 2099 23:59:59 GMT")), "2099-12-31T23:59:59.000Z");
    for (const char* odd :
         {"", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 XXX 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 0x Nov 1994 08:49:37 GMT"}) {
        EXPECT_FALSE(parse_http_date(odd)) << odd;
    }
    EXPECT_FALSE(date_header({{"Date", "now"}}, "date"));
    EXPECT_TRUE(date_header({{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}}, "date"));
}

TEST(S3Headers, RangesAndLengthsAreReadWholeOrNotAtAll) {
    const auto range = content_range({{"content-range", "bytes 5-9/100"}});
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 5u);
    EXPECT_EQ(range->last, 9u);
    EXPECT_EQ(range->whole, 100u);
    for (const char* odd :
         {"", "bytes", "bytes 5-9/*", "bytes */100", "bytes 9-5/100", "bytes 5-100/100", "items 5-9/100",
          "bytes 5-9/1x", "bytes -9/100", "bytes 5-/100", "bytes 5/9-100"}) {
        EXPECT_FALSE(content_range({{"Content-Range", odd}})) << odd;
    }
    EXPECT_EQ(content_length({{"CONTENT-LENGTH", "12"}}), 12u);
    for (const char* odd : {"", "-1", "1 ", "0x1", "99999999999999999999"}) {
        EXPECT_FALSE(content_length({{"Content-Length", odd}})) << odd;
    }
    EXPECT_FALSE(content_length({}));
}

}  // namespace
}  // namespace darkroom::objects
