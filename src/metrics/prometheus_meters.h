// What Darkroom tells of its work, as Prometheus series: the events of this process since its start. What is
// told at the moment of a scrape is exposition.h's. docs/metrics.md lists all of it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "ports/meters.h"

namespace prometheus {
struct MetricFamily;
}

namespace darkroom::metrics {

class PrometheusMeters final : public ports::Meters {
public:
    PrometheusMeters();
    ~PrometheusMeters() override;
    PrometheusMeters(const PrometheusMeters&) = delete;
    PrometheusMeters& operator=(const PrometheusMeters&) = delete;

    /// Series of these endpoints begin at zero instead of with the first event, so that a rate over the first
    /// failure is seen.
    void expect_endpoints(const std::vector<std::string>& names);

    /// As they stand.
    std::vector<prometheus::MetricFamily> families() const;

    void job_created(std::string_view type) override;
    void job_moved(const ports::JobMove& move) override;
    void move_lost(core::Status from, core::JobEventKind event) override;
    void claimed(std::chrono::nanoseconds took, std::size_t jobs) override;
    void committed(std::chrono::nanoseconds took, std::size_t operations) override;
    void leases_expired(std::size_t rows) override;
    void flow_corrected(std::size_t users) override;

    void dispatch_round(std::chrono::nanoseconds took) override;
    void dispatches(bool does) override;
    void completion(std::string_view endpoint, std::string_view via, ports::Verdict verdict) override;
    void recovered(std::string_view endpoint, std::string_view cause) override;
    void work_paid(std::string_view endpoint, std::chrono::milliseconds execution,
                   std::int64_t micro_usd) override;
    void webhook_heard(std::string_view what) override;
    void webhook_settled(std::string_view kind, std::string_view outcome) override;

    void provider_request(const ports::ProviderRequest& request) override;
    void storage_op(const ports::StorageOp& op) override;
    void storage_bytes(std::string_view store, ports::StorageDirection direction,
                       std::uint64_t bytes) override;
    void request_answered(const ports::AnsweredRequest& request) override;
    void event_streams(int more) override;

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace darkroom::metrics
