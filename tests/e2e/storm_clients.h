// Clients that go on creating jobs while their servers are killed under them, as careful apps do: each
// request that got no answer is repeated with the same Idempotency-Key until one came, at the next server if
// there are several. Some cancel what they have created, try it again after all, or follow it to its end.
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
    int users = 1;         // whose jobs they are, in turn; one user is the key's own
    bool retries = false;  // half of what was cancelled is wanted after all
    bool follows = false;  // each sixth job is followed to its end by its event stream
};

struct MadeJob {
    std::string type;
    bool cancelled = false;    // a cancel was acknowledged
    bool tried_again = false;  // and after it a retry
    int followed = 0;          // events that a stream told, to the end
};

class StormClients {
public:
    StormClients(const StormPlan& plan, std::string key);
    ~StormClients();

    void server_is_at(std::uint16_t port) { servers_are_at({port}); }
    /// Any of them may be away for a while.
    void servers_are_at(std::vector<std::uint16_t> ports);
    /// Up to this many jobs may be begun by now.
    void allow(int jobs);
    /// Returns after `at_most`, or when every job of the plan has been acknowledged: true.
    bool wait_until_done(Milliseconds at_most);

    /// What was answered with 2xx, by id.
    std::map<std::string, MadeJob> made() const;
    /// What no client should ever see, in words.
    std::vector<std::string> complaints() const;
    /// What the clients that are not through are at, a line for each.
    std::string unfinished() const;

private:
    struct Order;
    void work();
    bool next_order(int& number);
    void make(const Order& order);
    bool create(const Order& order, Reply& reply);
    bool create_from_upload(const Order& order, Reply& reply);
    /// Whether that was acknowledged.
    bool cancel(const std::string& id);
    void try_again(const std::string& id);
    void follow(const std::string& id);
    /// True if there is nothing more to come.
    bool read_stream(std::uint16_t port, const std::string& id, int& events);
    /// Repeats until there is an answer that is not "try later"; false when the storm is over.
    bool insist(std::string_view method, const std::string& target, const std::string& body,
                const ports::HttpFields& headers, Reply& reply);
    bool wait_for_server(std::uint16_t& port, bool pause);
    void wait(Milliseconds pause);
    void complain(const std::string& what);
    /// For unfinished(): this thread's, until the next one.
    void now_at(const std::string& what);

    const StormPlan plan_;
    const std::string key_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::uint16_t> ports_;
    std::size_t turn_ = 0;
    int allowed_ = 0;
    int begun_ = 0;
    int finished_ = 0;
    bool over_ = false;
    std::map<std::string, MadeJob> made_;
    std::vector<std::string> complaints_;
    std::map<std::thread::id, std::string> at_;
    std::vector<std::thread> threads_;
};

}  // namespace darkroom::e2e
