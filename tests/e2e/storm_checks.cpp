#include "tests/e2e/storm_checks.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "base/digest.h"
#include "core/retry.h"
#include "tests/e2e/links.h"

namespace darkroom::e2e {
namespace {

namespace json = boost::json;

std::string failures_of(const json::value& job) {
    auto text = "failed with " + text_at(job, "/error/code") + " after";
    for (const auto& attempt : items_at(job, "/attempts")) text += " " + text_at(attempt, "/error/code");
    return text;
}

/// A job that is in work each time the gateway dies is suspected of killing it, and given up in the end
/// (core/retry.h). In a storm one that stands first in line can have that bad luck.
bool is_given_up_for_interruptions(const json::value& job) {
    const auto attempts = items_at(job, "/attempts");
    const bool interrupted_only = std::all_of(attempts.begin(), attempts.end(), [](const auto& attempt) {
        return text_at(attempt, "/error/code") == "interrupted";
    });
    return interrupted_only && static_cast<int>(attempts.size()) >= core::RetryPolicy().interruptions_max;
}

void check_end(const json::value& job, const MadeJob& made) {
    const auto status = text_at(job, "/status");
    EXPECT_EQ(text_at(job, "/type"), made.type);
    EXPECT_TRUE(is_terminal(status)) << job;
    if (made.tried_again) {
        EXPECT_NE(status, "CANCELLED") << "its owner wanted it after all";
    } else if (made.cancelled) {
        EXPECT_EQ(status, "CANCELLED");
    }
    if (status == "FAILED") {
        EXPECT_TRUE(is_given_up_for_interruptions(job)) << failures_of(job);
    }
}

/// Ends once; once more only if its owner wanted it after all.
void check_events(const std::vector<json::value>& events, const json::value& job, const MadeJob& made) {
    ASSERT_FALSE(events.empty());
    std::int64_t claims = 0;
    int successes = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(number_at(events[i], "/seq"), static_cast<std::int64_t>(i) + 1) << "a gap in the timeline";
        const auto status = text_at(events[i], "/status");
        if (text_at(events[i], "/kind") == "claim") ++claims;
        if (status == "SUCCEEDED") ++successes;
        if (i + 1 == events.size()) {
            EXPECT_EQ(status, text_at(job, "/status"));
        } else if (is_terminal(status)) {
            EXPECT_TRUE(made.tried_again && text_at(events[i + 1], "/kind") == "requeue") << "ended twice";
        }
    }
    EXPECT_EQ(successes, text_at(job, "/status") == "SUCCEEDED" ? 1 : 0) << "charged more than once";
    EXPECT_EQ(number_at(job, "/attempt_count"), claims);
    if (made.followed > 0) {
        EXPECT_EQ(made.followed, static_cast<int>(events.size())) << "its stream told something else";
    }
}

void check_outputs(const json::value& job) {
    const auto outputs = items_at(job, "/outputs");
    EXPECT_EQ(text_at(job, "/status") == "SUCCEEDED", !outputs.empty());
    for (const auto& output : outputs) {
        const auto result = fetch(text_at(output, "/url"));
        EXPECT_EQ(result.status, 200);
        EXPECT_EQ(to_hex(sha256(result.body)), text_at(output, "/sha256"));
    }
}

}  // namespace

StormPlan storm_plan(StormPlan plan, int kills, int jobs) {
    const char* form = std::getenv("DARKROOM_STORM");
    if (form != nullptr && std::string(form) == "long") {
        plan.kills = kills;
        plan.jobs = jobs;
    }
    const char* seed = std::getenv("DARKROOM_STORM_SEED");
    plan.seed = seed != nullptr ? static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10))
                                : std::random_device()() % 1'000'000;
    return plan;
}

bool is_terminal(const std::string& status) {
    return status == "SUCCEEDED" || status == "FAILED" || status == "CANCELLED";
}

std::string told(const std::map<std::string, int>& ends) {
    std::string text;
    for (const auto& [status, jobs] : ends)
        text += (text.empty() ? "" : ", ") + std::to_string(jobs) + " " + status;
    return text;
}

std::vector<json::value> all_jobs(const ApiClient& client) {
    std::vector<json::value> jobs;
    std::string cursor;
    do {
        const auto page =
            client.get("/api/v1/jobs?limit=200" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
        const auto some = items_at(page, "/jobs");
        jobs.insert(jobs.end(), some.begin(), some.end());
        cursor = text_at(page, "/next_cursor");
    } while (!cursor.empty());
    return jobs;
}

std::string not_ended(const ApiClient& client) {
    std::string lines;
    for (const auto& job : all_jobs(client)) {
        if (!is_terminal(text_at(job, "/status"))) lines += json::serialize(job) + "\n";
    }
    return lines;
}

void check_storm_job(const ApiClient& client, const json::value& job, const MadeJob& made) {
    check_end(job, made);
    check_events(client.events(text_at(job, "/id")), job, made);
    check_outputs(job);
}

}  // namespace darkroom::e2e
