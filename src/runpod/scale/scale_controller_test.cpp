#include "runpod/scale/scale_controller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/support/manual_clock.h"

namespace darkroom::runpod::scale {
namespace {

std::string endpoint_body(int min, int max) {
    return R"({"id":"ep1","workers":{"min":)" + std::to_string(min) + R"(,"max":)" + std::to_string(max) +
           "}}";
}

// An endpoint that does what it is told until a test says otherwise.
class PlayedEndpoint : public ports::HttpClient {
public:
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override {
        const std::lock_guard lock(mutex_);
        const bool is_change = request.method == ports::HttpMethod::patch;
        ++(is_change ? changes : looks);
        looks.notify_all();
        if (is_change && change_status != 200) return ports::FetchedAnswer{change_status, {}, "{}"};
        if (!is_change && look_status != 200) return ports::FetchedAnswer{look_status, {}, "{}"};
        if (is_change && listens) {
            if (number_after(request.body, "\"max\":") > allowed)
                return ports::FetchedAnswer{400, {}, R"({"title":"Bad Request","detail":"too many"})"};
            min = number_after(request.body, "\"min\":");
            max = number_after(request.body, "\"max\":");
        }
        return ports::FetchedAnswer{200, {}, endpoint_body(min, max)};
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "not pulled"});
    }

    int min = 0;
    int max = 3;
    int allowed = 1'000;
    bool listens = true;
    int change_status = 200;
    int look_status = 200;
    std::atomic<int> changes{0};
    std::atomic<int> looks{0};

private:
    static int number_after(const std::string& text, const std::string& what) {
        const auto at = text.find(what);
        return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + what.size());
    }
    std::mutex mutex_;
};

class ScaleControllerTest : public ::testing::Test {
protected:
    void SetUp() override {
        ManagementSettings management;
        management.base_url = "https://api.test/v2";
        management.api_key = "rpa_SECRET";
        client_ = std::make_unique<ManagementClient>(management, endpoint_, clock_);
        watch_ = std::make_unique<HealthWatch>(
            "eu",
            [this]() -> Result<EndpointHealth, CallError> {
                ++health_asked_;
                if (!health_answers_) return Fail(CallError{CallErrorKind::unavailable, "nobody there"});
                return health_;
            },
            clock_);
        settings_.workers_max = 10;
        make();
    }
    void make() {
        controller_ = std::make_unique<ScaleController>(
            ScaledEndpoint{"eu", "ep1"}, settings_, *client_, *watch_, [this] { return figures_; }, clock_);
    }
    /// Rounds for so long, each as soon as it may be.
    void rounds_for(int seconds) {
        const Instant end = clock_.monotonic() + std::chrono::seconds(seconds);
        while (clock_.monotonic() < end) {
            const auto pause = controller_->round();
            EXPECT_GT(pause.at_least, Milliseconds(0));
            EXPECT_GE(pause.at_most, pause.at_least);
            clock_.advance(pause.at_most);
        }
    }

    darkroom::testing::ManualClock clock_;
    PlayedEndpoint endpoint_;
    EndpointHealth health_;
    bool health_answers_ = true;
    int health_asked_ = 0;
    std::optional<QueueFigures> figures_ = QueueFigures{};
    ScaleSettings settings_;
    std::unique_ptr<ManagementClient> client_;
    std::unique_ptr<HealthWatch> watch_;
    std::unique_ptr<ScaleController> controller_;
};

TEST_F(ScaleControllerTest, LeavesAQuietEndpointInPeace) {
    endpoint_.max = 1;
    rounds_for(3 * 86'400);
    EXPECT_EQ(endpoint_.looks, 1) << "once, at the start";
    EXPECT_EQ(endpoint_.changes, 0);
    EXPECT_EQ(health_asked_, 0);
    EXPECT_EQ(controller_->description()->workers_max, 1);
}

TEST_F(ScaleControllerTest, BringsBackAnEndpointThatWasScaledToZero) {
    rounds_for(60);
    endpoint_.max = 0;  // RunPod did, after idle days
    clock_.advance(Milliseconds(86'400'000));
    figures_->inflight = 1;
    health_.jobs.in_queue = 1;
    (void)controller_->round();
    EXPECT_EQ(endpoint_.max, 1);
    const auto decisions = controller_->decisions();
    ASSERT_EQ(decisions.size(), 1u);
    EXPECT_EQ(decisions[0].reason, ScaleReason::from_zero);
    EXPECT_EQ(decisions[0].before, (WorkerBounds{0, 0}));
    EXPECT_EQ(decisions[0].after, (WorkerBounds{0, 1}));
    EXPECT_EQ(decisions[0].at, clock_.now());
    EXPECT_EQ(decisions[0].error, "");
    EXPECT_NE(decisions[0].why.find("1 waiting"), std::string::npos);
}

TEST_F(ScaleControllerTest, FollowsABatchUpAndDown) {
    endpoint_.max = 1;
    figures_->ready = 100;
    ::testing::internal::CaptureStderr();
    rounds_for(120);
    const auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(endpoint_.max, 10);
    EXPECT_EQ(endpoint_.min, 1) << "one stays warm";
    EXPECT_NE(log.find("100 waiting"), std::string::npos) << log;
    figures_->ready = 0;
    rounds_for(3'600);
    EXPECT_EQ(endpoint_.max, 1);
    EXPECT_EQ(endpoint_.min, 0);
    for (const auto& decision : controller_->decisions()) EXPECT_EQ(decision.error, "");
}

TEST_F(ScaleControllerTest, TakesNoWorkersAwayWhileNobodyTellsWhatRuns) {
    health_answers_ = false;
    endpoint_.max = 5;
    figures_->inflight = 5;
    rounds_for(3'600);
    EXPECT_EQ(endpoint_.max, 5);
}

TEST_F(ScaleControllerTest, SaysOnceThatItsKeyIsWrongAndAsksEverLater) {
    endpoint_.look_status = 401;
    figures_->ready = 5;
    ::testing::internal::CaptureStderr();
    rounds_for(3'600);
    auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    EXPECT_NE(log.find("HTTP 401"), std::string::npos);
    EXPECT_EQ(log.find("rpa_SECRET"), std::string::npos);
    EXPECT_LE(endpoint_.looks, 12);
    ASSERT_TRUE(controller_->trouble());
    EXPECT_EQ(endpoint_.changes, 0);
    endpoint_.look_status = 200;
    endpoint_.max = 0;
    ::testing::internal::CaptureStderr();
    rounds_for(600);
    log = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("looked after again"), std::string::npos);
    EXPECT_FALSE(controller_->trouble());
    EXPECT_GE(endpoint_.max, 1);
}

TEST_F(ScaleControllerTest, SaysOnceThatAReadOnlyKeyChangesNothing) {
    endpoint_.change_status = 403;
    endpoint_.max = 0;
    figures_->ready = 5;
    ::testing::internal::CaptureStderr();
    rounds_for(3'600);
    const auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    EXPECT_LE(endpoint_.changes, 12);
    ASSERT_EQ(controller_->decisions().size(), 1u) << "the same failure is kept once";
    EXPECT_NE(controller_->decisions()[0].error, "");
}

TEST_F(ScaleControllerTest, FindsWhatTheAccountAllows) {
    endpoint_.max = 4;
    endpoint_.allowed = 5;
    figures_->ready = 1'000;
    rounds_for(600);
    EXPECT_EQ(endpoint_.max, 5) << "8 and 6 are refused";
    EXPECT_LE(endpoint_.changes, 5);
    EXPECT_FALSE(controller_->trouble());
}

TEST_F(ScaleControllerTest, DoesNotBelieveAYesThatChangesNothing) {
    endpoint_.max = 0;
    endpoint_.listens = false;
    figures_->ready = 1;
    ::testing::internal::CaptureStderr();
    rounds_for(3'600);
    (void)::testing::internal::GetCapturedStderr();
    EXPECT_LE(endpoint_.changes, 12);
    ASSERT_TRUE(controller_->trouble());
    EXPECT_NE(controller_->trouble()->find("keeps 0 to 0"), std::string::npos) << *controller_->trouble();
}

TEST_F(ScaleControllerTest, GoesByWhatIsSetThereNowAndNotByWhatItRemembers) {
    (void)controller_->round();
    clock_.advance(Milliseconds(20'000));
    endpoint_.max = 7;  // the operator did, a moment ago
    figures_->ready = 30;
    (void)controller_->round();
    EXPECT_EQ(endpoint_.max, 7) << "5 are needed and 7 allowed: no change from 3 to 5";
    EXPECT_TRUE(controller_->decisions().empty() || controller_->decisions().back().after.max == 7);
}

TEST_F(ScaleControllerTest, DoesNothingWithoutFigures) {
    figures_.reset();
    rounds_for(600);
    EXPECT_EQ(endpoint_.looks, 0);
}

TEST_F(ScaleControllerTest, KeepsTheLastFiftyDecisions) {
    settings_.doubling_time = Milliseconds(1);
    settings_.calm_before_down = Milliseconds(1);
    make();
    endpoint_.max = 1;
    ::testing::internal::CaptureStderr();  // a hundred lines that nobody needs
    for (int i = 0; i < 200; ++i) {
        figures_->ready = i % 4 == 0 ? 60 : 0;
        (void)controller_->round();
        clock_.advance(Milliseconds(10'000));
    }
    (void)::testing::internal::GetCapturedStderr();
    const auto decisions = controller_->decisions();
    EXPECT_EQ(decisions.size(), ScaleController::decisions_max);
    EXPECT_LT(decisions.front().at, decisions.back().at);
}

TEST_F(ScaleControllerTest, IsWokenAndStoppedFromOtherThreads) {
    endpoint_.max = 0;
    std::thread loop([this] { controller_->run(); });
    std::thread waker([this] {
        endpoint_.looks.wait(0);
        for (int i = 0; i < 50; ++i) {
            controller_->wake();
            (void)controller_->decisions();
            (void)controller_->trouble();
            (void)controller_->description();
            clock_.advance(Milliseconds(500));
        }
    });
    waker.join();
    controller_->stop();
    loop.join();
    EXPECT_GE(endpoint_.looks, 1);
    EXPECT_LE(endpoint_.looks, 15) << "however often it is woken";
}

}  // namespace
}  // namespace darkroom::runpod::scale
