#include "runpod/protocol/job_state.h"

#include <gtest/gtest.h>

#include "runpod/protocol/remote_job_id.h"

namespace darkroom::runpod {
namespace {

constexpr JobState all[] = {JobState::unknown,   JobState::in_queue, JobState::in_progress,
                            JobState::completed, JobState::failed,   JobState::timed_out,
                            JobState::cancelled};

TEST(JobState, IsReadBackAsItIsWritten) {
    for (const auto state : all) EXPECT_EQ(parse_job_state(name_of(state)), state);
    EXPECT_EQ(parse_job_state("RUNNING"), JobState::in_progress);
}

TEST(JobState, TakesNothingUnknownForAnEnd) {
    for (const auto* text :
         {"", "completed", "COMPLETED ", "DONE", "FAILED_PERMANENTLY", "UNKNOWN", "\xff"}) {
        EXPECT_EQ(parse_job_state(text), JobState::unknown) << text;
        EXPECT_FALSE(is_final(parse_job_state(text))) << text;
    }
}

TEST(JobState, EndsInFourWays) {
    for (const auto state : all) {
        const bool end = state == JobState::completed || state == JobState::failed ||
                         state == JobState::timed_out || state == JobState::cancelled;
        EXPECT_EQ(is_final(state), end) << name_of(state);
    }
}

// Rows: seen; columns: next, in the order of `all`.
TEST(JobState, NeverGoesBack) {
    constexpr bool table[7][7] = {
        {false, true, true, true, true, true, true},        // unknown
        {false, false, true, true, true, true, true},       // in_queue
        {false, false, false, true, true, true, true},      // in_progress
        {false, false, false, false, false, false, false},  // completed
        {false, false, false, true, false, false, false},   // failed
        {false, false, false, true, false, false, false},   // timed_out
        {false, false, false, false, false, false, false},  // cancelled
    };
    for (int seen = 0; seen < 7; ++seen) {
        for (int next = 0; next < 7; ++next)
            EXPECT_EQ(is_progress(all[seen], all[next]), table[seen][next])
                << name_of(all[seen]) << " then " << name_of(all[next]);
    }
}

TEST(RemoteJobId, IsWhatMayStandInAUrlAndALogLine) {
    for (const auto* text : {"0b6f2f5e-1c55-4d0a-9a52-6e2d3a0f9c11-u1",
                             "sync-0b6f2f5e-1c55-4d0a-9a52-6e2d3a0f9c11-e1", "local_test", "a"})
        EXPECT_EQ(RemoteJobId::parse(text)->str(), text);
    EXPECT_TRUE(RemoteJobId::parse(std::string(64, 'a')));
    for (const std::string& text :
         {std::string(), std::string(65, 'a'), std::string(10'000, 'a'), std::string("a b"),
          std::string("../x"), std::string("a/b"), std::string("a?b"), std::string("a%2f"),
          std::string("a\n"), std::string("a\0b", 3), std::string("\xc3\xa4")})
        EXPECT_FALSE(RemoteJobId::parse(text)) << text;
}

}  // namespace
}  // namespace darkroom::runpod
