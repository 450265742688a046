// Whoever waits for a job is woken; whoever stopped waiting is not.
#include "api/job_watch.h"

#include <gtest/gtest.h>

namespace darkroom::api {
namespace {

const auto job = *JobId::parse("11111111-1111-4111-8111-111111111111");
const auto other = *JobId::parse("22222222-2222-4222-8222-222222222222");

TEST(JobWatch, WakesThoseWhoWaitForThatJobOnly) {
    JobWatch watch;
    int first = 0;
    int second = 0;
    const auto one = watch.subscribe(job, [&] { ++first; });
    const auto two = watch.subscribe(job, [&] { ++second; });
    watch.job_changed(other);
    EXPECT_EQ(first + second, 0);
    watch.job_changed(job);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 1);
}

TEST(JobWatch, AnEndedSubscriptionIsNotWoken) {
    JobWatch watch;
    int first = 0;
    int second = 0;
    auto one = watch.subscribe(job, [&] { ++first; });
    const auto two = watch.subscribe(job, [&] { ++second; });
    one.reset();
    watch.job_changed(job);
    EXPECT_EQ(first, 0);
    EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace darkroom::api
