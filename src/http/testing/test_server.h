// A server for tests: a free port, its own spool folder, short limits if asked for, a few handy routes.
#pragma once
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/server.h"
#include "http/testing/raw_client.h"

namespace darkroom::http::testing {

/// A counter that tests wait on: nothing here sleeps.
class Signal {
public:
    void raise();
    /// True once it was raised `times` times in all; false after ten seconds.
    bool wait(int times = 1);
    int raised() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    int raised_ = 0;
};

/// Waits until `condition` holds, looking every few milliseconds; false after ten seconds.
bool eventually(const std::function<bool()>& condition);

/// For tests of what happens when patience ends: a short one, and in turn those that a machine may need which
/// is too busy to come within the first as far as the test wants.
constexpr Milliseconds patiences[] = {Milliseconds(60), Milliseconds(600), Milliseconds(4'000)};

class TestServer {
public:
    explicit TestServer(std::vector<ports::HttpRoute> routes,
                        const std::function<void(ServerOptions&)>& tweak = {});
    ~TestServer();

    std::uint16_t port() const { return port_; }
    Server& server() { return *server_; }
    const std::filesystem::path& spool_dir() const { return spool_dir_; }
    std::size_t spooled_files() const;

private:
    std::filesystem::path spool_dir_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
};

/// GET /hello -> "hello"; POST /echo -> the body (64 KiB at most); POST /spool -> its size in decimal (64 MiB
/// at most).
std::vector<ports::HttpRoute> simple_routes();

/// "GET /hello HTTP/1.1\r\nHost: test\r\n" + `extra` + "\r\n".
std::string get(const std::string& path, const std::string& extra = "");
std::string post(const std::string& path, const std::string& body, const std::string& extra = "");

ports::HttpResponse text_answer(std::string text);
ports::HttpRoute route(ports::HttpMethod method, std::string pattern,
                       std::function<ports::HttpResponse(ports::HttpRequest&)> handle,
                       ports::BodyPolicy body = {});

}  // namespace darkroom::http::testing
