// Clients that go on creating jobs while their server is killed under them, as careful apps do: each request
// that got no answer is repeated with the same Idempotency-Key until one came.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "tests/e2e/api_client.h"

namespace darkroom::e2e {

struct StormPlan {
    int kills = 20;
    int jobs = 160;
    int clients = 8;
    std::uint32_t seed = 0;
};

struct MadeJob {
    std::string type;
    bool cancelled = false;  // a cancel was acknowledged
};

class StormClients {
public:
    StormClients(const StormPlan& plan, std::string key);
    ~StormClients();

    void server_is_at(std::uint16_t port);
    /// Up to this many jobs may be begun by now.
    void allow(int jobs);
    /// Returns after `at_most`, or when every job of the plan has been acknowledged: true.
    bool wait_until_done(Milliseconds at_most);

    /// What was answered with 2xx, by id.
    std::map<std::string, MadeJob> made() const;
    /// What no client should ever see, in words.
    std::vector<std::string> complaints() const;

private:
    struct Order;
    void work();
    bool next_order(int& number);
    void make(const Order& order);
    bool create(const Order& order, Reply& reply);
    bool create_from_upload(const Order& order, Reply& reply);
    void cancel(const std::string& id);
    /// Repeats until there is an answer that is not "try later"; false when the storm is over.
    bool insist(std::string_view method, const std::string& target, const std::string& body,
                const ports::HttpFields& headers, Reply& reply);
    bool wait_for_server(std::uint16_t& port, bool pause);
    void wait(Milliseconds pause);
    void complain(const std::string& what);

    const StormPlan plan_;
    const std::string key_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint16_t port_ = 0;
    int allowed_ = 0;
    int begun_ = 0;
    int finished_ = 0;
    bool over_ = false;
    std::map<std::string, MadeJob> made_;
    std::vector<std::string> complaints_;
    std::vector<std::thread> threads_;
};

}  // namespace darkroom::e2e
