// A port that is known before anything listens at it.
#include "app/reserved_port.h"

#include <gtest/gtest.h>

#include <set>

#include "http/server.h"

namespace darkroom::app {
namespace {

http::Server idle_server(const std::string& address, std::uint16_t port) {
    http::ServerOptions options;
    options.address = address;
    options.port = port;
    return {options, {}, [](int status, std::string_view, std::string_view, const std::string&) {
                ports::HttpResponse response;
                response.status = status;
                return response;
            }};
}

TEST(ReservedPort, AServerCanListenAtIt) {
    for (const auto* address : {"127.0.0.1", "localhost", "0.0.0.0"}) {
        const auto reserved = ReservedPort::draw(address);
        ASSERT_TRUE(reserved) << address;
        ASSERT_NE(reserved->port(), 0);
        auto server = idle_server(address, reserved->port());
        const auto port = server.start();
        ASSERT_TRUE(port.ok()) << port.error().detail;
        EXPECT_EQ(*port, reserved->port());
    }
}

TEST(ReservedPort, NobodyElseIsGivenIt) {
    std::vector<ReservedPort> reserved;
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 200; ++i) {
        reserved.push_back(*ReservedPort::draw("127.0.0.1"));
        EXPECT_TRUE(ports.insert(reserved.back().port()).second) << "drawn twice";
    }
}

TEST(ReservedPort, AnAddressThatIsNoneHasNoPort) {
    for (const auto* address : {"", "no-address", "192.0.2.1", "999.1.1.1", "::g", "127.0.0.1:80"})
        EXPECT_FALSE(ReservedPort::draw(address)) << address;
}

}  // namespace
}  // namespace darkroom::app
