// Everything about the server that can be set. Defaults are what a public server wants; tests scale them
// down.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/time.h"
#include "http/head_check.h"
#include "ports/meters.h"

namespace darkroom::http {

struct ServerTimeouts {
    Milliseconds header{10'000};      // from the first byte (or the connection's start) to the empty line
    Milliseconds keep_alive{30'000};  // between requests
    Milliseconds body_idle{15'000};
    Milliseconds body_rate_after{
        10'000};  // from here on a body must come at body_bytes_per_second_min on average
    Milliseconds write_stall{30'000};  // without a byte taken by the client
    Milliseconds heartbeat{15'000};    // of quiet event streams
    Milliseconds linger{5'000};        // reading on after an early answer, so that the client can read it
    Milliseconds sweep{1'000};         // how often all of these are looked at
};

struct ServerOptions {
    std::string address = "127.0.0.1";  // an IP address, or localhost
    std::uint16_t port = 0;             // 0 = a free one
    unsigned handler_threads = 64;
    std::size_t handler_stack_bytes = 262'144;
    HeadLimits head;
    ServerTimeouts timeouts;
    std::uint64_t body_bytes_per_second_min = 1024;
    unsigned requests_per_connection_max = 1'000;
    unsigned connections_max = 2'048;
    unsigned connections_per_address_max = 64;  // 0 = no limit
    unsigned connections_per_loopback_max =
        0;  // the same for 127.0.0.0/8 and ::1, where all of a proxy's clients are one
    std::filesystem::path spool_dir;              // belongs to this server alone; made at start
    ports::Meters* meters = &ports::no_meters();  // hears of every answer; outlives the server
};

}  // namespace darkroom::http
