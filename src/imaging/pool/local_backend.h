// This machine's CPU as a Backend: a few threads, each with one order at a time, each order in a pixel
// process.
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "imaging/pool/model_file.h"
#include "imaging/pool/process_pool.h"
#include "ports/backend.h"
#include "ports/clock.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::imaging {

struct LocalBackendOptions {
    std::string name = "local";
    int inflight_max = 0;  // 0: as many as there are cores
    // Pixel processes beyond inflight_max, so that those who share pool() never wait for long pictures here.
    // Like all, they start when there is work and end when idle.
    int processes_for_others = 0;
    PoolOptions pool;  // its processes_max follows from the two above
    ModelOf model_of;  // unset: no recipe has a network
};

class LocalBackend final : public ports::Backend {
public:
    /// `objects` and `clock` must outlive the backend. The error is for the operator.
    static Result<std::unique_ptr<LocalBackend>, std::string> open(LocalBackendOptions options,
                                                                   ports::ObjectStore& objects,
                                                                   const ports::Clock& clock,
                                                                   ports::Random& random);
    /// As shut_down().
    ~LocalBackend() override;

    const ports::EndpointInfo& endpoint() const override { return endpoint_; }
    void start(ports::WorkOrder order, ports::AttemptSink& sink) override;
    void stop_attempt(const AttemptId& attempt) override;
    void shut_down() override;

    /// Of those that run no networks.
    PoolCounts process_counts() const { return pool_->counts(); }
    /// For others with work for pixel processes. Lives as long as the backend; also usable after shut_down().
    ProcessPool& pool() { return *pool_; }

private:
    struct Open {
        Open(ports::WorkOrder work, ports::AttemptSink* listener) : order(std::move(work)), sink(listener) {}
        ports::WorkOrder order;
        ports::AttemptSink* sink;
        CancelFlag cancel;
    };

    LocalBackend(ports::EndpointInfo endpoint, ModelOf model_of, std::unique_ptr<ProcessPool> pool,
                 PoolOptions network_options, ports::ObjectStore& objects, const ports::Clock& clock);
    void run_orders();
    std::shared_ptr<Open> next_order();
    ports::WorkResult work_on(const Open& open);
    ports::WorkResult work_on_file(const Open& open, int input);
    /// Null where the program for networks cannot be run.
    ProcessPool* networks();

    const ports::EndpointInfo endpoint_;
    const std::filesystem::path work_dir_;
    const ModelOf model_of_;
    ModelFiles models_;
    ports::ObjectStore& objects_;
    const ports::Clock& clock_;
    std::unique_ptr<ProcessPool> pool_;
    // Other processes, of another program: opened by the first order that needs a network.
    const PoolOptions network_options_;
    std::once_flag networks_wanted_;
    std::unique_ptr<ProcessPool> networks_;
    std::mutex mutex_;
    std::condition_variable wake_up_;
    std::deque<std::shared_ptr<Open>> waiting_;
    // Shared with the thread that works on it, which may still look at the flag when the order has left the
    // map.
    std::map<AttemptId, std::shared_ptr<Open>> open_;
    bool stopping_ = false;
    std::vector<std::thread> runners_;
};

}  // namespace darkroom::imaging
