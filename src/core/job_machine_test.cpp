// The whole table, cell by cell, and random lives of jobs.
#include "core/job_machine.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace darkroom::core {
namespace {

// The drawing in job_machine.h, once more, written by hand: "-" is no transition.
const std::map<Status, std::map<JobEventKind, std::string>> drawing = {
    {Status::queued,
     {{JobEventKind::claim, "DISPATCHED"},
      {JobEventKind::cancel, "CANCELLED"},
      {JobEventKind::succeed_late, "SUCCEEDED"}}},
    {Status::dispatched,
     {{JobEventKind::start, "RUNNING"},
      {JobEventKind::succeed, "SUCCEEDED"},
      {JobEventKind::retry_later, "QUEUED"},
      {JobEventKind::give_up, "FAILED"},
      {JobEventKind::cancel, "CANCELLED"},
      {JobEventKind::give_back, "QUEUED"}}},
    {Status::running,
     {{JobEventKind::succeed, "SUCCEEDED"},
      {JobEventKind::retry_later, "QUEUED"},
      {JobEventKind::give_up, "FAILED"},
      {JobEventKind::cancel, "CANCELLED"}}},
    {Status::succeeded, {{JobEventKind::rerun, "QUEUED"}}},
    {Status::failed,
     {{JobEventKind::requeue, "QUEUED"},
      {JobEventKind::rerun, "QUEUED"},
      {JobEventKind::succeed_late, "SUCCEEDED"}}},
    {Status::cancelled, {{JobEventKind::requeue, "QUEUED"}, {JobEventKind::rerun, "QUEUED"}}},
};

TEST(JobMachine, EveryStatusAndEventDoesWhatTheDrawingSays) {
    for (int s = 0; s < status_count; ++s) {
        for (int e = 0; e < job_event_kind_count; ++e) {
            const auto status = static_cast<Status>(s);
            const auto event = static_cast<JobEventKind>(e);
            SCOPED_TRACE(std::string(to_string(status)) + " × " + std::string(to_string(event)));
            const auto& row = drawing.at(status);
            const auto expected = row.find(event);
            const auto transition = next(status, event);
            ASSERT_EQ(transition.has_value(), expected != row.end());
            if (transition) {
                EXPECT_EQ(to_string(transition->job), expected->second);
            }
        }
    }
}

TEST(JobMachine, AJobThatShowsAResultIsNotLostToARerunThatFailsOrIsCancelled) {
    for (int s = 0; s < status_count; ++s) {
        for (int e = 0; e < job_event_kind_count; ++e) {
            const auto status = static_cast<Status>(s);
            const auto event = static_cast<JobEventKind>(e);
            const auto plain = next(status, event);
            const auto shown = next(status, event, true);
            ASSERT_EQ(plain.has_value(), shown.has_value());
            if (!plain) continue;
            const bool would_lose = plain->job == Status::failed || plain->job == Status::cancelled;
            EXPECT_EQ(shown->job, would_lose ? Status::succeeded : plain->job);
            EXPECT_EQ(shown->attempt, plain->attempt);
            EXPECT_EQ(shown->effects, plain->effects);
        }
    }
}

TEST(JobMachine, EffectsFitTheStatusesTheyLeadTo) {
    for (int s = 0; s < status_count; ++s) {
        for (int e = 0; e < job_event_kind_count; ++e) {
            const auto from = static_cast<Status>(s);
            const auto transition = next(from, static_cast<JobEventKind>(e));
            if (!transition) continue;
            SCOPED_TRACE(std::string(to_string(from)) + " -> " + std::string(to_string(transition->job)));
            const auto effects = transition->effects;
            EXPECT_EQ(has(effects, Effect::finish), is_terminal(transition->job));
            EXPECT_EQ(has(effects, Effect::dequeue), from == Status::queued);
            EXPECT_EQ(has(effects, Effect::enqueue), transition->job == Status::queued);
            EXPECT_EQ(has(effects, Effect::reopen), is_terminal(from));
            EXPECT_EQ(has(effects, Effect::select_attempt), transition->job == Status::succeeded);
            EXPECT_EQ(has(effects, Effect::close_attempt),
                      transition->attempt && is_terminal(*transition->attempt));
            // A slot is freed by the end of the work; a cancelled attempt keeps it until its backend has
            // stopped.
            const bool had_attempt = from == Status::dispatched || from == Status::running;
            const bool ended = had_attempt && transition->job != Status::running;
            EXPECT_EQ(has(effects, Effect::free_slot) || has(effects, Effect::stop_backend), ended);
            EXPECT_FALSE(has(effects, Effect::free_slot) && has(effects, Effect::stop_backend));
        }
    }
}

TEST(JobMachine, RandomLivesHoldAtMostOneOpenAttemptAndEndOncePerLife) {
    for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        Status status = Status::queued;
        int open = 0;
        int ends = 0;
        int lives = 1;
        for (int step = 0; step < 60; ++step) {
            const auto transition = next(status, static_cast<JobEventKind>(random() % job_event_kind_count));
            if (!transition) continue;
            open += has(transition->effects, Effect::open_attempt);
            open -= has(transition->effects, Effect::close_attempt);
            open -= has(transition->effects, Effect::drop_attempt);
            ends += has(transition->effects, Effect::finish);
            lives += has(transition->effects, Effect::reopen);
            status = transition->job;
            ASSERT_GE(open, 0);
            ASSERT_EQ(open == 1, status == Status::dispatched || status == Status::running);
            ASSERT_EQ(ends, is_terminal(status) ? lives : lives - 1);
        }
    }
}

TEST(JobMachine, NamesReadBack) {
    for (int s = 0; s < status_count; ++s)
        EXPECT_EQ(parse_status(to_string(static_cast<Status>(s))), static_cast<Status>(s));
    EXPECT_FALSE(parse_status("queued"));
    EXPECT_FALSE(parse_status(""));
}

}  // namespace
}  // namespace darkroom::core
