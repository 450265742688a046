// Codes are stable words.
#include "core/error_code.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace darkroom::core {
namespace {

TEST(ErrorCode, EachHasItsOwnNameAndASentenceForItsOwner) {
    std::set<std::string> names;
    for (int i = 0; i < error_code_count; ++i) {
        const auto& row = traits(static_cast<ErrorCode>(i));
        EXPECT_TRUE(names.insert(std::string(row.name)).second) << row.name;
        EXPECT_EQ(parse_error_code(row.name), row.code);
        EXPECT_EQ(row.message.back(), '.');
    }
    EXPECT_FALSE(parse_error_code("no_such_code"));
}

TEST(ErrorCode, WhatIsNeverRetriedIsNotCalledRetryable) {
    for (int i = 0; i < error_code_count; ++i) {
        const auto& row = traits(static_cast<ErrorCode>(i));
        EXPECT_EQ(row.retryable, row.retry != RetryRule::never) << row.name;
    }
}

}  // namespace
}  // namespace darkroom::core
