#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "bench/gateway/crowd.h"
#include "bench/gateway/workbench.h"

namespace darkroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int between_requests_ms = 25;
constexpr double p99_ms_max = 250;

struct Felt {
    std::vector<double> kept;   // latencies in ms on a connection that stays
    std::vector<double> fresh;  // with a new connection for each request
    int failed = 0;
};

void ask(HttpTalk& talk, const std::string& request, int status, std::vector<double>& latencies,
         int& failed) {
    const auto begun = Clock::now();
    const auto answer = talk.ask(request);
    latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    if (!answer || answer->status != status) ++failed;
}

// A read and a write in turn, each once on a kept and once on a new connection.
Felt be_a_normal_client(const GatewayProcess& gateway, const std::string& upload, Milliseconds duration) {
    const auto list = gateway.request("GET", "/api/v1/jobs?limit=1");
    const auto create = gateway.job_request(upload);
    HttpTalk kept(gateway.port());
    Felt felt;
    const auto end = Clock::now() + duration;
    for (bool write = false; Clock::now() < end; write = !write) {
        const auto& request = write ? create : list;
        const int status = write ? 201 : 200;
        ask(kept, request, status, felt.kept, felt.failed);
        HttpTalk fresh(gateway.port());
        ask(fresh, request, status, felt.fresh, felt.failed);
        ::poll(nullptr, 0, between_requests_ms);
    }
    return felt;
}

void add_felt(Table& table, const std::string& name, const std::vector<double>& latencies) {
    table.add({name, number(static_cast<double>(latencies.size())), number(percentile(latencies, 0.5), 1),
               number(percentile(latencies, 0.99), 1), number(percentile(latencies, 1), 1)});
}

}  // namespace

Measured measure_connections(Workbench& bench) {
    const auto gateway = GatewayProcess::start(bench.gateway(bench.make_data_dir("connections")));
    if (!gateway) return Fail(gateway.error());
    const auto upload = (*gateway)->upload_picture();
    if (!upload) return Fail(upload.error());
    if (auto frozen = (*gateway)->freeze_work(*upload); !frozen) return frozen;
    const auto alone = be_a_normal_client(**gateway, *upload, Milliseconds(3'000));

    const Crowd crowd((*gateway)->port(), bench.crowd);
    const auto felt = be_a_normal_client(**gateway, *upload, bench.hold);
    const int files = open_files_of((*gateway)->pid());
    if (crowd.fewest() < bench.crowd)
        return Fail("only " + std::to_string(crowd.fewest()) + " connections could be held");

    const auto seconds = number(static_cast<double>(bench.hold.count()) / 1e3);
    Table table({"GET /jobs?limit=1 and POST /jobs in turn", "requests", "p50 ms", "p99 ms", "slowest ms"});
    add_felt(table, "no crowd, kept connection", alone.kept);
    add_felt(table, "no crowd, new connection each", alone.fresh);
    add_felt(table, number(bench.crowd) + " idle and slow connections for " + seconds + " s, kept connection",
             felt.kept);
    add_felt(table, "the same, new connection each", felt.fresh);
    table.print();
    std::printf("- the server had %d files open at the end; it threw out %s of the crowd, who came back\n",
                files, number(static_cast<double>(crowd.returned())).c_str());
    const auto p99 = std::max(percentile(felt.kept, 0.99), percentile(felt.fresh, 0.99));
    const int failed = alone.failed + felt.failed;
    bench.verdicts.say("a normal client in the crowd", "p99 < 250 ms and every request answered",
                       number(p99, 1) + " ms, " + std::to_string(failed) + " unanswered",
                       p99 < p99_ms_max && failed == 0);
    return {};
}

}  // namespace darkroom::bench
