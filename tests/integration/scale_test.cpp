// The scale controller with everything below it against darkroom endpoint over real sockets: what is set
// there really changes, and what cannot be changed does no harm. Pauses between rounds are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "http/curl_client.h"
#include "http/server.h"
#include "runpod/client/runpod_client.h"
#include "runpod/endpoint/endpoint.h"
#include "runpod/endpoint/routes.h"
#include "runpod/scale/endpoint_advice.h"
#include "runpod/scale/scale_controller.h"
#include "tests/support/manual_clock.h"
#include "tests/support/real_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::runpod {
namespace {

using darkroom::testing::ManualClock;
using darkroom::testing::RealClock;

class ScaleAgainstEndpoint : public ::testing::Test {
protected:
    void SetUp() override {
        endpoint::EndpointSettings settings;
        settings.client_key = "rpa_CLIENT";
        settings.worker_key = "worker";
        settings.scaling.workers_max = 0;
        settings.rate_factor = 0;
        settings.data_center = "EU-RO-1";
        endpoint_ = std::make_unique<endpoint::Endpoint>(settings, endpoint_clock_, random_);
        auto routes = endpoint::all_routes(*endpoint_, endpoint_clock_);
        for (auto& route : routes) count_changes(route);
        http::ServerOptions options;
        options.spool_dir = folder_.path();
        server_ =
            std::make_unique<http::Server>(std::move(options), std::move(routes), endpoint::respond_error);
        const auto port = server_->start();
        ASSERT_TRUE(port.ok()) << port.error().detail;
        const auto base = "http://127.0.0.1:" + std::to_string(*port) + "/v2";
        client_settings_.base_url = base;
        client_settings_.endpoint_id = "ep-local";
        client_settings_.api_key = "rpa_CLIENT";
        client_settings_.version = "test";
        client_ = std::make_unique<RunpodClient>(client_settings_, http_, skipping_clock_, random_);
        scale::ManagementSettings management;
        management.base_url = base;
        management.api_key = "rpa_CLIENT";
        management.version = "test";
        management_ = std::make_unique<scale::ManagementClient>(management, http_, clock_);
        watch_ = std::make_unique<scale::HealthWatch>(
            "local", [this] { return client_->health(); }, clock_);
        rules_.workers_max = 8;
        make_controller("ep-local");
    }
    void TearDown() override { server_->stop(Milliseconds(0)); }

    void count_changes(ports::HttpRoute& route) {
        if (route.method != ports::HttpMethod::patch) return;
        route.handle = [this, handle = route.handle](ports::HttpRequest& request) {
            auto answer = handle(request);
            ++changes_;
            changes_.notify_all();
            return answer;
        };
    }
    void make_controller(const std::string& id) {
        controller_ = std::make_unique<scale::ScaleController>(
            scale::ScaledEndpoint{"local", id}, rules_, *management_, *watch_,
            [this]() -> std::optional<scale::QueueFigures> {
                return scale::QueueFigures{ready_, inflight_, false};
            },
            clock_);
    }
    void rounds_for(int seconds) {
        const Instant end = clock_.monotonic() + std::chrono::seconds(seconds);
        while (clock_.monotonic() < end) clock_.advance(controller_->round().at_most);
    }
    void submit() {
        SubmitRequest request;
        request.input_json = R"({"n":1})";
        ASSERT_TRUE(std::holds_alternative<Submitted>(client_->run(request)));
        ++inflight_;
    }
    bool a_worker_gets_a_job() {
        endpoint_->poll_begins("w1", "L4");
        endpoint_->tick();
        const bool got = !endpoint_->take("w1", "L4", 1).empty();
        endpoint_->poll_ends("w1");
        return got;
    }

    darkroom::testing::TempDir folder_;
    RealClock endpoint_clock_;
    RealClock skipping_clock_{RealClock::Waits::skipped};
    ManualClock clock_;
    darkroom::testing::SeededRandom random_{1};
    http::CurlClient http_;
    std::atomic<int> changes_{0};
    std::unique_ptr<endpoint::Endpoint> endpoint_;
    std::unique_ptr<http::Server> server_;
    ClientSettings client_settings_;
    std::unique_ptr<RunpodClient> client_;
    std::unique_ptr<scale::ManagementClient> management_;
    std::unique_ptr<scale::HealthWatch> watch_;
    scale::ScaleSettings rules_;
    std::atomic<std::int64_t> ready_{0};
    std::atomic<std::int64_t> inflight_{0};
    std::unique_ptr<scale::ScaleController> controller_;
};

TEST_F(ScaleAgainstEndpoint, BringsBackAnEndpointThatWasScaledToZeroOnceAJobWaits) {
    rounds_for(600);
    EXPECT_EQ(changes_, 0) << "while nothing waits, zero is fine";
    submit();
    EXPECT_FALSE(a_worker_gets_a_job());
    EXPECT_EQ(watch_->waiting_for(), "workers") << "the controller has seen that none may come";
    (void)controller_->round();
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(endpoint_->fleet().scaling.workers_max, 1);
    EXPECT_TRUE(a_worker_gets_a_job());
    ASSERT_EQ(controller_->decisions().size(), 1u);
    EXPECT_EQ(controller_->decisions()[0].reason, scale::ScaleReason::from_zero);
}

TEST_F(ScaleAgainstEndpoint, LeavesEverythingElseAsItWasSet) {
    auto scaling = endpoint_->fleet().scaling;
    scaling.workers_max = 2;
    scaling.idle_timeout = Milliseconds(17'000);
    for (const auto kind : {endpoint::Scaling::Kind::queue_delay, endpoint::Scaling::Kind::request_count}) {
        scaling.kind = kind;
        endpoint_->set_scaling(scaling);
        ready_ = 60;
        clock_.advance(Milliseconds(60'000));
        rounds_for(90);
        ready_ = 0;
        const auto now = endpoint_->fleet().scaling;
        EXPECT_EQ(now.workers_max, 8);
        EXPECT_EQ(now.workers_min, 1);
        EXPECT_EQ(now.idle_timeout, Milliseconds(17'000));
        EXPECT_EQ(now.kind, kind);
    }
}

TEST_F(ScaleAgainstEndpoint, DoesNoHarmWithAWrongKey) {
    management_->set_api_key("rpa_WRONG");
    submit();
    ::testing::internal::CaptureStderr();
    rounds_for(3'600);
    auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
    EXPECT_EQ(log.find("rpa_"), std::string::npos) << log;
    EXPECT_EQ(changes_, 0);
    management_->set_api_key("rpa_CLIENT");
    rounds_for(600);
    EXPECT_EQ(endpoint_->fleet().scaling.workers_max, 1) << "repaired once the key is";
    EXPECT_FALSE(controller_->trouble());
}

TEST_F(ScaleAgainstEndpoint, DoesNoHarmWithAWrongEndpointAndWithoutAServer) {
    make_controller("ep-other");
    submit();
    ::testing::internal::CaptureStderr();
    rounds_for(600);
    ASSERT_TRUE(controller_->trouble());
    EXPECT_NE(controller_->trouble()->find("404"), std::string::npos) << *controller_->trouble();
    server_->stop(Milliseconds(0));
    rounds_for(1'200);
    const auto log = ::testing::internal::GetCapturedStderr();
    EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 3) << log;
}

TEST_F(ScaleAgainstEndpoint, ReadsWorkersPricesAndHowItIsSetUp) {
    endpoint_->poll_begins("w1", "NVIDIA L4");
    const auto described = management_->describe("ep-local");
    ASSERT_TRUE(described.ok()) << described.error().detail;
    EXPECT_EQ(described->data_centers, std::vector<std::string>{"EU-RO-1"});
    EXPECT_EQ(described->workers_max, 0);
    ASSERT_TRUE(management_->list_workers("ep-local").ok());
    const auto prices = management_->list_prices();
    ASSERT_TRUE(prices.ok()) << prices.error().detail;
    ASSERT_EQ(prices->size(), 1u);
    EXPECT_EQ(prices->at(0).micro_usd_per_s, 310);
    const auto advice = scale::explain_endpoint(*client_->health(), *described);
    ASSERT_FALSE(advice.empty());
    EXPECT_EQ(advice[0].level, scale::AdviceLevel::failed);
    EXPECT_NE(advice[0].text.find("max workers is 0"), std::string::npos);
    endpoint_->poll_ends("w1");
}

TEST_F(ScaleAgainstEndpoint, RunsOnAThreadOfItsOwnUntilItIsStopped) {
    ready_ = 20;
    std::thread loop([this] { controller_->run(); });
    changes_.wait(0);
    while (changes_ < 2) {
        controller_->wake();
        clock_.advance(Milliseconds(2'000));
        (void)management_->describe("ep-local");  // a round trip, so that the loop has its turn
    }
    EXPECT_EQ(endpoint_->fleet().scaling.workers_max, 2);
    controller_->stop();
    management_->stop();
    loop.join();
    EXPECT_GE(controller_->decisions().size(), 2u);
}

}  // namespace
}  // namespace darkroom::runpod
