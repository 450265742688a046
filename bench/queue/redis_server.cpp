#include "bench/queue/redis_server.h"

#include <poll.h>
#include <sys/socket.h>

#include "bench/gateway/http_talk.h"
#include "bench/queue/failure.h"
#include "tests/support/programs.h"

namespace darkroom::bench {
namespace {

constexpr int tries = 500;
constexpr int between_tries_ms = 20;

bool answers(std::uint16_t port) {
    const auto socket = connect_here(port);
    if (!socket) return false;
    constexpr std::string_view ping = "PING\r\n";
    char answer[5];
    return ::send(socket.get(), ping.data(), ping.size(), MSG_NOSIGNAL) == 6 &&
           ::recv(socket.get(), answer, sizeof answer, MSG_WAITALL) == 5 &&
           std::string_view(answer, 5) == "+PONG";
}

}  // namespace

std::string RedisServer::why_none() {
    return testing::program_in_path("redis-server").empty()
               ? "redis-server is not installed (./dev setup bench)"
               : "";
}

RedisServer::RedisServer(const std::filesystem::path& folder, Sync sync) {
    std::filesystem::create_directories(folder);
    testing::ChildPlan plan;
    plan.program = testing::program_in_path("redis-server");
    // Snapshots and rewrites of the file are left out: they would be a burden at a time nobody chose.
    plan.arguments = {"--port",
                      std::to_string(port_.number()),
                      "--bind",
                      "127.0.0.1",
                      "--save",
                      "",
                      "--appendonly",
                      "yes",
                      "--appendfsync",
                      sync == Sync::always ? "always" : "everysec",
                      "--auto-aof-rewrite-percentage",
                      "0",
                      "--dir",
                      folder.string()};
    plan.working_dir = folder;
    plan.out_file = folder / "redis.log";
    plan.err_file = plan.out_file;
    process_ = std::make_unique<testing::ChildProcess>(plan);
    for (int i = 0; i < tries; ++i) {
        if (answers(port_.number())) return;
        if (process_->wait(Milliseconds(between_tries_ms))) break;
    }
    throw CannotMeasure("redis-server does not start:\n" + testing::read_file(plan.out_file));
}

}  // namespace darkroom::bench
