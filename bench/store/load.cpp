#include "bench/store/load.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/check.h"

namespace darkroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

TimePoint start_of_time() { return from_unix_ms(1'790'000'000'000); }

}  // namespace

std::unique_ptr<store::SqliteJobStore> open_store(const std::string& path, ports::Random& random) {
    auto opened = store::SqliteJobStore::open(path, random);
    if (!opened) {
        std::fprintf(stderr, "bench_store: %s\n", opened.error().detail.c_str());
        std::exit(1);
    }
    return std::move(opened).value();
}

ports::NewJob ordinary_job(ports::Random& random, int number) {
    ports::NewJob request;
    auto& job = request.job;
    job.id = random.id<JobId>();
    job.user = *UserId::parse("customer-" + std::to_string(number));
    job.type = "bg_remove";
    job.backend = "local";
    job.params_json = R"({"v":1})";
    job.params_effective_json = R"({"v":1,"edges":"auto","margin":0.05,"background":null,"seed":123456789})";
    job.recipe = "bg_remove@1";
    // Not a key of an upload: what counting uploads costs is measured through the gateway, where they are
    // real.
    job.inputs = {{.name = "shoe.jpg",
                   .key = core::ObjectKey::worker_input(job.id, "jpg"),
                   .content_type = "image/jpeg",
                   .bytes = 482'113,
                   .width = 1'600,
                   .height = 1'067,
                   .sha256 = std::string(64, 'a'),
                   .version = {}}};
    job.metadata_json = R"({"order":"A-12345","sku":"SHOE-42"})";
    job.created_at = start_of_time();
    request.actor = "key:app";
    return request;
}

double create_jobs(ports::JobStore& store, ports::Random& random, int callers, int count, int users) {
    const auto start = Clock::now();
    {
        std::vector<std::jthread> threads;
        threads.reserve(static_cast<std::size_t>(callers));
        for (int caller = 0; caller < callers; ++caller) {
            threads.emplace_back([&, caller] {
                for (int i = caller; i < count; i += callers) {
                    DR_CHECK(store.create_job(ordinary_job(random, i % users)).ok());
                }
            });
        }
    }
    return seconds_since(start);
}

double claim_jobs(ports::JobStore& store, int count) {
    const ports::ClaimRequest request{.backend = "local",
                                      .endpoint = "bench",
                                      .inflight_max = count,
                                      .jobs_max = count,
                                      .now = start_of_time(),
                                      .remote = {}};
    const auto start = Clock::now();
    const auto claimed = store.claim(request);
    const auto seconds = seconds_since(start);
    DR_CHECK(claimed.ok() && static_cast<int>(claimed->size()) == count);
    return seconds;
}

void finish_claimed(ports::JobStore& store) {
    const auto inflight = store.list_inflight("bench");
    DR_CHECK(inflight.ok());
    std::vector<std::jthread> threads;  // together, so that they share syncs
    for (std::size_t first = 0; first < 25; ++first) {
        threads.emplace_back([&, first] {
            for (auto i = first; i < inflight->size(); i += 25) {
                DR_CHECK(store
                             .finish_attempt((*inflight)[i].attempt, ports::AttemptSucceeded{},
                                             "backend:bench", start_of_time())
                             .ok());
            }
        });
    }
}

}  // namespace darkroom::bench
