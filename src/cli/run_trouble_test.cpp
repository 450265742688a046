// `darkroom run` when the network breaks, the server goes away, or the user does: nothing is lost and nothing
// done twice.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <set>

#include "base/json.h"
#include "cli/fakes.h"
#include "cli/job_view.h"
#include "cli/run_fixture.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::failure;
using fakes::json_answer;
using fakes::problem_answer;
using ports::FetchError;
using ports::HttpMethod;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using RunTrouble = fakes::RunFixture;

// ---- A bad network ----

TEST_F(RunTrouble, ABrokenUploadIsBegunAgain) {
    darkroom.with_server();
    darkroom.http.on(
        HttpMethod::put, "/objects/",
        [](const auto&) -> Answer { return Fail(failure(FetchError::interrupted)); }, 2);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(posts("/uploads"), 3u) << "each time with a new upload";
    EXPECT_EQ(darkroom.gateway.jobs(), 1u);
}

TEST_F(RunTrouble, ALostAnswerToACreationMakesNoSecondJob) {
    darkroom.with_server();
    // The gateway takes the request, and the answer is lost on the way: twice.
    darkroom.http.on(
        HttpMethod::post, "/api/v1/jobs",
        [this](const auto& request) -> Answer {
            (void)darkroom.http.fetch(request);  // this rule is used up, so the gateway's own answers
            return Fail(failure(FetchError::interrupted));
        },
        1);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.gateway.jobs(), 1u);
    std::set<std::string> keys;
    for (const auto& create : darkroom.http.seen(HttpMethod::post, "/api/v1/jobs"))
        keys.insert(create.header("Idempotency-Key"));
    EXPECT_EQ(keys.size(), 1u);
}

TEST_F(RunTrouble, EachPictureHasItsOwnIdempotencyKey) {
    darkroom.with_server();
    ASSERT_EQ(run({picture("a.jpg"), picture("b.jpg"), picture("c.jpg")}).code, 0);
    std::set<std::string> keys;
    for (const auto& create : darkroom.http.seen(HttpMethod::post, "/api/v1/jobs"))
        keys.insert(create.header("Idempotency-Key"));
    EXPECT_EQ(keys.size(), 3u);
}

TEST_F(RunTrouble, ADamagedDownloadIsFetchedAgain) {
    darkroom.with_server();
    const auto damaged = [](const auto& request) -> Answer {
        (void)request.on_body("done:pixelz");
        return json_answer(200, "");
    };
    darkroom.http.on(HttpMethod::get, "/files/", damaged, 1);
    darkroom.http.on(
        HttpMethod::get, "/files/",
        [](const auto&) -> Answer { return problem_answer(410, "url_expired", "gone"); }, 1);
    darkroom.http.on(
        HttpMethod::get, "/files/",
        [](const auto& request) -> Answer {
            (void)request.on_body("done:pixels and far too much");
            return Fail(failure(FetchError::stopped));
        },
        1);
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(darkroom.folder.read("out/a-bg_remove.png"), "done:pixels");
    darkroom.http.on(HttpMethod::get, "/files/", damaged);
    const auto hopeless = run({picture("b.jpg")});
    EXPECT_EQ(hopeless.code, 1);
    EXPECT_THAT(hopeless.err, HasSubstr("download_damaged"));
    EXPECT_THAT(results(), ElementsAre("out/a-bg_remove.png")) << "nothing half stays";
}

TEST_F(RunTrouble, AServerThatIsNotThereIsSaidSo) {
    darkroom.environment["DARKROOM_URL"] = "http://127.0.0.1:9";
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 8);
    EXPECT_THAT(outcome.err, HasSubstr("no connection: http://127.0.0.1:9"));
    EXPECT_EQ(darkroom.embedded_started, 0) << "a server was named, so no other is started";
}

TEST_F(RunTrouble, AServerThatGoesAwayLeavesIdsToComeBackTo) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto&) -> Answer {
        return json_answer(503, "", {{"Retry-After", "600"}});
    });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 8);
    EXPECT_THAT(outcome.err, HasSubstr("darkroom jobs get 00000000-0000-4000-8000-000000000001"));
}

// ---- Leaving early ----

TEST_F(RunTrouble, CtrlCSaysHowToGoOn) {
    darkroom.with_server();
    darkroom.http.on(
        HttpMethod::get, "/api/v1/jobs/",
        [](const auto& request) -> Answer {
            std::raise(SIGINT);
            return json_answer(200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) +
                                        R"(","status":"RUNNING"})");
        },
        1);
    darkroom.http.on(HttpMethod::get, "/files/",
                     [](const auto&) -> Answer { return Fail(failure(FetchError::stopped)); });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 130);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("Stopped watching."), HasSubstr("0 ok, 1 open"),
                      HasSubstr("1 job goes on without you"),
                      HasSubstr("darkroom jobs watch 00000000-0000-4000-8000-000000000001 -o " + out)));
    EXPECT_THAT(results(), IsEmpty());
    EXPECT_THAT(darkroom.ended_with, IsEmpty()) << "the threads left by themselves";
}

TEST_F(RunTrouble, CtrlCWithItsOwnGatewaySaysThatJobsWaitForTheNextStart) {
    darkroom.http.on(
        HttpMethod::get, "/api/v1/jobs/",
        [](const auto& request) -> Answer {
            std::raise(SIGTERM);
            return json_answer(200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) +
                                        R"(","status":"QUEUED"})");
        },
        1);
    darkroom.http.on(HttpMethod::get, "/files/",
                     [](const auto&) -> Answer { return Fail(failure(FetchError::stopped)); });
    const auto outcome = run({picture("a.jpg")});
    EXPECT_EQ(outcome.code, 130);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("1 job goes on at the next start of the gateway: darkroom serve"),
                      Not(HasSubstr("trying again"))));
    EXPECT_EQ(darkroom.embedded_stopped, 1);
}

TEST_F(RunTrouble, TheTimeLimitEndsTheWaitNotTheJob) {
    darkroom.with_server();
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [this](const auto& request) -> Answer {
        darkroom.clock.skip(Milliseconds(2 * 3'600'000));
        return json_answer(
            200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) + R"(","status":"RUNNING"})");
    });
    const auto outcome = run({picture("a.jpg"), "--timeout", "1h", "--json"});
    EXPECT_EQ(outcome.code, 7);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("The time is up"), HasSubstr("darkroom jobs watch 00000000-")));
    const auto document = parse_json(outcome.out);
    ASSERT_TRUE(document) << outcome.out;
    // The time is noticed to be up before or after the answer has been read.
    EXPECT_THAT(text_member(document->get_array().front().get_object(), "status"),
                AnyOf("QUEUED", "RUNNING"));
}

TEST_F(RunTrouble, AServerThatHoldsNoRequestIsNotHammered) {
    darkroom.with_server();
    darkroom.retry.poll_pause = Milliseconds(40);
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [](const auto& request) -> Answer {
        return json_answer(
            200, R"({"id":")" + request.url.substr(request.url.rfind('/') + 1) + R"(","status":"RUNNING"})");
    });
    EXPECT_EQ(run({picture("a.jpg"), "--timeout", "200ms"}).code, 7);
    EXPECT_LE(darkroom.http.seen(HttpMethod::get, "/api/v1/jobs/").size(), 6u);
}

TEST_F(RunTrouble, AHeldRequestDoesNotKeepTheProcess) {
    darkroom.with_server();
    std::mutex mutex;
    std::condition_variable released;
    bool release = false;
    darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [&](const auto&) -> Answer {
        std::raise(SIGINT);
        std::unique_lock lock(mutex);
        released.wait_for(lock, std::chrono::seconds(30), [&] { return release; });
        return Fail(failure(FetchError::interrupted));
    });
    // In the real program the process is over when end_process is called; here it lets the request go.
    darkroom.on_end_process = [&] {
        const std::lock_guard lock(mutex);
        release = true;
        released.notify_all();
    };
    const auto outcome = run({picture("a.jpg")});
    EXPECT_THAT(darkroom.ended_with, ElementsAre(130));
    EXPECT_THAT(outcome.err, HasSubstr("darkroom jobs watch"));
}

}  // namespace
}  // namespace darkroom::cli
