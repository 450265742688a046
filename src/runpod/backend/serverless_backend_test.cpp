// Pauses, looks, cancels and reports; the same over real sockets is in tests/integration.
#include "runpod/backend/serverless_backend.h"

#include "runpod/backend/serverless_fixture.h"

namespace darkroom::runpod {
namespace {

using ports::FetchError;
using ports::RefusalRule;
using ports::RemotePhase;
using ports::RemoteTroubleKind;
using testing::answered;
using testing::broken;
using ::testing::HasSubstr;
using testing::minute;
using ::testing::Not;

class ServerlessBackendTest : public testing::ServerlessFixture {};

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

// A thousand jobs are looked after; a key that was revoked must not be a thousand refusals each time.
TEST_F(ServerlessBackendTest, AKeyThatIsRefusedIsNotTriedForEveryJob) {
    auto backend = backend_of(settings());
    api.answers({answered(401, "")});
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(backend.look(sample.task()).error().kind, RemoteTroubleKind::paused);
        EXPECT_EQ(backend.cancel(sample.task()).error().kind, RemoteTroubleKind::paused);
    }
    EXPECT_EQ(api.requests().size(), 1u);
    clock.advance(Milliseconds(15'000));
    EXPECT_EQ(backend.look(sample.task()).error().kind, RemoteTroubleKind::paused);
    EXPECT_EQ(api.requests().size(), 2u) << "but again and again";
    api.answers({answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})")});
    clock.advance(Milliseconds(15'000));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(backend.look(sample.task()).ok());
}

TEST_F(ServerlessBackendTest, ANewKeyIsTriedByTheNextLook) {
    auto backend = backend_of(settings());
    api.answers({answered(401, ""), answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})")});
    EXPECT_FALSE(backend.look(sample.task()).ok());
    backend.set_api_key("rpa_NEW");
    EXPECT_TRUE(backend.look(sample.task()).ok());
}

// Submits are refused without funds; what runs already must still be heard of.
TEST_F(ServerlessBackendTest, APauseOfSubmitsLetsLooksGoOn) {
    auto backend = backend_of(settings());
    api.answers({answered(402, ""), answered(200, R"({"id":"r-1-u1","status":"IN_QUEUE"})")});
    (void)backend.submit(order());
    EXPECT_TRUE(backend.trouble());
    EXPECT_TRUE(backend.look(sample.task()).ok());
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
    EXPECT_EQ((*backend.open_output({.role = "main", .key = key}))->bytes(), 3u);
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
