#include "http/testing/test_server.h"

#include <poll.h>

#include <cstdlib>

#include "base/check.h"

namespace darkroom::http::testing {
namespace {

constexpr Milliseconds patience{10'000};

ports::HttpResponse error_answer(int status, std::string_view code, std::string_view detail,
                                 const std::string&) {
    ports::HttpResponse response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/problem+json");
    response.body = "{\"code\":\"" + std::string(code) + "\",\"detail\":\"" + std::string(detail) + "\"}";
    return response;
}

std::filesystem::path new_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "darkroom-http-XXXXXX").string();
    DR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    return pattern;
}

}  // namespace

void Signal::raise() {
    const std::lock_guard lock(mutex_);
    ++raised_;
    changed_.notify_all();
}

bool Signal::wait(int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return raised_ >= times; });
}

int Signal::raised() const {
    const std::lock_guard lock(mutex_);
    return raised_;
}

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 2);  // between two looks; not a wait for something to have happened
    }
    return true;
}

TestServer::TestServer(std::vector<ports::HttpRoute> routes, const std::function<void(ServerOptions&)>& tweak)
    : spool_dir_(new_folder()) {
    ServerOptions options;
    options.handler_threads = 4;
    options.spool_dir = spool_dir_;
    if (tweak) tweak(options);
    server_ = std::make_unique<Server>(options, std::move(routes), error_answer);
    port_ = server_->start().value();
}

TestServer::~TestServer() {
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(spool_dir_, ignored);
}

std::size_t TestServer::spooled_files() const {
    return std::size_t(std::distance(std::filesystem::directory_iterator(spool_dir_), {}));
}

std::vector<ports::HttpRoute> simple_routes() {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(
        route(ports::HttpMethod::get, "/hello", [](ports::HttpRequest&) { return text_answer("hello"); }));
    routes.push_back(route(ports::HttpMethod::post, "/echo",
                           [](ports::HttpRequest& request) { return text_answer(std::move(request.body)); },
                           {ports::BodyPolicy::Kind::buffer, 65'536}));
    routes.push_back(route(ports::HttpMethod::post, "/spool",
                           [](ports::HttpRequest& request) {
                               const auto on_disk = std::filesystem::file_size(request.spooled->path());
                               return text_answer(std::to_string(on_disk));
                           },
                           {ports::BodyPolicy::Kind::spool, 64u << 20}));
    return routes;
}

std::string get(const std::string& path, const std::string& extra) {
    return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + extra + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& extra) {
    return "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + extra + "\r\n" + body;
}

ports::HttpResponse text_answer(std::string text) {
    ports::HttpResponse response;
    response.headers.emplace_back("Content-Type", "text/plain");
    response.body = std::move(text);
    return response;
}

ports::HttpRoute route(ports::HttpMethod method, std::string pattern,
                       std::function<ports::HttpResponse(ports::HttpRequest&)> handle,
                       ports::BodyPolicy body) {
    ports::HttpRoute made;
    made.method = method;
    made.pattern = std::move(pattern);
    made.body = body;
    made.handle = std::move(handle);
    return made;
}

}  // namespace darkroom::http::testing
