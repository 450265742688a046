#include "http/answer_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace darkroom::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AnswerHead, FramesExactlyAndNamesTheRequest) {
    std::string head;
    append_answer_head(head, 201, {{"Location", "/jobs/1"}},
                       {"Sun, 06 Nov 1994 08:49:37 GMT", "r1", 12, true, false});
    EXPECT_EQ(head,
              "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nLocation: "
              "/jobs/1\r\nContent-Length: 12\r\n"
              "Darkroom-Request-Id: r1\r\nX-Content-Type-Options: nosniff\r\n\r\n");
}

TEST(AnswerHead, AHandlerCannotBreakTheFraming) {
    std::string head;
    append_answer_head(head, 200,
                       {{"X-Name", "a\r\nSet-Cookie: b"},
                        {"Bad Name", "x"},
                        {"content-length", "7"},
                        {"Server", "secret"},
                        {"X-Ok", "1"}},
                       {"d", "r", 0, false, false});
    EXPECT_THAT(head, Not(HasSubstr("Set-Cookie")));
    EXPECT_THAT(head, Not(HasSubstr("Bad Name")));
    EXPECT_THAT(head, Not(HasSubstr("content-length: 7")));
    EXPECT_THAT(head, Not(HasSubstr("Server")));
    EXPECT_THAT(head, HasSubstr("X-Ok: 1\r\n"));
    EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
}

TEST(AnswerHead, WritesDatesAsTheRfcDoes) {
    EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(format_http_date(4102444799), "Thu, 31 Dec 2099 23:59:59 GMT");
}

}  // namespace
}  // namespace darkroom::http
