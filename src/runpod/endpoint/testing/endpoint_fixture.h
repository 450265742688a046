// An endpoint on a clock that the test moves, with short words for what clients and workers do.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runpod/endpoint/endpoint.h"
#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"

namespace darkroom::runpod::endpoint {

class EndpointFixture : public ::testing::Test {
protected:
    virtual EndpointSettings settings() { return {}; }
    void SetUp() override { endpoint_ = std::make_unique<Endpoint>(settings(), clock_, random_); }

    std::string submit(const std::string& webhook = "", bool sync = false) {
        SubmitRequest request;
        request.input_json = R"({"n":1,"_darkroom":{"job":"j","attempt":"a"}})";
        if (!webhook.empty()) request.webhook = webhook;
        return submit(std::move(request), sync);
    }
    std::string submit(SubmitRequest request, bool sync = false) {
        return endpoint_->submit(std::move(request), sync).value_or("");
    }
    std::vector<std::string> take(const std::string& worker, std::size_t at_most = 1) {
        std::vector<std::string> ids;
        for (const auto& job : endpoint_->take(worker, "L4", at_most)) ids.push_back(job.id.str());
        return ids;
    }
    DoneOutcome::Kind done(const std::string& worker, const std::string& job,
                           const std::string& output = R"({"ok":true})") {
        DoneReport report;
        report.output_json = output;
        return endpoint_->done(worker, job, report, output.size()).kind;
    }
    DoneOutcome::Kind fail(const std::string& worker, const std::string& job, const std::string& error) {
        DoneReport report;
        report.error = error;
        return endpoint_->done(worker, job, report, error.size()).kind;
    }
    JobState state(const std::string& job) {
        const auto view = endpoint_->status(job);
        return view ? view->state : JobState::unknown;
    }
    void fault(const std::string& name, const std::string& when = "always") {
        ASSERT_TRUE(endpoint_->change_faults({std::nullopt, {{name, when}}}));
    }
    /// Lets time pass in steps, as the endpoint's own thread would see it.
    void pass(std::int64_t ms, std::int64_t step = 1'000) {
        for (; ms > 0; ms -= step) {
            clock_.advance(Milliseconds(std::min(ms, step)));
            endpoint_->tick();
        }
    }
    /// The same, with a worker that pings what it has.
    void pass_pinging(const std::string& worker, const std::vector<std::string>& jobs, std::int64_t ms) {
        std::vector<RemoteJobId> ids;
        ids.reserve(jobs.size());
        for (const auto& job : jobs) ids.push_back(*RemoteJobId::parse(job));
        for (; ms > 0; ms -= 5'000) {
            endpoint_->ping(worker, "L4", ids);
            pass(std::min<std::int64_t>(ms, 5'000));
        }
    }
    std::vector<Webhook> due_webhooks() {
        std::vector<Webhook> all;
        while (auto webhook = endpoint_->take_webhook()) all.push_back(*std::move(webhook));
        return all;
    }

    testing::ManualClock clock_;
    testing::SeededRandom random_{1};
    std::unique_ptr<Endpoint> endpoint_;
};

}  // namespace darkroom::runpod::endpoint
