// The order for a claimed job: what the attempt was claimed with, and the smaller of its limits of time.
#include "dispatch/work_order.h"

#include <gtest/gtest.h>

namespace darkroom::dispatch {
namespace {

core::Job job_by(const std::string& digest) {
    core::Job job;
    job.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
    core::Attempt attempt;
    attempt.id = *AttemptId::parse("22222222-2222-4222-8222-222222222222");
    attempt.number = 1;
    attempt.recipe_digest = digest;
    job.attempts = {attempt};
    return job;
}

TEST(WorkOrder, TheSmallerOfTheLimitsOfTimeHolds) {
    const RecipeLimit limits = [](const core::Attempt& attempt) -> std::optional<Milliseconds> {
        if (attempt.recipe_digest.empty()) return std::nullopt;
        return Milliseconds(attempt.recipe_digest == "short" ? 30'000 : 900'000);
    };
    const auto limit = [&](const std::string& digest, const RecipeLimit& of_recipe) {
        const auto job = job_by(digest);
        return work_order(job, job.attempts[0].id, Milliseconds(120'000), of_recipe).time_limit;
    };
    EXPECT_EQ(limit("short", limits), Milliseconds(30'000));
    EXPECT_EQ(limit("long", limits), Milliseconds(120'000));
    EXPECT_EQ(limit("", limits), Milliseconds(120'000));
    EXPECT_EQ(limit("short", {}), Milliseconds(120'000));
}

}  // namespace
}  // namespace darkroom::dispatch
