// For the tests of the backend: its settings, an order, and an API that answers as the test says.
#pragma once
#include <gmock/gmock.h>

#include <string>

#include "runpod/backend/backend_fixture.h"
#include "runpod/backend/serverless_backend.h"
#include "runpod/client/testing/scripted_api.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod::testing {

inline constexpr Milliseconds minute{60'000};

class ServerlessFixture : public ::testing::Test {
protected:
    static ServerlessSettings settings() {
        ServerlessSettings settings;
        settings.name = "eu-cz";
        settings.inflight_max = 7;
        settings.weight = 2;
        settings.gpu = "L4";
        settings.micro_usd_per_second = 190;
        settings.public_base_url = "https://darkroom.example/";
        settings.callbacks = true;
        settings.queue_budget = 30 * minute;
        settings.client.base_url = "https://api.runpod.ai/v2";
        settings.client.endpoint_id = "abc";
        settings.client.api_key = "rpa_SECRET";
        return settings;
    }
    ServerlessBackend backend_of(const ServerlessSettings& settings) {
        return {settings, bucket, nullptr, api, clock, random};
    }
    ports::RemoteOrder order() const {
        ports::RemoteOrder order;
        order.work.job = sample.job;
        order.work.attempt = sample.attempt;
        order.work.type = "bg_remove";
        order.work.params_effective_json = R"({"edges":"auto","level":1.50})";
        order.work.inputs = {sample.image};
        order.work.time_limit = 10 * minute;
        order.token = "tok-en_1";
        order.deadline = clock.now() + 60 * minute;
        return order;
    }
    SubmitRequest sent(std::size_t at = 0) const {
        const auto request = parse_submit_request(api.requests().at(at).body, run_body_bytes_max);
        EXPECT_TRUE(request.ok());
        return request.ok() ? *request : SubmitRequest{};
    }
    ports::SubmitRefused refusal(const ports::SubmitAnswer& answer) {
        const auto* refused = std::get_if<ports::SubmitRefused>(&answer);
        EXPECT_NE(refused, nullptr);
        return refused != nullptr ? *refused : ports::SubmitRefused{};
    }

    ScriptedApi api;
    JumpingClock clock;
    darkroom::testing::SeededRandom random{1};
    FakeStore bucket{bucket_can};
    FakeStore volume{volume_can};
    FakeStore folder{folder_can};
    SampleJob sample{bucket};
    const Answer taken = answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})");
    const Answer healthy = answered(200, R"({"jobs":{},"workers":{}})");
};

}  // namespace darkroom::runpod::testing
