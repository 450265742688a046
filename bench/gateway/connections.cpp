// A crowd of idle and slow connections at the door, and what a normal client notices of it.
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
    std::vector<double> reads;   // latencies in ms
    std::vector<double> writes;  // the same; a sync is in each
    int failed = 0;

    double p99() const { return std::max(percentile(reads, 0.99), percentile(writes, 0.99)); }
};

void ask(HttpTalk& talk, const std::string& request, int status, std::vector<double>& latencies,
         int& failed) {
    const auto begun = Clock::now();
    const auto answer = talk.ask(request);
    latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    if (!answer || answer->status != status) ++failed;
}

// A read and a write, each once on a kept and once on a new connection, and again after a breath.
Felt be_a_normal_client(const GatewayProcess& gateway, const std::string& upload, Milliseconds duration) {
    const auto list = gateway.request("GET", "/api/v1/jobs?limit=1");
    const auto create = gateway.job_request(upload);
    HttpTalk kept(gateway.port());
    Felt felt;
    for (const auto end = Clock::now() + duration; Clock::now() < end;) {
        HttpTalk reader(gateway.port());
        HttpTalk writer(gateway.port());
        ask(kept, list, 200, felt.reads, felt.failed);
        ask(kept, create, 201, felt.writes, felt.failed);
        ask(reader, list, 200, felt.reads, felt.failed);
        ask(writer, create, 201, felt.writes, felt.failed);
        ::poll(nullptr, 0, between_requests_ms);
    }
    return felt;
}

void add_felt(Table& table, const std::string& name, const Felt& felt) {
    const auto add = [&](const std::string& what, const std::vector<double>& latencies) {
        table.add({name + ", " + what, number(static_cast<double>(latencies.size())),
                   number(percentile(latencies, 0.5), 1), number(percentile(latencies, 0.99), 1),
                   number(percentile(latencies, 1), 1)});
    };
    add("GET", felt.reads);
    add("POST", felt.writes);
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
    Table table({"GET /jobs?limit=1 and POST /jobs, half of them on new connections", "requests", "p50 ms",
                 "p99 ms", "slowest ms"});
    add_felt(table, "nobody else", alone);
    add_felt(table, number(bench.crowd) + " idle or slow connections, " + seconds + " s", felt);
    table.print();
    std::printf("- the server had %d files open at the end; it threw out %s of the crowd, who came back\n",
                files, number(static_cast<double>(crowd.returned())).c_str());
    const int failed = alone.failed + felt.failed;
    bench.verdicts.say("a normal client in the crowd", "p99 < 250 ms and every request answered",
                       number(felt.p99(), 1) + " ms, " + std::to_string(failed) + " unanswered",
                       felt.p99() < p99_ms_max && failed == 0);
    return {};
}

}  // namespace darkroom::bench
