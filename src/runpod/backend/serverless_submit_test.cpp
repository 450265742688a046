// What an order says and what comes of sending it.
#include "runpod/backend/serverless_backend.h"

#include "runpod/backend/serverless_fixture.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using ports::FetchError;
using ports::RefusalRule;
using testing::answered;
using testing::broken;
using ::testing::HasSubstr;
using testing::minute;
using ::testing::Not;

class ServerlessSubmit : public testing::ServerlessFixture {};

TEST_F(ServerlessSubmit, SaysWhoItIs) {
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

TEST_F(ServerlessSubmit, AnOrderIsSentAsAWorkerReadsIt) {
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

TEST_F(ServerlessSubmit, WhoHasNoAddressAsksNobodyToCall) {
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

TEST_F(ServerlessSubmit, TimesStayWithinWhatRunPodTakes) {
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

TEST_F(ServerlessSubmit, EveryAnswerToASubmitHasOneMeaning) {
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

TEST_F(ServerlessSubmit, WhatTheStoragesRefuseIsNeverSent) {
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

TEST_F(ServerlessSubmit, OnAVolumeAnOrderThatIsGivenUpLeavesNoCopyAndOneThatWaitsDoes) {
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

}  // namespace
}  // namespace darkroom::runpod
