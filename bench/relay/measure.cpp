#include "bench/relay/measure.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <random>

#include "bench/relay/curl_run.h"
#include "bench/relay/relayed_gateway.h"
#include "bench/relay/upstream.h"

namespace darkroom::bench {
namespace {

constexpr double ratio_min = 0.7;
constexpr double growth_mib_max = 40;
constexpr Milliseconds link_life{3'600'000};

// 64 × 64 black pixels as a PNG, and behind its end noise: a file of any length that is a picture.
void write_large_picture(const std::filesystem::path& path, std::uint64_t bytes) {
    constexpr std::string_view hex =
        "89504e470d0a1a0a0000000d4948445200000040000000400802000000250be689000000224944415478daedc1010d000000"
        "c2a0f74f6d0f07140000000000000000000000f06e30400001ece1c8970000000049454e44ae426082";
    std::ofstream file(path, std::ios::binary);
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        file.put(static_cast<char>(value));
    }
    std::mt19937_64 random(1);
    std::vector<std::uint64_t> noise(1 << 17);
    for (auto left = bytes - hex.size() / 2; left > 0;) {
        for (auto& word : noise) word = random();
        const auto piece = std::min<std::uint64_t>(left, noise.size() * sizeof noise[0]);
        file.write(reinterpret_cast<const char*>(noise.data()), static_cast<std::streamsize>(piece));
        left -= piece;
    }
}

/// One way in one direction.
struct Way {
    std::string name;
    std::vector<double> seconds;
    std::vector<double> growth_mib;  // of the gateway; empty for the straight way
};

class Relay {
public:
    Relay(const RelayPlan& plan, RelayedGateway& gateway, Upstream& upstream)
        : plan_(plan), gateway_(gateway), upstream_(upstream), picture_(plan.folder / "large.png") {
        write_large_picture(picture_, plan.bytes);
    }

    // Which way is first changes with each round: whoever comes second finds other pages in memory.
    Result<void, std::string> run_round(int round) {
        const auto straight_key = upstream_.new_key();
        const auto upload = gateway_.open_upload(upstream_.http());
        if (!upload) return Fail(upload.error());
        const auto& relayed_key = upload->key;
        const bool straight_first = round % 2 == 0;
        for (const bool straight : {straight_first, !straight_first}) {
            if (auto done = straight ? put_straight(straight_key) : put_relayed(*upload); !done) return done;
        }
        if (const auto stored = upstream_.store().head(relayed_key); !stored || stored->bytes != plan_.bytes)
            return Fail(std::string("what was relayed is not in the store"));
        for (const bool straight : {straight_first, !straight_first}) {
            if (auto done = straight ? get_straight(relayed_key) : get_relayed(relayed_key); !done)
                return done;
        }
        for (const auto& key : {straight_key, relayed_key}) {
            if (const auto removed = upstream_.store().remove(key); !removed)
                return Fail(removed.error().detail);
        }
        return {};
    }

    void tell(Verdicts& verdicts, double idle_mib) const {
        const auto mib = static_cast<double>(plan_.bytes) / (1 << 20);
        Table table({number(mib) + " MiB with curl", "seconds", "MiB/s", "gateway's growth, MiB"});
        for (const auto* way : {&put_straight_, &put_relayed_, &get_straight_, &get_relayed_}) {
            const auto seconds = median(way->seconds);
            const auto growth = way->growth_mib.empty() ? "" : number(percentile(way->growth_mib, 1), 1);
            table.add({way->name, number(seconds, 2), number(mib / seconds, 1), growth});
        }
        table.print();
        std::printf("- the gateway at rest: %s MiB resident\n", number(idle_mib, 1).c_str());
        judge(verdicts, "upload", put_straight_, put_relayed_);
        judge(verdicts, "download", get_straight_, get_relayed_);
    }

private:
    Result<void, std::string> put_straight(const core::ObjectKey& key) {
        const auto link = upstream_.store().presign_put(
            key, {.content_type = "image/png", .bytes = plan_.bytes, .life = link_life});
        auto headers = link.headers;  // curl tells the length by itself
        std::erase_if(headers, [](const auto& field) { return field.first == "Content-Length"; });
        return time(put_straight_, {link.url, std::move(headers), picture_, plan_.bytes}, false);
    }
    Result<void, std::string> put_relayed(const RelayedUpload& upload) {
        return time(put_relayed_, {upload.url, {}, picture_, plan_.bytes}, true);
    }
    Result<void, std::string> get_straight(const core::ObjectKey& key) {
        const auto link = upstream_.store().presign_get(
            key, {.content_type = "image/png", .file_name = "large.png", .life = link_life});
        return time(get_straight_, {link.url, link.headers, {}, plan_.bytes}, false);
    }
    Result<void, std::string> get_relayed(const core::ObjectKey& key) {
        return time(get_relayed_, {gateway_.download_url(key), {}, {}, plan_.bytes}, true);
    }

    Result<void, std::string> time(Way& way, const CurlRun& run, bool relayed) {
        ::sync();  // nobody pays for what another one wrote
        gateway_.forget_peak();
        const auto before = gateway_.resident_mib();
        const auto seconds = run_curl(run, plan_.folder);
        if (!seconds) return Fail(way.name + ": " + seconds.error());
        way.seconds.push_back(*seconds);
        if (relayed) way.growth_mib.push_back(gateway_.peak_mib() - std::min(before, idle_mib_));
        std::printf("%s: %s s\n", way.name.c_str(), number(*seconds, 2).c_str());
        std::fflush(stdout);
        return {};
    }

    static void judge(Verdicts& verdicts, const std::string& what, const Way& straight, const Way& relayed) {
        const auto ratio = median(straight.seconds) / median(relayed.seconds);
        verdicts.say(what + " through Darkroom", "≥ 0.7 × of curl straight to the store",
                     number(ratio, 2) + " ×", ratio >= ratio_min);
        const auto growth = percentile(relayed.growth_mib, 1);
        verdicts.say(what + ", most memory above rest", "≤ 40 MiB", number(growth, 1) + " MiB",
                     growth <= growth_mib_max);
    }

    const RelayPlan& plan_;
    RelayedGateway& gateway_;
    Upstream& upstream_;
    const std::filesystem::path picture_;
    const double idle_mib_ = gateway_.resident_mib();
    Way put_straight_{"PUT straight to the store, presigned", {}, {}};
    Way put_relayed_{"PUT through Darkroom", {}, {}};
    Way get_straight_{"GET straight from the store, presigned", {}, {}};
    Way get_relayed_{"GET through Darkroom", {}, {}};
};

}  // namespace

Result<void, std::string> measure_relay(const RelayPlan& plan, Verdicts& verdicts) {
    Upstream upstream;
    const auto gateway = RelayedGateway::start(plan.program, plan.folder, upstream, plan.bytes);
    if (!gateway) return Fail(gateway.error());
    const auto idle_mib = (*gateway)->resident_mib();
    Relay relay(plan, **gateway, upstream);
    for (int round = 0; round < plan.rounds; ++round) {
        if (auto done = relay.run_round(round); !done) return done;
    }
    relay.tell(verdicts, idle_mib);
    return {};
}

}  // namespace darkroom::bench
