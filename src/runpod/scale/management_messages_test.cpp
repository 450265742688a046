#include "runpod/scale/management_messages.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::scale {
namespace {

constexpr std::string_view described = R"({
  "id":"ep1","name":"restore -fb","type":"QUEUE","requestUrls":{"run":"https://x/run"},
  "gpu":{"pools":["ADA_24","AMPERE_24"],"excludedTypes":[],"count":2},
  "workers":{"min":1,"max":4,"idleTimeout":10},"scaling":{"type":"QUEUE_DELAY","queueDelay":4.0},
  "dataCenterIds":["EU-RO-1","EU-CZ-1"],"networkVolumes":[{"id":"vol1","dataCenter":"EU-RO-1"}],
  "timeout":300000,"flashboot":"FLASHBOOT","createdAt":"2026-08-20T10:00:00Z"})";

TEST(ManagementMessages, ReadsHowAnEndpointIsSetUp) {
    const auto found = parse_endpoint_description(described);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(found->id, "ep1");
    EXPECT_EQ(found->name, "restore -fb");
    EXPECT_FALSE(found->is_load_balancer);
    EXPECT_EQ(found->workers_min, 1);
    EXPECT_EQ(found->workers_max, 4);
    EXPECT_EQ(found->idle_timeout, Milliseconds(10'000));
    EXPECT_EQ(found->scaler, "QUEUE_DELAY");
    EXPECT_EQ(found->gpu_pools, (std::vector<std::string>{"ADA_24", "AMPERE_24"}));
    EXPECT_EQ(found->gpu_count, 2);
    EXPECT_EQ(found->data_centers, (std::vector<std::string>{"EU-RO-1", "EU-CZ-1"}));
    EXPECT_EQ(found->network_volumes, std::vector<std::string>{"vol1"});
    EXPECT_EQ(found->execution_timeout, Milliseconds(300'000));
    EXPECT_EQ(found->flashboot, "FLASHBOOT");
}

TEST(ManagementMessages, NeedsOnlyTheNumbersOfWorkers) {
    const auto bare = parse_endpoint_description(R"({"workers":{"min":0,"max":3}})");
    ASSERT_TRUE(bare.ok());
    EXPECT_EQ(bare->workers_max, 3);
    EXPECT_EQ(bare->gpu_count, 1);
    const auto odd = parse_endpoint_description(
        R"({"id":7,"name":null,"type":[],"gpu":"x","workers":{"min":0,"max":3.0,"idleTimeout":-4},
            "scaling":[],"dataCenterIds":{"a":1},"networkVolumes":[null,5,{}],"timeout":1e300})");
    ASSERT_TRUE(odd.ok()) << odd.error().detail;
    EXPECT_EQ(odd->id, "");
    EXPECT_EQ(odd->idle_timeout, Milliseconds(0));
    EXPECT_EQ(odd->execution_timeout, Milliseconds(0));
    EXPECT_TRUE(odd->network_volumes.empty());
    const auto long_name = parse_endpoint_description(R"({"name":")" + std::string(50'000, 'n') +
                                                      R"(","workers":{"min":0,"max":3}})");
    EXPECT_EQ(long_name->name.size(), 200u);
}

TEST(ManagementMessages, RefusesWhatNothingCanBeDecidedFrom) {
    for (const auto& body :
         {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
          std::string("<html>502</html>"), std::string(described.substr(0, 200)),
          std::string(R"({"workers":{"max":3}})"), std::string(R"({"workers":{"min":0}})"),
          std::string(R"({"workers":{"min":-1,"max":3}})"), std::string(R"({"workers":{"min":0,"max":3.5}})"),
          std::string(R"({"workers":{"min":0,"max":"3"}})"),
          std::string(R"({"workers":{"min":0,"max":99999999999}})"),
          std::string(R"({"workers":{"min":0,"max":3,"max":0}})"), std::string(100'000, '['),
          R"({"workers":{"min":0,"max":3},"x":")" + std::string(2u << 20, 'x') + "\"}"})
        EXPECT_FALSE(parse_endpoint_description(body).ok()) << body.substr(0, 60);
}

TEST(ManagementMessages, ReadsWorkers) {
    const auto found = parse_worker_list(
        R"({"summary":{"running":1,"idle":2,"initializing":3,"throttled":4,"unhealthy":5,"total":15},
            "workers":[{"id":"w1","status":"RUNNING","isStale":true,"gpuTypeId":"NVIDIA L4",
            "dataCenterId":"EU-RO-1"},7,{"id":"w2","isStale":"no"}]})");
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(found->summary.running, 1);
    EXPECT_EQ(found->summary.idle, 2);
    EXPECT_EQ(found->summary.initializing, 3);
    EXPECT_EQ(found->summary.throttled, 4);
    EXPECT_EQ(found->summary.unhealthy, 5);
    ASSERT_EQ(found->workers.size(), 2u);
    EXPECT_EQ(found->workers[0].gpu, "NVIDIA L4");
    EXPECT_EQ(found->workers[0].data_center, "EU-RO-1");
    EXPECT_TRUE(found->workers[0].is_stale);
    EXPECT_FALSE(found->workers[1].is_stale);
    EXPECT_TRUE(parse_worker_list(R"({"workers":[]})").ok());
    EXPECT_FALSE(parse_worker_list(R"({"summary":{}})").ok());
    EXPECT_FALSE(parse_worker_list("oops").ok());
}

TEST(ManagementMessages, ReadsPricesInWhateverEnvelope) {
    const std::string list =
        R"([{"id":"NVIDIA GeForce RTX 4090","pool":"ADA_24","price":{"serverless":1.116}},
        {"id":"free","price":{"serverless":0}},{"id":"text","price":{"serverless":"1.2"}},{"id":"none"},
        {"id":"","price":{"serverless":1}},{"id":"odd","price":{"serverless":-3}},7,
        {"id":"dear","price":{"serverless":1e12}},{"id":"L4","price":{"serverless":0.684}}])";
    for (const auto& body : {list, R"({"gpus":)" + list + "}", R"({"data":)" + list + "}"}) {
        const auto found = parse_gpu_prices(body);
        ASSERT_TRUE(found.ok()) << found.error().detail;
        ASSERT_EQ(found->size(), 2u);
        EXPECT_EQ(found->at(0).micro_usd_per_s, 310);
        EXPECT_EQ(found->at(0).pool, "ADA_24");
        EXPECT_EQ(found->at(1).micro_usd_per_s, 190);
    }
    EXPECT_FALSE(parse_gpu_prices("{}").ok());
    EXPECT_FALSE(parse_gpu_prices("7").ok());
}

TEST(ManagementMessages, LooksPricesUpInTheCatalogueFirst) {
    const std::vector<GpuPrice> catalogue = {
        {"NVIDIA L4", "AMPERE_24", 180}, {"NVIDIA RTX A5000", "AMPERE_24", 200}, {"X1", "", 7}};
    EXPECT_EQ(price_of("NVIDIA L4", catalogue), 180);
    EXPECT_EQ(price_of("AMPERE_24", catalogue), 200);
    EXPECT_EQ(price_of("X1", catalogue), 7);
    EXPECT_EQ(price_of("NVIDIA H200", catalogue), 1'550) << "not there, so from the table";
    EXPECT_EQ(price_of("L4", {}), 190);
    EXPECT_EQ(price_of("X2", catalogue), std::nullopt);
    EXPECT_EQ(price_of("", catalogue), std::nullopt);
}

TEST(ManagementMessages, SaysOnlyWhatIsToChange) {
    ScalingChange change;
    EXPECT_EQ(write_scaling_change(change), "{}");
    change.workers_min = 0;
    change.workers_max = 4;
    EXPECT_EQ(write_scaling_change(change), R"({"workers":{"min":0,"max":4}})");
    change.idle_timeout = std::chrono::seconds(10);
    change.queue_delay = Milliseconds(4'500);
    EXPECT_EQ(
        write_scaling_change(change),
        R"({"workers":{"min":0,"max":4,"idleTimeout":10},"scaling":{"type":"QUEUE_DELAY","queueDelay":4.5}})");
    ScalingChange other;
    other.request_count = 3;
    EXPECT_EQ(write_scaling_change(other), R"({"scaling":{"type":"REQUEST_COUNT","requestCount":3}})");
}

TEST(ManagementMessages, KnowsWhatRunPodWouldRefuse) {
    const auto wrong = [](auto set) {
        ScalingChange change;
        set(change);
        return problem_of(change).has_value();
    };
    EXPECT_FALSE(wrong([](auto&) {}));
    EXPECT_TRUE(wrong([](auto& c) { c.workers_max = -1; }));
    EXPECT_TRUE(wrong([](auto& c) { c.workers_min = 5, c.workers_max = 4; }));
    EXPECT_TRUE(wrong([](auto& c) { c.idle_timeout = std::chrono::seconds(0); }));
    EXPECT_TRUE(wrong([](auto& c) { c.idle_timeout = std::chrono::seconds(3'601); }));
    EXPECT_TRUE(wrong([](auto& c) { c.queue_delay = Milliseconds(499); }));
    EXPECT_TRUE(wrong([](auto& c) { c.request_count = 0; }));
    EXPECT_TRUE(wrong([](auto& c) { c.request_count = 1, c.queue_delay = Milliseconds(4'000); }));
    EXPECT_TRUE(wrong([](auto& c) { c.request_count = 1, c.idle_timeout = std::chrono::seconds(10); }));
    EXPECT_FALSE(wrong([](auto& c) { c.workers_min = 4, c.workers_max = 4; }));
}

}  // namespace
}  // namespace darkroom::runpod::scale
