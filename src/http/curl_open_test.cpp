// Answers that are pulled, on real sockets: whole, cut, slow, silent, refused, dropped, many at once.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "http/curl_client.h"
#include "http/testing/raw_server.h"
#include "http/testing/test_server.h"

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::HttpMethod;
using ports::OutgoingRequest;
using testing::RawServer;
using testing::read_request;
using testing::wait_for_close;
using testing::write_all;

const std::string ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

OutgoingRequest request_to(std::string url, Milliseconds idle = Milliseconds(10'000)) {
    OutgoingRequest request;
    request.url = std::move(url);
    request.total_timeout = std::chrono::seconds(10);
    request.idle_timeout = idle;
    return request;
}

std::string pattern(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = char('a' + (i * 11 + i / 509) % 26);
    return text;
}

std::string head_of(std::size_t bytes) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

struct Read {
    std::string body;
    std::optional<ports::FetchFailure> failure;
    std::size_t reads = 0;
};

Read read_all(ports::OpenAnswer& answer, std::size_t buffer_bytes = 262'144) {
    Read all;
    std::vector<char> buffer(buffer_bytes);
    while (true) {
        const auto got = answer.read(buffer);
        if (!got) all.failure = got.error();
        if (!got || *got == 0) return all;
        all.body.append(buffer.data(), *got);
        ++all.reads;
    }
}

TEST(CurlOpen, GivesTheHeadFirstAndTheBodyPieceByPiece) {
    const auto body = pattern(3'000'001);
    const RawServer server([&](int socket, int) {
        while (!read_request(socket).empty()) write_all(socket, head_of(body.size()) + body);
    });
    CurlClient client;
    for (const std::size_t buffer_bytes : {1'000u, 65'536u, 262'144u, 5'000'000u}) {
        const auto answer = client.open(request_to(server.url()));
        ASSERT_TRUE(answer.ok()) << answer.error().detail;
        EXPECT_EQ((*answer)->head().status, 200);
        ASSERT_EQ((*answer)->head().headers.size(), 1U);
        EXPECT_EQ((*answer)->head().headers[0].second, "3000001");
        EXPECT_EQ((*answer)->head().body, "");
        const auto all = read_all(**answer, buffer_bytes);
        EXPECT_FALSE(all.failure);
        EXPECT_TRUE(all.body == body) << buffer_bytes;
        char more = 0;
        EXPECT_EQ((*answer)->read({&more, 1}).value(), 0U) << "the end stays the end";
    }
    EXPECT_EQ(server.connections(), 1) << "what was read to its end keeps its connection";
}

TEST(CurlOpen, ReturnsBeforeTheBodyIsThere) {
    testing::Signal opened;
    const RawServer server([&](int socket, int) {
        read_request(socket);
        write_all(socket, head_of(6) + "one");
        EXPECT_TRUE(opened.wait());
        write_all(socket, "two");
        wait_for_close(socket);
    });
    CurlClient client;
    const auto answer = client.open(request_to(server.url()));
    ASSERT_TRUE(answer.ok());
    opened.raise();
    EXPECT_EQ(read_all(**answer).body, "onetwo");
}

TEST(CurlOpen, ReadsTheBodyOfAnErrorToo) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n<Error>");
        read_request(socket);
        write_all(socket, "HTTP/1.1 204 No Content\r\n\r\n");
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n");
        wait_for_close(socket);
    });
    CurlClient client;
    auto request = request_to(server.url());
    const auto ask = [&] {
        const auto answer = client.open(request);
        if (!answer.ok()) return answer.error().detail;
        const auto all = read_all(**answer);
        return std::to_string((*answer)->head().status) + (all.failure ? " cut " : " ") + all.body;
    };
    EXPECT_EQ(ask(), "404 <Error>");
    EXPECT_EQ(ask(), "204 ");
    request.method = HttpMethod::head;
    EXPECT_EQ(ask(), "200 ");
}

TEST(CurlOpen, TellsTheEndOnlyOfAWholeBody) {
    struct Case {
        const char* what;
        std::string bytes;
        std::string body;
        bool whole;
    };
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::vector<Case> cases{
        {"short", head_of(100) + "half", "half", false},
        {"nothing at all", head_of(100), "", false},
        {"longer than announced", head_of(4) + "halfand more", "half", true},
        {"chunked", chunked + "4\r\nhalf\r\n0\r\n\r\n", "half", true},
        {"chunked with fields after it", chunked + "4\r\nhalf\r\n0\r\nX-After: 1\r\n\r\n", "half", true},
        {"chunked and cut", chunked + "4\r\nhalf\r\n", "half", false},
        {"chunked and cut in a chunk", chunked + "9\r\nhalf", "half", false},
        {"chunked with nonsense", chunked + "4\r\nhalf\r\nzz\r\n", "half", false},
        {"empty", head_of(0), "", true},
        {"ended by closing", "HTTP/1.1 200 OK\r\n\r\nhalf", "half", true},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.what);
        const RawServer server([&](int socket, int) {
            read_request(socket);
            write_all(socket, one.bytes);
        });
        CurlClient client;
        const auto answer = client.open(request_to(server.url()));
        ASSERT_TRUE(answer.ok()) << answer.error().detail;
        EXPECT_EQ((*answer)->head().headers.size() > 1, false) << "fields after the body are not of the head";
        const auto all = read_all(**answer);
        EXPECT_EQ(all.body, one.body);
        EXPECT_EQ(!all.failure, one.whole);
        if (one.whole) continue;
        EXPECT_EQ(all.failure->kind, FetchError::interrupted);
        char more = 0;
        EXPECT_FALSE((*answer)->read({&more, 1}).ok()) << "a failure stays one";
    }
}

TEST(CurlOpen, FailsWithoutAHead) {
    CurlClient client;
    const auto kind_of = [&](const OutgoingRequest& request) {
        const auto answer = client.open(request);
        return answer.ok() ? std::nullopt : std::optional(answer.error().kind);
    };
    const RawServer half_a_head([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Le");
    });
    EXPECT_EQ(kind_of(request_to(half_a_head.url())), FetchError::interrupted);
    std::atomic<int> heard{0};
    const RawServer silent([&](int socket, int) {
        heard += read_request(socket).empty() ? 0 : 1;
        wait_for_close(socket);
    });
    std::optional<FetchError> silence;
    for (const auto patience : testing::patiences) {
        auto impatient = request_to(silent.url());
        impatient.total_timeout = patience;
        silence = kind_of(impatient);
        if (heard > 0) break;
    }
    EXPECT_EQ(silence, FetchError::interrupted);
    EXPECT_EQ(kind_of(request_to("ftp://127.0.0.1/")), FetchError::bad_url);
    auto bad_header = request_to(silent.url());
    bad_header.headers = {{"X", "a\r\nY: b"}};
    EXPECT_EQ(kind_of(bad_header), FetchError::bad_url);
}

TEST(CurlOpen, LosesPatienceWithSilenceButNotWithSlowness) {
    testing::Signal read_once;
    std::atomic<bool> goes_on{false};
    const RawServer server([&](int socket, int) {
        read_request(socket);
        write_all(socket, head_of(6) + "o");
        if (!goes_on) return wait_for_close(socket);
        for (const char c : std::string("nemor")) {
            EXPECT_TRUE(read_once.wait());
            write_all(socket, std::string(1, c));
        }
        wait_for_close(socket);
    });
    CurlClient client;
    // Finer than whole seconds, wherever this thread is not kept from running.
    EXPECT_TRUE(testing::eventually([&] {
        const auto silent = client.open(request_to(server.url(), Milliseconds(60)));
        if (!silent.ok()) return false;  // the head was not there in time either
        const auto begun = std::chrono::steady_clock::now();
        const auto all = read_all(**silent);
        const auto took = std::chrono::steady_clock::now() - begun;
        EXPECT_EQ(all.body, "o");
        EXPECT_TRUE(all.failure && all.failure->kind == FetchError::interrupted);
        EXPECT_GE(took, Milliseconds(55));
        return took < Milliseconds(900);
    }));
    goes_on = true;
    read_once.raise();
    const auto slow = client.open(request_to(server.url(), Milliseconds(10'000)));
    ASSERT_TRUE(slow.ok());
    EXPECT_EQ(read_all(**slow).body, "onemor");
}

TEST(CurlOpen, TimeBetweenReadsDoesNotCount) {
    const RawServer silent([](int socket, int) { wait_for_close(socket); });
    CurlClient client;
    Read all;
    for (const auto patience : testing::patiences) {
        testing::Signal go_on;
        const RawServer server([&](int socket, int) {
            read_request(socket);
            write_all(socket, head_of(4) + "on");
            EXPECT_TRUE(go_on.wait());
            write_all(socket, "ce");
            wait_for_close(socket);
        });
        auto request = request_to(server.url(), patience);
        request.total_timeout = patience;
        const auto answer = client.open(request);
        // Something else for longer than either limit: a read that fails for want of data.
        EXPECT_FALSE(client.open(request_to(silent.url(), patience * 3 / 2)).ok());
        go_on.raise();
        if (answer.ok()) all = read_all(**answer);
        if (all.body == "once") break;
    }
    EXPECT_FALSE(all.failure) << all.failure->detail;
    EXPECT_EQ(all.body, "once");
}

TEST(CurlOpen, WaitsForEverForNothingEvenWithoutAnIdleTimeout) {
    const RawServer server([&](int socket, int) {
        read_request(socket);
        write_all(socket, head_of(4) + "on");
        wait_for_close(socket);
    });
    CurlClient client;
    std::optional<Read> all;
    for (const auto patience : testing::patiences) {
        auto request = request_to(server.url(), Milliseconds(0));
        request.total_timeout = patience;
        const auto answer = client.open(request);
        if (answer.ok()) all = read_all(**answer);
        if (all) break;
    }
    ASSERT_TRUE(all && all->failure);
    EXPECT_EQ(all->failure->kind, FetchError::interrupted);
}

// Method: a body that never ends, of which the sender counts what it got rid of.
TEST(CurlOpen, ASlowReaderSlowsTheSenderDown) {
    constexpr std::uint64_t body_bytes = 1u << 30;
    std::atomic<std::uint64_t> sent{0};
    testing::Signal left;
    const RawServer server([&](int socket, int) {
        read_request(socket);
        const int small = 65'536;
        ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        write_all(socket, head_of(body_bytes));
        const std::string piece(65'536, 'x');
        while (sent < body_bytes) {
            const auto bytes = ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
            if (bytes <= 0) break;
            sent += std::uint64_t(bytes);
        }
        left.raise();
    });
    CurlClient client;
    {
        const auto answer = client.open(request_to(server.url()));
        ASSERT_TRUE(answer.ok());
        char one = 0;
        for (int i = 0; i < 300'000; ++i) ASSERT_EQ((*answer)->read({&one, 1}).value(), 1U);
        EXPECT_EQ(left.raised(), 0);
        EXPECT_LT(sent.load(), 32u << 20) << "what is not read stays with the sender";
    }
    EXPECT_TRUE(left.wait()) << "an answer that is dropped closes its connection";
}

TEST(CurlOpen, ManyAreOpenAtOnceAndTheirConnectionsAreUsedAgain) {
    constexpr int count = 64;
    const auto body = pattern(200'000);
    const RawServer server([&](int socket, int) {
        while (!read_request(socket).empty()) write_all(socket, head_of(body.size()) + body);
    });
    CurlClient client;
    std::atomic<int> whole{0};
    for (int round = 0; round < 2; ++round) {
        std::vector<std::unique_ptr<ports::OpenAnswer>> answers;
        answers.reserve(count);
        for (int i = 0; i < count; ++i) {
            auto answer = client.open(request_to(server.url()));
            ASSERT_TRUE(answer.ok()) << answer.error().detail;
            answers.push_back(std::move(*answer));
        }
        std::vector<std::thread> readers;
        readers.reserve(answers.size());
        for (auto& answer : answers)
            readers.emplace_back([&] { whole += read_all(*answer).body == body ? 1 : 0; });
        for (auto& reader : readers) reader.join();
    }
    EXPECT_EQ(whole, 2 * count);
    EXPECT_LT(server.connections(), 2 * count) << "some were warm";
}

TEST(CurlOpen, SmallRequestsShareWarmConnectionsWithFetch) {
    const RawServer server([](int socket, int) {
        while (!read_request(socket).empty()) write_all(socket, ok_answer);
    });
    const RawServer other([](int socket, int) {
        while (!read_request(socket).empty()) write_all(socket, ok_answer);
    });
    CurlClient client;
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(client.fetch(request_to(server.url())).ok());
        ASSERT_TRUE(client.fetch(request_to(other.url())).ok());
        const auto answer = client.open(request_to(server.url()));
        ASSERT_TRUE(answer.ok());
        char exactly[2];
        ASSERT_EQ((*answer)->read(exactly).value(), 2U);  // and the end is not asked for
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(other.connections(), 1);
}

TEST(CurlOpen, AnAnswerOutlivesItsClient) {
    const RawServer server([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer);
    });
    std::unique_ptr<ports::OpenAnswer> answer;
    {
        CurlClient client;
        answer = client.open(request_to(server.url())).value();
    }
    EXPECT_EQ(read_all(*answer).body, "ok");
}

TEST(CurlOpen, SendsABodyAndNeverRepeatsAPost) {
    std::atomic<int> posts{0};
    const RawServer server([&](int socket, int number) {
        if (number > 1) return wait_for_close(socket);
        read_request(socket);
        write_all(socket, ok_answer);
        const auto request = read_request(socket);
        if (request.find("\r\n\r\nsubmit") != std::string::npos) ++posts;  // and hang up without a word
    });
    CurlClient client;
    auto request = request_to(server.url());
    request.method = HttpMethod::post;
    request.body = "first";
    {
        const auto answer = client.open(request);
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(read_all(**answer).body, "ok");
    }
    request.body = "submit";
    const auto lost = client.open(request);
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().kind, FetchError::interrupted);
    EXPECT_EQ(posts, 1);
}

}  // namespace
}  // namespace darkroom::http
