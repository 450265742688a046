// Servers of input URLs at their best and at their worst: what is delivered, and what ends at a limit
// instead.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <string>

#include "intake/intake.h"
#include "tests/integration/url_fetch_fixture.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/picture_headers.h"
#include "tests/support/upload_memory.h"

namespace darkroom::testing {
namespace {

using http::testing::read_request;
using http::testing::wait_for_close;
using http::testing::write_all;

constexpr auto broke_off = "later: The server of the URL broke off, or did not answer in time.";

/// True if the other side closes within `wait`.
bool closes(int socket, Milliseconds wait) {
    pollfd watched{socket, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(wait.count())) != 0;
}

/// Sends `piece` again and again; how much went out until the other side had enough.
std::uint64_t send_without_end(int socket, const std::string& piece, std::uint64_t bytes_max) {
    std::uint64_t sent = 0;
    while (sent < bytes_max && !closes(socket, Milliseconds(0))) {
        write_all(socket, piece);
        sent += piece.size();
    }
    return sent;
}

class InputUrlAnswer : public UrlFetchFixture {};

TEST_F(InputUrlAnswer, IsDeliveredAsItIs) {
    const auto picture = png_header(64, 48, 300'000);
    Note request;
    const RawServer site([&](int socket, int) {
        request.set(read_request(socket));
        write_all(socket, ok_answer(picture));
    });
    EXPECT_EQ(fetch(allow("images.example", site) + "/a%20b.png?sig=a%2Fb&v=1"), picture);
    EXPECT_EQ(target_of(request.text()), "/a%20b.png?sig=a%2Fb&v=1");
    EXPECT_NE(request.text().find("Host: images.example:" + std::to_string(site.port())), std::string::npos);
    EXPECT_NE(request.text().find("Accept-Encoding: identity\r\n"), std::string::npos);
    EXPECT_EQ(request.text().find("Authorization"), std::string::npos);
    EXPECT_EQ(request.text().find("Cookie"), std::string::npos);
    EXPECT_TRUE(nothing_left());
}

TEST_F(InputUrlAnswer, BecomesAnUpload) {
    const auto picture = png_header(64, 48, 10'000);
    const RawServer site([&](int socket, int) {
        write_all(socket, target_of(read_request(socket)) == "/shoe.png" ? ok_answer(picture)
                                                                         : redirect_answer("/shoe.png"));
    });
    const auto url = allow("images.example", site) + "/latest";
    UploadMemory store;
    MemoryObjectStore objects;
    intake::IntakeSettings settings;
    settings.spool_dir = folder_.path();
    settings.url_rules = limits_.rules;
    intake::Intake intake(store, objects, client_, resolver_, clock_, random_, settings);
    const auto user = *UserId::parse("ann");
    const auto upload = intake.fetch(user, url, "shoe.png");
    ASSERT_TRUE(upload);
    EXPECT_EQ(upload->image->sha256, to_hex(sha256(picture)));
    EXPECT_EQ(upload->image->width, 64u);
    EXPECT_TRUE(objects.holds(upload->image->key));
    EXPECT_TRUE(nothing_left());
}

TEST_F(InputUrlAnswer, ComesByARedirectBetweenTwoAllowedHosts) {
    Note location;
    const RawServer first([&](int socket, int) {
        read_request(socket);
        write_all(socket, redirect_answer(location.text()));
    });
    Note request;
    const RawServer second([&](int socket, int) {
        request.set(read_request(socket));
        write_all(socket, ok_answer("picture"));
    });
    const auto from = allow("images.example", first);
    const auto to = allow("cdn.example", second);
    location.set(to + "/y.png?sig=1");
    EXPECT_EQ(fetch(from + "/x.png"), "picture");
    EXPECT_EQ(target_of(request.text()), "/y.png?sig=1");
    EXPECT_NE(request.text().find("Host: cdn.example:"), std::string::npos);
    EXPECT_EQ(request.text().find("Referer"), std::string::npos);
    limits_.rules.hosts.pop_back();  // the same without the second being allowed
    EXPECT_EQ(fetch(from + "/x.png").substr(0, 9), "refused: ");
    EXPECT_EQ(second.connections(), 1);
}

TEST_F(InputUrlAnswer, ComesFromTheSecondAddressWhereTheFirstIsDead) {
    const RawServer site([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer("picture"));
    });
    EXPECT_EQ(fetch(allow("images.example", site, {"127.0.0.9", "127.0.0.1"}) + "/"), "picture");
    EXPECT_EQ(fetch(allow("six.example", site, {"::1", "127.0.0.1"}) + "/"), "picture");
    EXPECT_EQ(fetch(allow("dead.example", site, {"127.0.0.9", "127.0.0.8"}) + "/"),
              "later: The server of the URL could not be reached.");
}

TEST_F(InputUrlAnswer, OfALiteralAddressInAnAllowedNetworkIsDelivered) {
    const RawServer site([](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer("picture"));
    });
    EXPECT_EQ(fetch(site.url()).substr(0, 9), "refused: ");
    EXPECT_EQ(site.connections(), 0);
    limits_.rules = *core::parse_input_url_allow("127.0.0.0/8");
    EXPECT_EQ(fetch(site.url()), "picture");
}

// Z-111.
TEST_F(InputUrlAnswer, WithoutEndStopsAtTheLimit) {
    constexpr std::uint64_t much = 64u << 20;
    limits_.bytes_max = 1u << 20;
    for (const auto* const path : {"/chunked", "/until-closed"}) {
        std::atomic<std::uint64_t> sent{0};
        {
            const RawServer site([&](int socket, int) {
                const bool chunked = target_of(read_request(socket)) == "/chunked";
                const std::string piece(16'384, 'x');
                write_all(socket, chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                          : "HTTP/1.1 200 OK\r\n\r\n");
                sent = send_without_end(socket, chunked ? "4000\r\n" + piece + "\r\n" : piece, much);
            });
            EXPECT_EQ(fetch(allow("images.example", site) + path),
                      "failed: The file at the URL is larger than 1048576 bytes.");
        }
        EXPECT_GT(sent, limits_.bytes_max);
        EXPECT_LT(sent, much);
        EXPECT_TRUE(nothing_left());
    }
}

TEST_F(InputUrlAnswer, TooLongByItsOwnWordIsNotTakenAtAll) {
    const RawServer site([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\nx");
        wait_for_close(socket);
    });
    limits_.bytes_max = 1u << 20;
    EXPECT_EQ(fetch(allow("images.example", site) + "/"),
              "failed: The file at the URL is larger than 1048576 bytes.");
}

// Z-112: a bomb is not defused but not unpacked in the first place.
TEST_F(InputUrlAnswer, ThatIsCompressedIsRefused) {
    Note headers;
    const RawServer site([&](int socket, int) {
        read_request(socket);
        write_all(socket, ok_answer("\x1f\x8b\x08 bomb", headers.text()));
    });
    const auto url = allow("images.example", site) + "/";
    for (const auto* const header : {"Content-Encoding: gzip\r\n", "content-encoding: deflate\r\n",
                                     "Content-Encoding: br\r\n", "Content-Encoding: gzip, gzip\r\n"}) {
        headers.set(header);
        EXPECT_EQ(fetch(url),
                  "failed: The server of the URL sent the picture compressed, although it was asked not to.")
            << header;
        EXPECT_TRUE(nothing_left());
    }
}

TEST_F(InputUrlAnswer, ShorterThanPromisedIsNotTakenForWhole) {
    const RawServer site([](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    EXPECT_EQ(fetch(allow("images.example", site) + "/"), broke_off);
    EXPECT_TRUE(nothing_left());
}

TEST_F(InputUrlAnswer, ThatIdlesEndsAtTheIdleTime) {
    const RawServer site([](int socket, int) {
        const auto target = target_of(read_request(socket));
        if (target == "/body") write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        wait_for_close(socket);
    });
    limits_.idle_time_max = Milliseconds(200);
    limits_.time_max = Milliseconds(60'000);
    const auto begin = allow("images.example", site);
    EXPECT_EQ(fetch(begin + "/body"), broke_off);
    EXPECT_EQ(fetch(begin + "/head"), broke_off);
    EXPECT_TRUE(nothing_left());
}

TEST_F(InputUrlAnswer, ThatDripsEndsWhenItsTimeIsOver) {
    std::atomic<int> drops{0};
    const RawServer site([&](int socket, int) {
        read_request(socket);
        write_all(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (!closes(socket, Milliseconds(20))) {
            write_all(socket, "x");
            ++drops;
        }
    });
    limits_.time_max = Milliseconds(1'500);
    const auto began = clock_.monotonic();
    const auto result = fetch(allow("images.example", site) + "/");
    EXPECT_EQ(result.substr(0, 7), "later: ") << result;
    EXPECT_LT(clock_.monotonic() - began, std::chrono::seconds(60)) << "all of it takes half an hour";
    EXPECT_GT(drops, 1);
    EXPECT_TRUE(nothing_left());
}

TEST_F(InputUrlAnswer, WithHeadersWithoutEndIsNotHeldInMemory) {
    constexpr std::uint64_t much = 32u << 20;
    std::atomic<std::uint64_t> sent{0};
    limits_.time_max = Milliseconds(5'000);
    {
        const RawServer site([&](int socket, int) {
            read_request(socket);
            write_all(socket, "HTTP/1.1 200 OK\r\n");
            sent = send_without_end(socket, "X-Filler: " + std::string(4'000, 'x') + "\r\n", much);
        });
        EXPECT_EQ(fetch(allow("images.example", site) + "/"), broke_off);
    }
    EXPECT_GT(sent, 0u);
    EXPECT_LT(sent, much);
}

TEST_F(InputUrlAnswer, ThatIsNoHttpIsAFailure) {
    Note bytes;
    const RawServer site([&](int socket, int) {
        read_request(socket);
        write_all(socket, bytes.text());
    });
    const auto url = allow("images.example", site) + "/";
    for (const auto& garbage : {std::string(), std::string("\0\1\2\3", 4), std::string("220 ready\r\n"),
                                std::string("HTTP/1.1 200"), std::string("HTTP/1.1 999999 x\r\n\r\n"),
                                std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")}) {
        bytes.set(garbage);
        const auto result = fetch(url);
        EXPECT_TRUE(result.substr(0, 7) == "later: " || result.substr(0, 8) == "failed: ") << result;
        EXPECT_TRUE(nothing_left());
    }
}

}  // namespace
}  // namespace darkroom::testing
