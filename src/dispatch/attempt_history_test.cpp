// What counts against a job's limit of attempts.
#include "dispatch/attempt_history.h"

#include <gtest/gtest.h>

namespace darkroom::dispatch {
namespace {

using core::ErrorCode;

core::Job job_with(std::initializer_list<ErrorCode> failures) {
    core::Job job;
    for (const auto code : failures) {
        core::Attempt attempt;
        attempt.number = static_cast<int>(job.attempts.size()) + 1;
        attempt.error = core::JobError{code, ""};
        job.attempts.push_back(attempt);
    }
    core::Attempt open;
    open.number = static_cast<int>(job.attempts.size()) + 1;
    job.attempts.push_back(open);
    return job;
}

TEST(AttemptHistory, TheAttemptThatJustFailedCounts) {
    const auto history = history_of(job_with({}), ErrorCode::timeout);
    EXPECT_EQ(history.counted, 1);
    EXPECT_EQ(history.same_code, 1);
    EXPECT_EQ(history.interrupted, 0);
}

TEST(AttemptHistory, InterruptionsAreCountedApart) {
    const auto job = job_with({ErrorCode::interrupted, ErrorCode::timeout, ErrorCode::interrupted});
    const auto failed = history_of(job, ErrorCode::timeout);
    EXPECT_EQ(failed.counted, 2);
    EXPECT_EQ(failed.same_code, 2);
    EXPECT_EQ(failed.interrupted, 2);
    const auto interrupted = history_of(job, ErrorCode::interrupted);
    EXPECT_EQ(interrupted.counted, 1);
    EXPECT_EQ(interrupted.interrupted, 3);
}

TEST(AttemptHistory, ARetryByTheOwnerForgivesWhatWasBefore) {
    auto job = job_with({ErrorCode::timeout, ErrorCode::timeout});
    job.attempts_forgiven = 2;
    EXPECT_EQ(history_of(job, ErrorCode::timeout).counted, 1);
    EXPECT_EQ(history_of(job, ErrorCode::timeout).same_code, 1);
}

}  // namespace
}  // namespace darkroom::dispatch
