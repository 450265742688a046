#include "bench/queue/drive.h"

#include <poll.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "base/check.h"
#include "base/json.h"
#include "bench/gateway/figures.h"
#include "bench/queue/darkroom_queue.h"
#include "bench/queue/open_store.h"
#include "bench/store/load.h"
#include "tests/support/seeded_random.h"

namespace darkroom::bench {
namespace {

namespace json = boost::json;

constexpr int senders = 64;

int int_of(const json::object& command, const char* name) { return command.at(name).to_number<int>(); }

void wait_until(std::int64_t time_ns) {
    const auto left = time_ns - monotonic_ns();
    if (left <= 0) return;
    const timespec wait{left / 1'000'000'000, left % 1'000'000'000};
    ::ppoll(nullptr, 0, &wait, nullptr);
}

class Driver {
public:
    explicit Driver(const std::string& kind)
        : random_(std::random_device()()),
          store_(open_queue_store(kind, std::getenv("QUEUE_URL"), random_)) {}

    json::object answer(const json::object& command) {
        const std::string op(command.at("op").as_string());
        static const std::map<std::string, json::object (Driver::*)(const json::object&)> ops{
            {"hello", &Driver::hello},
            {"clear", &Driver::clear},
            {"enqueue", &Driver::enqueue},
            {"start_worker", &Driver::start_worker},
            {"worked", &Driver::worked},
            {"stop_worker", &Driver::stop_worker},
            {"send_at_rate", &Driver::send_at_rate},
            {"latencies", &Driver::latencies},
            {"take", &Driver::take},
            {"settle", &Driver::settle},
            {"left", &Driver::left},
        };
        const auto found = ops.find(op);
        if (found == ops.end()) return {{"error", "no such command: " + op}};
        return (this->*found->second)(command);
    }

private:
    json::object hello(const json::object&) { return {{"version", "Darkroom, through its store port"}}; }

    void create(int number, std::int64_t sent, const std::string& backend) {
        const auto created = store_->create_job(sent_job(random_, number, sent, backend));
        if (created) return;
        std::fprintf(stderr, "a job could not be created: %s\n", created.error().detail.c_str());
        std::_Exit(1);
    }

    json::object enqueue(const json::object& command) {
        const int jobs = int_of(command, "jobs"), callers = int_of(command, "producers");
        const auto* named = command.if_contains("backend");
        const std::string backend = named != nullptr ? std::string(named->as_string()) : "local";
        const auto begun = monotonic_ns();
        {
            std::vector<std::jthread> threads;
            threads.reserve(static_cast<std::size_t>(callers));
            for (int caller = 0; caller < callers; ++caller) {
                threads.emplace_back([&, caller] {
                    for (int i = caller; i < jobs; i += callers) create(i, 0, backend);
                });
            }
        }
        return {{"seconds", static_cast<double>(monotonic_ns() - begun) / 1e9}};
    }

    json::object clear(const json::object&) {
        const auto counts = store_->count_queue();
        DR_CHECK(counts.ok());
        IdleWorkers workers(*store_);
        if (!workers.wait_until_worked(counts->ready))
            return {{"error", "the queue could not be emptied in time"}};
        return {};
    }

    json::object start_worker(const json::object&) {
        workers_ = std::make_unique<IdleWorkers>(*store_);
        return {};
    }

    json::object worked(const json::object& command) {
        const auto jobs = command.at("jobs").to_number<std::int64_t>();
        if (workers_->wait_until_worked(jobs)) return {{"worked", workers_->worked()}};
        return {{"error", std::to_string(workers_->worked()) + " jobs were worked on in time"}};
    }

    json::object stop_worker(const json::object&) {
        workers_.reset();
        return {};
    }

    // Each sender has its own share of the moments; one call takes far less than the time between two of
    // them.
    json::object send_at_rate(const json::object& command) {
        const double rate = command.at("rate").to_number<double>();
        const int total = static_cast<int>(rate * command.at("seconds").to_number<double>());
        const auto begun = monotonic_ns();
        {
            std::vector<std::jthread> threads;
            threads.reserve(senders);
            for (int sender = 0; sender < senders; ++sender) {
                threads.emplace_back([&, sender] {
                    for (int i = sender; i < total; i += senders) {
                        wait_until(begun + static_cast<std::int64_t>(1e9 * i / rate));
                        create(i, monotonic_ns(), "local");
                    }
                });
            }
        }
        return {{"sent", total}};
    }

    json::object latencies(const json::object&) {
        const auto waited = workers_->take_latencies();
        if (waited.empty()) return {{"error", "no job said when it was sent"}};
        return {{"count", waited.size()},
                {"p50_ms", percentile(waited, 0.5)},
                {"p99_ms", percentile(waited, 0.99)},
                {"max_ms", percentile(waited, 1)}};
    }

    json::object take(const json::object& command) {
        taken_ = int_of(command, "count");
        return {{"ms", 1e3 * claim_jobs(*store_, taken_)}};
    }

    json::object settle(const json::object&) {
        finish_claimed(*store_);
        (void)create_jobs(*store_, random_, taken_, taken_);
        return {};
    }

    json::object left(const json::object&) {
        const auto counts = store_->count_queue();
        DR_CHECK(counts.ok());
        return {{"left", counts->ready + counts->delayed + counts->inflight}};
    }

    testing::SeededRandom random_;
    std::unique_ptr<ports::JobStore> store_;
    std::unique_ptr<IdleWorkers> workers_;
    int taken_ = 0;
};

}  // namespace

int drive(const std::string& kind) {
    Driver driver(kind);
    for (std::string line; std::getline(std::cin, line);) {
        const auto command = parse_json(line);
        json::object answer{{"error", "a command is a JSON object"}};
        if (command && command->is_object()) answer = driver.answer(command->get_object());
        std::printf("%s\n", json::serialize(answer).c_str());
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace darkroom::bench
