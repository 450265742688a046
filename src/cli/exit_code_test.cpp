#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <vector>

namespace darkroom::cli {
namespace {

TEST(ExitCode, OfARunFollowsFromItsFiles) {
    using enum ExitCode;
    const auto of = [](std::vector<ExitCode> items) { return combined(items); };
    EXPECT_EQ(of({}), ok);
    EXPECT_EQ(of({ok, ok}), ok);
    EXPECT_EQ(of({ok, failed}), some_failed);
    EXPECT_EQ(of({not_found, ok}), some_failed);
    EXPECT_EQ(of({failed, failed}), failed);
    EXPECT_EQ(of({not_found}), not_found);
    EXPECT_EQ(of({conflict, conflict}), conflict);
    EXPECT_EQ(of({conflict, not_found}), failed);
    EXPECT_EQ(of({unreachable, unreachable}), unreachable);
}

TEST(ExitCode, OfARefusalFollowsFromItsStatus) {
    using enum ExitCode;
    const std::vector<std::pair<int, ExitCode>> table = {
        {400, failed},      {401, not_authorised}, {402, out_of_credits}, {403, not_authorised},
        {404, not_found},   {409, conflict},       {410, not_found},      {413, failed},
        {415, failed},      {422, failed},         {429, unreachable},    {500, failed},
        {503, unreachable}, {507, failed}};
    for (const auto& [status, code] : table) EXPECT_EQ(exit_code_for_status(status), code) << status;
}

}  // namespace
}  // namespace darkroom::cli
