// A log line is one line, whatever is in it.
#include "base/log.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom {
namespace {

TEST(Log, AJsonLineStaysOneValidLine) {
    log::configure(log::Level::info, log::Format::json);
    testing::internal::CaptureStderr();
    log::info("job created", {{"job", "a\nb\x1b[31m"}, {"bytes", 12}});
    log::debug("not shown");
    const auto text = testing::internal::GetCapturedStderr();
    ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    const auto line = parse_json(std::string_view(text).substr(0, text.size() - 1));
    ASSERT_TRUE(line.ok()) << text;
    EXPECT_EQ(line->at("msg").as_string(), "job created");
    EXPECT_EQ(line->at("bytes").as_int64(), 12);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Log, TextEscapesControlBytesToo) {
    log::configure(log::Level::info, log::Format::text);
    testing::internal::CaptureStderr();
    log::warning("odd name", {{"name", "x\r\ny"}, {"plain", "word"}});
    const auto text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("odd name name=\"x\\r\\ny\" plain=word"), std::string::npos) << text;
}

}  // namespace
}  // namespace darkroom
