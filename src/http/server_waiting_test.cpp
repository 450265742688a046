// What waits without working: held answers and event streams, woken, ended, abandoned, read slowly. And how a
// server with all of these under way stops.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <thread>

#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::HttpMethod;
using testing::eventually;
using testing::get;
using testing::RawClient;
using testing::Signal;
using testing::TestServer;

// A place where something happens: wakes whoever is subscribed. Like any publisher, it calls under its own
// lock, so that nobody is called after the Subscription is gone.
class Bell {
public:
    ports::Subscribe subscribe() {
        return [this](std::function<void()> wake) -> std::unique_ptr<ports::Subscription> {
            const std::lock_guard lock(mutex_);
            wakes_.emplace(++last_, std::move(wake));
            return std::make_unique<Listening>(*this, last_);
        };
    }
    void ring() {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, wake] : wakes_) wake();
    }
    std::size_t listeners() const {
        const std::lock_guard lock(mutex_);
        return wakes_.size();
    }

private:
    struct Listening final : ports::Subscription {
        Listening(Bell& to, int number) : bell(to), id(number) {}
        ~Listening() override {
            const std::lock_guard lock(bell.mutex_);
            bell.wakes_.erase(id);
        }
        Bell& bell;
        int id;
    };

    mutable std::mutex mutex_;
    std::map<int, std::function<void()>> wakes_;
    int last_ = 0;
};

struct Held {
    Bell bell;
    std::atomic<bool> ready{false};
    std::atomic<int> renders{0};

    ports::HttpResponse answer(Milliseconds wait_at_most) {
        ports::HttpResponse response;
        response.body = ports::HeldAnswer{wait_at_most, bell.subscribe(),
                                          [this](bool last) -> std::optional<ports::HttpResponse> {
                                              ++renders;
                                              if (ready) return testing::text_answer("ready");
                                              if (last) return testing::text_answer("still waiting");
                                              return std::nullopt;
                                          }};
        return response;
    }
};

struct Stream {
    Bell bell;
    std::mutex mutex;
    std::deque<std::string> events;
    bool ended = false;
    std::atomic<int> pulls{0};

    void add(std::string event) {
        {
            const std::lock_guard lock(mutex);
            events.push_back(std::move(event));
        }
        bell.ring();
    }
    void end() {
        {
            const std::lock_guard lock(mutex);
            ended = true;
        }
        bell.ring();
    }
    ports::HttpResponse answer() {
        ports::HttpResponse response;
        response.body = ports::EventStream{bell.subscribe(), [this] {
                                               ++pulls;
                                               const std::lock_guard lock(mutex);
                                               ports::EventStream::Chunk chunk;
                                               if (!events.empty()) {
                                                   chunk.bytes = "data: " + events.front() + "\n\n";
                                                   events.pop_front();
                                               }
                                               chunk.end = ended && events.empty();
                                               return chunk;
                                           }};
        return response;
    }
};

class ServerWaiting : public ::testing::Test {
protected:
    Held held_;
    Stream stream_;
    Signal working_;
    Signal go_on_;
    TestServer server_{routes(), [](ServerOptions& options) {
                           options.timeouts.sweep = Milliseconds(10);
                           options.timeouts.heartbeat = Milliseconds(100);
                       }};

    std::vector<ports::HttpRoute> routes() {
        auto all = testing::simple_routes();
        all.push_back(testing::route(HttpMethod::get, "/held", [this](ports::HttpRequest&) {
            return held_.answer(std::chrono::hours(1));
        }));
        all.push_back(testing::route(HttpMethod::get, "/held/briefly",
                                     [this](ports::HttpRequest&) { return held_.answer(Milliseconds(50)); }));
        all.push_back(testing::route(HttpMethod::get, "/events",
                                     [this](ports::HttpRequest&) { return stream_.answer(); }));
        all.push_back(testing::route(HttpMethod::get, "/work", [this](ports::HttpRequest&) {
            working_.raise();
            go_on_.wait();
            return testing::text_answer("worked");
        }));
        return all;
    }

    bool listening(const Bell& bell, std::size_t count) {
        return eventually([&] { return bell.listeners() == count; });
    }
};

TEST_F(ServerWaiting, AHeldAnswerThatIsReadyIsSentAtOnce) {
    held_.ready = true;
    RawClient client(server_.port());
    client.send(get("/held") + get("/hello"));
    EXPECT_EQ(client.read_answer()->body, "ready");
    EXPECT_EQ(client.read_answer()->body, "hello");
    EXPECT_TRUE(listening(held_.bell, 0));
}

TEST_F(ServerWaiting, AHeldAnswerIsSentWhenItIsWoken) {
    RawClient client(server_.port());
    client.send(get("/held"));
    ASSERT_TRUE(eventually([&] { return held_.renders == 1; }));
    held_.bell.ring();  // for nothing
    ASSERT_TRUE(eventually([&] { return held_.renders >= 2; }));
    EXPECT_TRUE(client.silent_for(Milliseconds(20)));
    held_.ready = true;
    held_.bell.ring();
    EXPECT_EQ(client.read_answer()->body, "ready");
    EXPECT_TRUE(listening(held_.bell, 0));
    client.send(get("/hello"));
    EXPECT_EQ(client.read_answer()->body, "hello");
}

TEST_F(ServerWaiting, AHeldAnswerIsSentAtItsDeadline) {
    RawClient client(server_.port());
    client.send(get("/held/briefly"));
    EXPECT_EQ(client.read_answer()->body, "still waiting");
    EXPECT_TRUE(listening(held_.bell, 0));
}

TEST_F(ServerWaiting, ManyHeldAnswersHoldNoThreads) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<RawClient>(server_.port()));
        clients.back()->send(get("/held"));
    }
    ASSERT_TRUE(listening(held_.bell, 50));
    RawClient other(server_.port());
    other.send(get("/hello"));
    EXPECT_EQ(other.read_answer()->body, "hello");
    held_.ready = true;
    held_.bell.ring();
    for (auto& client : clients) EXPECT_EQ(client->read_answer()->body, "ready");
}

TEST_F(ServerWaiting, AClientThatLeavesAHeldAnswerIsForgotten) {
    for (const bool politely : {true, false}) {
        RawClient client(server_.port());
        client.send(get("/held"));
        ASSERT_TRUE(listening(held_.bell, 1));
        if (politely) {
            client.close();
        } else {
            client.reset();
        }
        EXPECT_TRUE(listening(held_.bell, 0));
    }
    EXPECT_TRUE(eventually([&] { return server_.server().connections() == 0; }));
}

TEST_F(ServerWaiting, ARequestPipelinedBehindAHeldAnswerWaitsItsTurn) {
    RawClient client(server_.port());
    client.send(get("/held"));
    ASSERT_TRUE(listening(held_.bell, 1));
    client.send(get("/hello"));
    EXPECT_TRUE(client.silent_for(Milliseconds(20)));
    held_.ready = true;
    held_.bell.ring();
    EXPECT_EQ(client.read_answer()->body, "ready");
    EXPECT_EQ(client.read_answer()->body, "hello");
}

TEST_F(ServerWaiting, AStreamSendsWhatHappensUntilItEnds) {
    stream_.add("one");
    RawClient client(server_.port());
    client.send(get("/events"));
    const auto head = client.read_head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->header("Content-Type"), "text/event-stream");
    EXPECT_EQ(head->header("Cache-Control"), "no-store");
    EXPECT_EQ(head->header("X-Accel-Buffering"), "no");
    EXPECT_EQ(head->header("Connection"), "close");
    EXPECT_EQ(head->count("Content-Length"), 0U);
    EXPECT_EQ(client.read_past("\n\n"), "data: one\n\n");
    for (int i = 0; i < 100; ++i) stream_.add(std::to_string(i));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(client.read_past("data: " + std::to_string(i) + "\n\n"));
    stream_.end();
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(listening(stream_.bell, 0));
}

TEST_F(ServerWaiting, AQuietStreamSendsHeartbeats) {
    RawClient client(server_.port());
    client.send(get("/events"));
    ASSERT_TRUE(client.read_head());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_past("\n\n"), ": heartbeat\n\n");
}

TEST_F(ServerWaiting, AClientThatLeavesAStreamIsForgotten) {
    for (const bool politely : {true, false}) {
        RawClient client(server_.port());
        client.send(get("/events"));
        ASSERT_TRUE(client.read_head());
        ASSERT_TRUE(listening(stream_.bell, 1));
        if (politely) {
            client.close();
        } else {
            client.reset();
        }
        EXPECT_TRUE(listening(stream_.bell, 0));
    }
}

TEST_F(ServerWaiting, ASlowReaderIsNotPulledForMoreThanItReads) {
    RawClient client(server_.port(), "", 4'096);
    client.send(get("/events"));
    ASSERT_TRUE(client.read_head());
    constexpr int chunks = 64;
    for (int i = 0; i < chunks; ++i) stream_.add(std::string(1u << 20, 'x'));
    int pulls = -1;
    ASSERT_TRUE(eventually([&] {  // until the socket is full and pulling has stopped
        const int before = std::exchange(pulls, stream_.pulls);
        return before == pulls && client.silent_for(Milliseconds(0)) == false;
    }));
    EXPECT_LT(stream_.pulls, chunks / 2) << "the rest stays where it came from";
    stream_.end();
    const auto rest = client.read_to_end();
    ASSERT_TRUE(rest);
    EXPECT_GT(rest->size(), 60u << 20) << "and none of it is lost";
}

TEST_F(ServerWaiting, AStreamWhosePullThrowsEnds) {
    auto routes = testing::simple_routes();
    routes.push_back(testing::route(HttpMethod::get, "/broken", [](ports::HttpRequest&) {
        ports::HttpResponse response;
        response.body =
            ports::EventStream{{}, []() -> ports::EventStream::Chunk { throw std::runtime_error("x"); }};
        return response;
    }));
    routes.push_back(testing::route(HttpMethod::get, "/broken/held", [](ports::HttpRequest&) {
        ports::HttpResponse response;
        response.body = ports::HeldAnswer{
            Milliseconds(1'000), {}, [](bool) -> std::optional<ports::HttpResponse> { throw 1; }};
        return response;
    }));
    TestServer server(std::move(routes));
    RawClient client(server.port());
    client.send(get("/broken/held") + get("/broken"));
    EXPECT_EQ(client.read_answer()->status, 500);
    EXPECT_EQ(client.read_head()->status, 200);
    EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerWaiting, StoppingAnswersTheHeldEndsStreamsAndFinishesRequests) {
    RawClient idle(server_.port());
    idle.send(get("/hello"));
    ASSERT_TRUE(idle.read_answer());
    RawClient held(server_.port());
    held.send(get("/held"));
    RawClient streaming(server_.port());
    streaming.send(get("/events"));
    ASSERT_TRUE(streaming.read_head());
    RawClient working(server_.port());
    working.send(get("/work"));
    ASSERT_TRUE(listening(held_.bell, 1));
    ASSERT_TRUE(working_.wait());

    std::thread stopper([&] { server_.server().stop(std::chrono::seconds(10)); });
    const auto last = held.read_answer();
    EXPECT_TRUE(last);
    EXPECT_EQ(last ? last->body : "", "still waiting");
    EXPECT_TRUE(streaming.read_to_end());
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_FALSE(RawClient(server_.port()).connected()) << "nobody new is let in";
    go_on_.raise();
    const auto worked = working.read_answer();
    EXPECT_TRUE(worked);
    EXPECT_EQ(worked ? worked->body : "", "worked");
    EXPECT_EQ(worked ? worked->header("Connection") : "", "close");
    stopper.join();
    EXPECT_EQ(server_.server().connections(), 0U);
    EXPECT_EQ(held_.bell.listeners() + stream_.bell.listeners(), 0U);
}

TEST_F(ServerWaiting, StoppingDoesNotWaitForClientsThatDoNotFinish) {
    RawClient uploading(server_.port());
    uploading.send("POST /spool HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    ASSERT_TRUE(eventually([&] { return server_.spooled_files() == 1; }));
    server_.server().stop(Milliseconds(50));
    EXPECT_TRUE(uploading.closed_by_server());
    EXPECT_EQ(server_.spooled_files(), 0U);
    server_.server().stop(Milliseconds(50));
}

TEST(ServerStart, SaysWhyItCannot) {
    TestServer first(testing::simple_routes());
    const auto start = [](std::string address, std::uint16_t port, std::filesystem::path spool,
                          std::vector<ports::HttpRoute> routes) {
        ServerOptions options;
        options.address = std::move(address);
        options.port = port;
        options.spool_dir = std::move(spool);
        options.handler_threads = 1;
        Server server(options, std::move(routes),
                      [](int, std::string_view, std::string_view, const std::string&) {
                          return ports::HttpResponse{};
                      });
        auto result = server.start();
        return result.ok() ? std::optional<StartError>() : std::optional(result.error().kind);
    };
    EXPECT_EQ(start("127.0.0.1", first.port(), "", {}), StartError::address_in_use);
    EXPECT_EQ(start("not an address", 0, "", {}), StartError::bad_address);
    EXPECT_EQ(start("192.0.2.1", 0, "", {}), StartError::bad_address);
    EXPECT_EQ(start("127.0.0.1", 0, "/proc/nowhere", {}), StartError::spool_dir);
    EXPECT_EQ(start("127.0.0.1", 0, "", testing::simple_routes()), StartError::spool_dir);
    EXPECT_EQ(start("localhost", 0, "", {}), std::nullopt);
    EXPECT_EQ(start("::1", 0, "", {}), std::nullopt);
}

// As a proxy that lost its server: a client must see a cut, not an answer, and others must not notice.
TEST(ServerNoAnswer, ClosesTheConnectionWithoutAByte) {
    const auto say_nothing = [](ports::HttpRequest&) {
        ports::HttpResponse response;
        response.body = ports::NoAnswer{};
        return response;
    };
    auto routes = testing::simple_routes();
    routes.push_back(testing::route(HttpMethod::get, "/nothing", say_nothing));
    TestServer server(std::move(routes));
    RawClient client(server.port());
    ASSERT_TRUE(client.send(get("/nothing")));
    EXPECT_EQ(client.read_to_end(), "");
    RawClient other(server.port());
    ASSERT_TRUE(other.send(get("/hello")));
    EXPECT_EQ(other.read_answer()->body, "hello");
    EXPECT_TRUE(eventually([&] { return server.server().connections() == 1; }));
}

}  // namespace
}  // namespace darkroom::http
