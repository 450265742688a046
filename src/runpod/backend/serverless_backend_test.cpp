// Orders and answers against an API that answers as the test says; the same over real sockets is in
// tests/integration.
#include "runpod/backend/serverless_backend.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "runpod/backend/backend_fixture.h"
#include "runpod/client/testing/scripted_api.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::FetchError;
using ports::RefusalRule;
using ports::RemotePhase;
using ports::RemoteTroubleKind;
using testing::answered;
using testing::broken;
using testing::FakeStore;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleJob;

constexpr Milliseconds minute{60'000};

class ServerlessBackendTest : public ::testing::Test {
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

    testing::ScriptedApi api;
    testing::JumpingClock clock;
    darkroom::testing::SeededRandom random{1};
    FakeStore bucket{testing::bucket_can};
    FakeStore volume{testing::volume_can};
    FakeStore folder{testing::folder_can};
    SampleJob sample{bucket};
    const testing::Answer taken = answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})");
    const testing::Answer healthy = answered(200, R"({"jobs":{},"workers":{}})");
};

TEST_F(ServerlessBackendTest, SaysWhoItIs) {
    const auto backend = backend_of(settings());
    EXPECT_EQ(backend.endpoint().backend, "serverless");
    EXPECT_EQ(backend.endpoint().name, "eu-cz");
    EXPECT_EQ(backend.endpoint().inflight_max, 7);
    EXPECT_EQ(backend.endpoint().weight, 2);
    EXPECT_EQ(backend.target(), "https://api.runpod.ai/v2|abc");
    auto nameless = settings();
    nameless.name.clear();
    EXPECT_EQ(backend_of(nameless).endpoint().name, "abc");
}

TEST_F(ServerlessBackendTest, AnOrderIsSentAsAWorkerReadsIt) {
    auto backend = backend_of(settings());
    api.answers({taken});
    const auto answer = backend.submit(order());
    ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(answer));
    EXPECT_EQ(std::get<ports::SubmitTaken>(answer).remote_id, "r-1-u1");
    const auto request = sent();
    EXPECT_EQ(request.webhook, "https://darkroom.example/webhooks/runpod-completion?token=tok-en_1");
    EXPECT_EQ(request.policy.execution_timeout, 10 * minute + Milliseconds(30'000));
    EXPECT_EQ(request.policy.ttl, 45 * minute + Milliseconds(30'000)) << "queue, execution and five minutes";
    const auto payload = parse_work_payload(request.input_json);
    ASSERT_TRUE(payload.ok()) << payload.error().detail;
    EXPECT_EQ(payload->job_id, sample.job.str());
    EXPECT_EQ(payload->type, "bg_remove");
    EXPECT_EQ(payload->params_json, R"({"edges":"auto","level":1.50})");
    EXPECT_EQ(payload->time_limit, 10 * minute);
    EXPECT_EQ(payload->webhook_url, "https://darkroom.example/webhooks/runpod");
    ASSERT_TRUE(payload->fence);
    EXPECT_EQ(payload->fence->job, sample.job);
    EXPECT_EQ(payload->fence->attempt, sample.attempt);
    EXPECT_EQ(payload->fence->attempt_token, "tok-en_1");
    EXPECT_EQ(payload->fence->claim_url, "https://darkroom.example/webhooks/runpod/claims");
    EXPECT_THAT(payload->inputs.at(0).url, HasSubstr("&life=3600000")) << "as long as the order may live";
    EXPECT_THAT(api.requests().at(0).body, Not(HasSubstr("SECRET")));
    EXPECT_THAT(api.requests().at(0).body, Not(HasSubstr("anna")));
}

TEST_F(ServerlessBackendTest, WhoHasNoAddressAsksNobodyToCall) {
    auto alone = settings();
    alone.public_base_url.clear();
    auto backend = backend_of(alone);
    api.answers({taken});
    (void)backend.submit(order());
    EXPECT_FALSE(sent().webhook);
    const auto payload = *parse_work_payload(sent().input_json);
    EXPECT_EQ(payload.webhook_url, "");
    EXPECT_EQ(payload.fence->claim_url, "");
    auto unsigned_ones = settings();
    unsigned_ones.callbacks = false;
    auto without_secret = backend_of(unsigned_ones);
    (void)without_secret.submit(order());
    EXPECT_EQ(parse_work_payload(sent(1).input_json)->webhook_url, "");
    EXPECT_TRUE(sent(1).webhook);
}

TEST_F(ServerlessBackendTest, TimesStayWithinWhatRunPodTakes) {
    struct Case {
        Milliseconds limit;
        Milliseconds left;
        Milliseconds execution;
        Milliseconds ttl;
        Milliseconds url;
    };
    constexpr Milliseconds week{7LL * 24 * 3'600'000};
    auto long_queue = settings();
    long_queue.queue_budget = week;
    auto backend = backend_of(long_queue);
    api.answers({taken});
    std::size_t at = 0;
    for (const auto& one :
         {Case{Milliseconds(1), 60 * minute, Milliseconds(30'001), 60 * minute, 60 * minute},
          Case{10 * week, 20 * week, week, week, week},
          Case{10 * minute, -minute, 10 * minute + Milliseconds(30'000), Milliseconds(10'000), minute}}) {
        auto work = order();
        work.work.time_limit = one.limit;
        work.deadline = clock.now() + one.left;
        ASSERT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(work)));
        const auto request = sent(at++);
        EXPECT_EQ(request.policy.execution_timeout, one.execution);
        EXPECT_EQ(request.policy.ttl, one.ttl);
        EXPECT_THAT(request.input_json, HasSubstr("&life=" + std::to_string(one.url.count())));
    }
    auto bounded = settings();
    bounded.execution_max = 2 * minute;
    auto strict = backend_of(bounded);
    auto work = order();
    work.deadline = {};
    (void)strict.submit(work);
    EXPECT_EQ(sent(at).policy.execution_timeout, 2 * minute + Milliseconds(30'000));
    EXPECT_EQ(parse_work_payload(sent(at).input_json)->time_limit, 2 * minute);
    EXPECT_THAT(sent(at).input_json,
                HasSubstr("&life=" + std::to_string((37 * minute + minute / 2).count())));
}

TEST_F(ServerlessBackendTest, EveryAnswerToASubmitHasOneMeaning) {
    struct Case {
        testing::Answer answer;
        RefusalRule rule;
        Milliseconds at_least;
    };
    for (const auto& one :
         {Case{answered(429, "", {{"Retry-After", "20"}}), RefusalRule::again_later, Milliseconds(20'000)},
          Case{broken(FetchError::unreachable), RefusalRule::again_later, Milliseconds(5'000)},
          Case{broken(FetchError::tls), RefusalRule::again_later, Milliseconds(5'000)},
          Case{answered(400, R"({"error":"json is invalid"})"), RefusalRule::give_up, Milliseconds(0)},
          Case{answered(413, ""), RefusalRule::give_up, Milliseconds(0)},
          Case{answered(401, ""), RefusalRule::pause, Milliseconds(1)},
          Case{answered(402, ""), RefusalRule::pause, Milliseconds(1)},
          Case{answered(404, ""), RefusalRule::pause, Milliseconds(1)}}) {
        auto backend = backend_of(settings());
        api.answers({one.answer});
        const auto refused = refusal(backend.submit(order()));
        SCOPED_TRACE(refused.why);
        EXPECT_EQ(refused.rule, one.rule);
        EXPECT_EQ(refused.error.code, ErrorCode::backend_unavailable);
        EXPECT_FALSE(refused.error.message.empty());
        EXPECT_FALSE(refused.why.empty());
        EXPECT_GE(refused.retry_after, one.at_least);
        EXPECT_EQ(backend.trouble().has_value(), one.rule == RefusalRule::pause);
    }
    for (const auto& answer :
         {answered(500, ""), answered(503, ""), answered(200, "<html>"), answered(200, ""),
          answered(200, R"({"id":"../../x"})"), broken(FetchError::interrupted)}) {
        auto backend = backend_of(settings());
        api.answers({answer});
        EXPECT_TRUE(std::holds_alternative<ports::SubmitUnclear>(backend.submit(order())));
        EXPECT_FALSE(backend.trouble());
    }
}

TEST_F(ServerlessBackendTest, WhatTheStoragesRefuseIsNeverSent) {
    auto backend = backend_of(settings());
    bucket.objects.clear();
    EXPECT_EQ(refusal(backend.submit(order())).error.code, ErrorCode::input_missing);
    bucket.broken = {{"head", ports::ObjectErrorKind::unavailable}};
    const auto refused = refusal(backend.submit(order()));
    EXPECT_EQ(refused.rule, RefusalRule::again_later);
    EXPECT_EQ(refused.error.code, ErrorCode::storage_unavailable);
    EXPECT_FALSE(backend.trouble()) << "the endpoint is not at fault";
    ServerlessBackend nowhere(settings(), folder, nullptr, api, clock, random);
    EXPECT_THAT(nowhere.trouble().value_or(""), HasSubstr("S3_BUCKET"));
    EXPECT_EQ(refusal(nowhere.submit(order())).rule, RefusalRule::pause);
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(ServerlessBackendTest, OnAVolumeAnOrderThatIsGivenUpLeavesNoCopyAndOneThatWaitsDoes) {
    folder.objects = bucket.objects;
    InputCopies copies(folder, volume);
    ServerlessBackend backend(settings(), folder, &copies, api, clock, random);
    api.answers({answered(429, ""), answered(400, "")});
    EXPECT_EQ(refusal(backend.submit(order())).rule, RefusalRule::again_later);
    EXPECT_EQ(volume.objects.size(), 1u);
    clock.advance(5 * minute);
    EXPECT_EQ(refusal(backend.submit(order())).rule, RefusalRule::give_up);
    EXPECT_TRUE(volume.objects.empty());
}

TEST_F(ServerlessBackendTest, APauseLastsUntilTheEndpointAnswersAgain) {
    auto backend = backend_of(settings());
    api.answers({answered(401, R"({"error":"bad key rpa_SECRET"})")});
    (void)backend.submit(order());
    EXPECT_THAT(backend.trouble().value_or(""), HasSubstr("RUNPOD_API_KEY"));
    EXPECT_THAT(backend.trouble().value_or(""), Not(HasSubstr("SECRET")));
    EXPECT_EQ(refusal(backend.submit(order())).rule, RefusalRule::pause);
    EXPECT_EQ(api.requests().size(), 1u) << "nothing is sent in a pause";
    backend.probe();
    EXPECT_EQ(api.requests().size(), 1u) << "not even asked at once";
    clock.advance(Milliseconds(30'000));
    backend.probe();
    backend.probe();
    EXPECT_EQ(api.requests().size(), 2u) << "once in thirty seconds";
    EXPECT_TRUE(backend.trouble());
    api.answers({healthy, taken});
    clock.advance(Milliseconds(30'000));
    backend.probe();
    EXPECT_FALSE(backend.trouble());
    EXPECT_TRUE(std::holds_alternative<ports::SubmitTaken>(backend.submit(order())));
    const auto before = api.requests().size();
    backend.probe();
    EXPECT_EQ(api.requests().size(), before) << "without trouble there is nothing to ask";
}

TEST_F(ServerlessBackendTest, ANewKeyIsTriedAtOnce) {
    auto backend = backend_of(settings());
    api.answers({answered(403, ""), healthy});
    (void)backend.submit(order());
    backend.set_api_key("rpa_NEW");
    backend.probe();
    EXPECT_FALSE(backend.trouble());
    EXPECT_EQ(api.requests().back().headers.at(0).second, "Bearer rpa_NEW");
}

// The health of an endpoint is told to accounts without funds, too.
TEST_F(ServerlessBackendTest, GoodHealthDoesNotCutAPauseShort) {
    auto backend = backend_of(settings());
    api.answers({answered(402, ""), healthy});
    (void)backend.submit(order());
    EXPECT_TRUE(backend.health().ok());
    EXPECT_THAT(backend.trouble().value_or(""), HasSubstr("funds"));
    clock.advance(Milliseconds(30'000));
    EXPECT_TRUE(backend.health().ok());
    EXPECT_FALSE(backend.trouble());
}

TEST_F(ServerlessBackendTest, ARestAfterFailuresIsTroubleUntilItIsAnswered) {
    auto backend = backend_of(settings());
    api.answers({broken(FetchError::unreachable)});
    for (int i = 0; i < 5; ++i) (void)backend.submit(order());
    EXPECT_THAT(backend.trouble().value_or(""), HasSubstr("could not be reached"));
    api.answers({healthy});
    clock.advance(minute);
    backend.probe();
    EXPECT_FALSE(backend.trouble());
}

TEST_F(ServerlessBackendTest, ALookTellsWhatTheEndpointKnows) {
    auto backend = backend_of(settings());
    api.answers({answered(200, R"({"id":"r-1-u1","status":"IN_PROGRESS","delayTime":824,"workerId":"w9"})")});
    auto look = backend.look(sample.task());
    ASSERT_TRUE(look.ok());
    EXPECT_EQ(look->phase, RemotePhase::running);
    EXPECT_EQ(look->delay, Milliseconds(824));
    EXPECT_EQ(look->worker, "w9");
    api.answers({answered(404, "")});
    EXPECT_EQ(backend.look(sample.task())->phase, RemotePhase::gone);
    EXPECT_EQ(backend.cancel(sample.task())->phase, RemotePhase::gone);
    api.answers({answered(200, R"({"id":"r-1-u1","status":"REBALANCING"})")});
    EXPECT_EQ(backend.look(sample.task())->phase, RemotePhase::unknown);
}

TEST_F(ServerlessBackendTest, AnOutputThatIsTooLargeIsLookedForInTheStorage) {
    auto small = settings();
    small.client.output_bytes_max = 1000;
    auto backend = backend_of(small);
    api.answers({answered(200, R"({"id":"r-1-u1","status":"COMPLETED","executionTime":1000,"output":")" +
                                   std::string(5000, 'x') + R"("})")});
    const auto look = backend.look(sample.task());
    ASSERT_TRUE(look.ok());
    EXPECT_EQ(look->phase, RemotePhase::succeeded);
    EXPECT_FALSE(look->result);
    EXPECT_EQ(look->cost_micro_usd, 190);
    bucket.hold(sample.output("main", "png"), "ppp");
    EXPECT_EQ((*backend.find_outputs(sample.job, sample.attempt))->files.size(), 1u);
}

TEST_F(ServerlessBackendTest, WhatWaitsIsToldWhyAsFarAsItIsKnown) {
    auto backend = backend_of(settings());
    api.answers({answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})")});
    EXPECT_EQ(backend.look(sample.task())->waiting_for, "");
    int asked = 0;
    backend.explain_waiting_by([&] {
        ++asked;
        return std::string("cold_start");
    });
    EXPECT_EQ(backend.look(sample.task())->waiting_for, "cold_start");
    api.answers({answered(200, R"({"id":"r-1-u1","status":"IN_PROGRESS"})")});
    EXPECT_EQ(backend.look(sample.task())->waiting_for, "");
    EXPECT_EQ(asked, 1) << "only for what waits";
}

TEST_F(ServerlessBackendTest, TroubleWithAQuestionSaysWhatToDo) {
    struct Case {
        testing::Answer answer;
        RemoteTroubleKind kind;
        bool pauses;
    };
    for (const auto& one :
         {Case{answered(401, ""), RemoteTroubleKind::paused, true},
          Case{answered(402, ""), RemoteTroubleKind::paused, true},
          Case{answered(429, ""), RemoteTroubleKind::later, false},
          Case{answered(400, ""), RemoteTroubleKind::refused, false},
          Case{answered(200, R"({"id":"r-9-u1","status":"COMPLETED"})"), RemoteTroubleKind::later, false},
          Case{answered(200, "<html>"), RemoteTroubleKind::later, false}}) {
        auto backend = backend_of(settings());
        api.answers({one.answer});
        const auto look = backend.look(sample.task());
        ASSERT_FALSE(look.ok());
        EXPECT_EQ(look.error().kind, one.kind) << look.error().detail;
        EXPECT_THAT(look.error().detail, Not(HasSubstr("SECRET")));
        EXPECT_EQ(backend.trouble().has_value(), one.pauses);
    }
    auto backend = backend_of(settings());
    for (const auto* id : {"", "../run", "a b"}) {
        EXPECT_EQ(backend.look(sample.task(id)).error().kind, RemoteTroubleKind::refused);
        EXPECT_EQ(backend.cancel(sample.task(id)).error().kind, RemoteTroubleKind::refused);
    }
}

TEST_F(ServerlessBackendTest, ACancelThatCameTooLateBringsTheResult) {
    auto backend = backend_of(settings());
    WorkResult result;
    result.files = {sample.file("main.png")};
    api.answers({answered(200, R"({"id":"r-1-u1","status":"COMPLETED"})"),
                 answered(200, R"({"id":"r-1-u1","status":"COMPLETED","output":)" +
                                   write_work_result(result) + "}")});
    const auto look = backend.cancel(sample.task());
    ASSERT_TRUE(look.ok());
    EXPECT_EQ(look->phase, RemotePhase::succeeded);
    ASSERT_TRUE(look->result);
    EXPECT_EQ(look->result->files.at(0).key, sample.output("main", "png"));
}

TEST_F(ServerlessBackendTest, AReportIsReadWithoutAnyRequest) {
    const auto backend = backend_of(settings());
    WorkCallback callback;
    callback.job_id = sample.job.str();
    callback.attempt = sample.attempt;
    callback.attempt_token = "tok";
    callback.remote_id = *RemoteJobId::parse("r-1-u1");
    callback.worker_id = "w1";
    callback.result = WorkResult{};
    callback.result->files = {sample.file("main.png")};
    const auto body = write_work_callback(callback);
    const auto look = backend.read_report(sample.task(), body);
    ASSERT_TRUE(look.ok());
    EXPECT_EQ(look->phase, RemotePhase::succeeded);
    for (const auto& wrong : {std::string(), std::string("{}"), std::string("[]"),
                              body.substr(0, body.size() - 1), body + body, std::string(2u << 20, ' ')})
        EXPECT_EQ(backend.read_report(sample.task(), wrong).error().kind, RemoteTroubleKind::refused);
    EXPECT_EQ(backend.read_report(sample.task("r-2-u1"), body).error().kind, RemoteTroubleKind::refused);
    EXPECT_TRUE(api.requests().empty());
}

TEST_F(ServerlessBackendTest, WhatItStoresItOpensAndClears) {
    auto backend = backend_of(settings());
    const auto key = sample.output("main", "png");
    bucket.hold(key, "ppp");
    EXPECT_EQ((*backend.open_output(key))->bytes(), 3u);
    bucket.broken = {{"open", ports::ObjectErrorKind::unavailable}};
    EXPECT_EQ(backend.find_outputs(sample.job, sample.attempt).error().kind, RemoteTroubleKind::later);
    bucket.broken.clear();
    backend.clear(sample.job, sample.attempt);
    EXPECT_FALSE(bucket.holds(key));
}

TEST_F(ServerlessBackendTest, WhoIsStoppedAsksNothing) {
    auto backend = backend_of(settings());
    backend.stop();
    EXPECT_EQ(backend.look(sample.task()).error().kind, RemoteTroubleKind::later);
    EXPECT_EQ(refusal(backend.submit(order())).rule, RefusalRule::again_later);
    EXPECT_TRUE(api.requests().empty());
}

}  // namespace
}  // namespace darkroom::runpod
