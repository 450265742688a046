// The small loops beside the work: heartbeat, stop listener, claim; and the guard of payloads' addresses.
#include <gmock/gmock.h>

#include <thread>

#include "runpod/worker/claim.h"
#include "runpod/worker/guarded_client.h"
#include "runpod/worker/heartbeat.h"
#include "runpod/worker/stop_listener.h"
#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PlatformLoops : public ::testing::Test {
protected:
    WorkerWorld world_;
    const WorkerUrls urls_ = world_.urls();
    JobsInHand jobs_{4, 0, world_.clock, {world_.pictures}};
};

TEST_F(PlatformLoops, TheHeartbeatNamesTheJobsInHandAtEvenIntervals) {
    Heartbeat heartbeat(world_.settings, urls_, world_.web, world_.clock, jobs_);
    const auto ping = base_url + "/ping/worker-1";
    int beats = 0;
    world_.web.on(ping, [&](const OutgoingRequest&) {
        ++beats;
        if (beats == 1) {
            jobs_.add(taken("a", "{}"));
            jobs_.add(taken("b", "{}"));
        }
        if (beats == 3) heartbeat.stop();
        return answer(beats == 2 ? 500 : 200);
    });
    heartbeat.run();
    const auto pings = world_.web.requests(ping);
    ASSERT_EQ(pings.size(), 3U);
    EXPECT_THAT(pings[0].url, Not(HasSubstr("job_id")));
    EXPECT_THAT(pings[1].url, ::testing::AnyOf(HasSubstr("job_id=a,b"), HasSubstr("job_id=a%2Cb")));
    EXPECT_THAT(pings[1].url, HasSubstr("runpod_version=0.test"));
    EXPECT_EQ(pings[0].total_timeout, world_.settings.ping_interval * 2);
    const auto waits = world_.clock.skipped_waits();
    ASSERT_EQ(waits.size(), 2U);
    EXPECT_GT(waits[0], Milliseconds(9'000));
    EXPECT_EQ(waits[1], Milliseconds(1'000)) << "one that was missed comes again soon";
}

TEST_F(PlatformLoops, WithoutAKeyThereIsNoHeartbeat) {
    world_.settings.authorization.clear();
    Heartbeat(world_.settings, urls_, world_.web, world_.clock, jobs_).run();
    EXPECT_TRUE(world_.web.requests(base_url).empty());
}

TEST_F(PlatformLoops, JobsThatNobodyWantsAreInterrupted) {
    jobs_.add(taken("a", "{}"));
    jobs_.add(taken("b", "{}"));
    const auto a = jobs_.next();
    const auto b = jobs_.next();
    StopListener listener(world_.settings, world_.limits, urls_, world_.web, world_.clock, world_.random,
                          jobs_);
    const std::vector<FetchResult> answers = {answer(204),
                                              answer(429),
                                              answer(500),
                                              answer(200, "nonsense"),
                                              answer(200, R"({"jobsToStop":["b",7,"unknown","../x"]})"),
                                              failure(FetchError::unreachable)};
    std::size_t next = 0;
    world_.web.on(base_url + "/job-stop/worker-1", [&](const OutgoingRequest&) {
        if (next + 1 == answers.size()) listener.stop();
        return answers[next++];
    });
    listener.run();
    EXPECT_FALSE(a->halt().is_stopped());
    EXPECT_TRUE(b->halt().is_stopped());
    const auto waits = world_.clock.skipped_waits();
    ASSERT_EQ(waits.size(), 5U);
    EXPECT_EQ(waits[0], Milliseconds(1'000));
    EXPECT_EQ(waits[1], Milliseconds(5'000));
    EXPECT_GE(waits[2], Milliseconds(1'000));
}

class ClaimTest : public PlatformLoops {
protected:
    ClaimAnswer ask(std::vector<FetchResult> answers) {
        world_.web.on(url_, std::move(answers));
        WorkFence fence;
        fence.attempt_token = "token-1";
        fence.claim_url = url_;
        Interruptible halt(world_.clock);
        return Claim(world_.settings, world_.limits, world_.web, world_.clock, world_.random)
            .ask(fence, remote("a-u1"), halt);
    }
    const std::string url_ = "http://gateway.test/claim";
};

TEST_F(ClaimTest, TellsWhoItIsAndHearsWhetherToGoOn) {
    EXPECT_EQ(ask({answer(200)}), ClaimAnswer::granted);
    EXPECT_EQ(ask({answer(409)}), ClaimAnswer::taken);
    EXPECT_EQ(ask({answer(410)}), ClaimAnswer::unwanted);
    EXPECT_EQ(ask({answer(404)}), ClaimAnswer::unknown);
    EXPECT_THAT(world_.web.requests(url_)[0].body, HasSubstr(R"("attempt_token":"token-1")"));
    EXPECT_THAT(world_.web.requests(url_)[0].body, HasSubstr(R"("remote_id":"a-u1")"));
}

TEST_F(ClaimTest, AGatewayThatIsAwayIsAskedFor30Seconds) {
    EXPECT_EQ(ask({failure(FetchError::unreachable), answer(503), answer(429), answer(409)}),
              ClaimAnswer::taken);
    EXPECT_EQ(ask({answer(500)}), ClaimAnswer::unknown);
    Milliseconds waited{0};
    for (const auto wait : world_.clock.skipped_waits()) waited += wait;
    EXPECT_LE(waited, Milliseconds(35'000));
    EXPECT_GE(waited, Milliseconds(10'000));
}

class GuardTest : public PlatformLoops {
protected:
    std::optional<FetchError> error_of(const std::string& url, bool allow_private = false) {
        world_.web.on("http", {answer(200)});
        OutgoingRequest request;
        request.url = url;
        const auto answer = GuardedClient(world_.web, world_.resolver, allow_private).fetch(request);
        return answer ? std::nullopt : std::optional(answer.error().kind);
    }
};

TEST_F(GuardTest, OnlyPublicAddressesAreConnectedTo) {
    world_.resolver.set("store.example.com", {"93.184.216.34"});
    world_.resolver.set("inside.example.com", {"10.1.2.3"});
    world_.resolver.set("both.example.com", {"93.184.216.34", "127.0.0.1"});
    EXPECT_EQ(error_of("https://store.example.com/a"), std::nullopt);
    EXPECT_EQ(world_.web.requests("https://store")[0].connect_address, "93.184.216.34");
    for (const auto* url :
         {"https://inside.example.com/", "https://both.example.com/", "http://127.0.0.1:8080/",
          "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://[::ffff:10.0.0.1]/",
          "ftp://store.example.com/", "http://user@store.example.com/", "https://0x7f000001/",
          "http://2130706433/", "file:///etc/passwd", "", "https://store.example.com\\@inside/"}) {
        EXPECT_EQ(error_of(url), FetchError::bad_url) << url;
    }
    EXPECT_EQ(world_.web.requests("").size(), 1U) << "nothing else was connected to";
    EXPECT_EQ(error_of("https://nobody.example.com/"), FetchError::unreachable);
    EXPECT_EQ(error_of("http://127.0.0.1:8080/", true), std::nullopt) << "the operator said so";
}

TEST_F(GuardTest, ANameIsResolvedOnceSoThatItCannotMeanSomethingElseLater) {
    world_.resolver.set_in_turn("turning.example.com", {{"93.184.216.34"}, {"127.0.0.1"}});
    EXPECT_EQ(error_of("https://turning.example.com/"), std::nullopt);
    EXPECT_EQ(world_.resolver.questions(), 1);
}

}  // namespace
}  // namespace darkroom::runpod::worker
